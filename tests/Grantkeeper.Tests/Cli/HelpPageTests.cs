using System.CommandLine;
using System.Text;
using Grantkeeper.Cli;
using Grantkeeper.Tests.Documentation;

namespace Grantkeeper.Tests.Cli;

/// <summary>docs/cli.md holds what <c>--help</c> says of every verb, and the exit codes; UPDATE_DOCS=1 writes them.</summary>
[Trait("category", "documentation")]
public sealed class HelpPageTests
{
    [Fact]
    public async Task The_page_holds_every_verbs_help()
    {
        var text = new StringBuilder();
        foreach (var path in Verbs(Tool.Root(Nothing()), []))
        {
            var run = await ToolRun.Of([.. path, "--help"]);
            (run.Code, run.Error).ShouldBe((0, ""), string.Join(' ', path));
            var lines = run.Out.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n').Select(line => line.TrimEnd());
            text.Append($"### `grantkeeper {string.Join(' ', path)}`\n\n```\n{string.Join('\n', lines)}\n```\n\n");
        }

        GeneratedText.CompareSection("docs/cli.md", "verbs", text.ToString());
    }

    [Fact]
    public void The_page_holds_every_exit_code()
    {
        var text = new StringBuilder("| code | meaning |\n| --- | --- |\n");
        foreach (var (code, meaning) in ExitCodes.All)
            text.Append($"| {code} | {meaning} |\n");
        GeneratedText.CompareSection("docs/cli.md", "exit codes", text.ToString());
    }

    [Fact]
    public async Task Help_lists_every_exit_code()
    {
        var help = (await ToolRun.Of("--help")).Out.ReplaceLineEndings(" ").Replace("  ", " ", StringComparison.Ordinal);
        foreach (var (code, meaning) in ExitCodes.All)
            System.Text.RegularExpressions.Regex.Replace(help, @"\s+", " ").ShouldContain($"{code} {meaning}");
    }

    [Fact]
    public async Task The_version_is_the_products()
    {
        var run = await ToolRun.Of("--version");
        (run.Code, run.Out.StartsWith(typeof(Tool).Assembly.GetName().Version!.ToString(3), StringComparison.Ordinal)).ShouldBe((0, true), run.Out);
    }

    private static IEnumerable<string[]> Verbs(Command command, string[] path)
    {
        if (command.Subcommands.Count == 0)
            return [path];
        return command.Subcommands.SelectMany(verb => Verbs(verb, [.. path, verb.Name]));
    }

    private static ToolEnvironment Nothing() => new() { Out = TextWriter.Null, Error = TextWriter.Null, TerminalWidth = null, Color = false, Settings = () => throw new InvalidOperationException(), Folder = "/" };
}
