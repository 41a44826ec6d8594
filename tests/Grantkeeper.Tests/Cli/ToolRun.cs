using Grantkeeper.Cli;
using Grantkeeper.Tests.Settings;

namespace Grantkeeper.Tests.Cli;

/// <summary>The tool in this process: what it wrote, and its exit code.</summary>
internal sealed record ToolRun(int Code, string Out, string Error)
{
    public static Task<ToolRun> Of(params string[] args) => With([], args);

    public static Task<ToolRun> With(Dictionary<string, string?> settings, params string[] args) => OnTerminal(null, settings, args);

    /// <summary>On a terminal of so many columns.</summary>
    public static async Task<ToolRun> OnTerminal(int? width, Dictionary<string, string?> settings, params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await Tool.Run(args, new ToolEnvironment
        {
            Out = output, Error = error, TerminalWidth = width, Color = width is not null, Settings = () => SomeSettings.Configuration(settings), Folder = Path.GetTempPath(),
        });
        return new ToolRun(code, output.ToString(), error.ToString());
    }
}
