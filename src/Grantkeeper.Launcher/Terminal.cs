using System.Globalization;

namespace Grantkeeper.Launcher;

/// <summary>Everything that the launcher says to the person in front of it.</summary>
/// <param name="output">Where it is said.</param>
/// <param name="colored">True on a terminal that shows colors.</param>
internal sealed class Terminal(TextWriter output, bool colored)
{
    private readonly Lock _gate = new();

    /// <summary>The process's own terminal; colors only where they show and nobody has switched them off.</summary>
    public static Terminal OfProcess(Func<string, string?> variable) =>
        new(Console.Out, WantsColor(Console.IsOutputRedirected, variable));

    /// <summary>A step that is done, with the time that it took.</summary>
    public void Step(string what, TimeSpan took) =>
        Write($"{Paint("2", took.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture).PadLeft(6) + " s")}  {what}");

    /// <summary>A plain line.</summary>
    public void Say(string line) => Write(line);

    /// <summary>The line that matters most.</summary>
    public void Highlight(string line) => Write(Paint("1", line));

    /// <summary>A failure: cause and remedy.</summary>
    public void Trouble(string sentences) => Write(Paint("31", sentences));

    /// <summary>A line that a child process printed.</summary>
    public void Relay(string child, string line) => Write($"{Paint("2", child + " |")} {line}");

    internal static bool WantsColor(bool redirected, Func<string, string?> variable) =>
        !redirected && string.IsNullOrEmpty(variable("NO_COLOR")) && variable("TERM") != "dumb";

    private string Paint(string style, string text) => colored ? $"\u001b[{style}m{text}\u001b[0m" : text;

    private void Write(string line)
    {
        lock (_gate)
        {
            output.WriteLine(line);
            output.Flush();
        }
    }
}
