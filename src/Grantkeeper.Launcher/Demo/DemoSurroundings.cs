using Grantkeeper.Launcher.Processes;

namespace Grantkeeper.Launcher.Demo;

/// <summary>What all processes of the demo share: folder, clock, requests, and the way in which they are started.</summary>
internal sealed class DemoSurroundings(LaunchSettings settings, bool verbose) : IDisposable
{
    /// <summary>The demo's own folder; it holds its database, its nodes' data and its logs.</summary>
    public string Folder { get; } = Path.Combine(settings.DataPath, "demo");

    public LoopbackHttp Http { get; } = new(settings.Time);

    public TimeProvider Time => settings.Time;

    public TimeSpan Patience => settings.Patience;

    /// <summary>How long an answer may take. Grantkeeper itself lets a reader wait ten seconds for a refresh.</summary>
    public static TimeSpan LongestRead { get; } = TimeSpan.FromSeconds(60);

    /// <summary>Starts a process that sees nothing of the person's own settings: the demo must not reach a database of theirs. One variable tells whose it is.</summary>
    public Child Start(string name, IReadOnlyList<string> command, IReadOnlyDictionary<string, string> variables) => Child.Start(
        name,
        command,
        new Dictionary<string, string>(variables) { ["GRANTKEEPER_DEMO"] = Folder },
        Path.Combine(Folder, "log", name.Replace(' ', '-') + ".log"),
        verbose ? settings.Terminal.Relay : null,
        settings.Time,
        bare: true,
        append: true);

    public void Dispose() => Http.Dispose();
}
