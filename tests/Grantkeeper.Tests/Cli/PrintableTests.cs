using Grantkeeper.Cli;
using Grantkeeper.Client.Contracts;

namespace Grantkeeper.Tests.Cli;

/// <summary>Text of strangers does nothing to a terminal.</summary>
[Trait("category", "security")]
public sealed class PrintableTests
{
    [Theory]
    [InlineData("Ann Archer", "Ann Archer"), InlineData("日本語 é 🙂", "日本語 é 🙂"), InlineData("", ""), InlineData(null, "-")]
    public void Ordinary_text_stays_as_it_is(string? text, string shown) => Printable.Of(text).ShouldBe(shown);

    [Theory]
    [InlineData("\u001b[2J\u001b[31mred", @"\u{1b}[2J\u{1b}[31mred"), InlineData("\u009b31m", @"\u{9b}31m"), InlineData("a\r\nb\tc\u0007", @"a\u{d}\u{a}b\u{9}c\u{7}"), InlineData("\u007f", @"\u{7f}")]
    [InlineData("invoice\u202egpj.exe", @"invoice\u{202e}gpj.exe"), InlineData("a\u2066b\u200bc\u2028d\ufeff", @"a\u{2066}b\u{200b}c\u{2028}d\u{feff}"), InlineData("\udb40\udc41", @"\u{e0041}"), InlineData("\ue000", @"\u{e000}")]
    public void What_could_act_or_hide_is_shown(string text, string shown) => Printable.Of(text).ShouldBe(shown);

    [Fact]
    public void Nothing_of_a_finding_acts_on_the_terminal()
    {
        using var written = new StringWriter();
        var environment = new ToolEnvironment { Out = written, Error = TextWriter.Null, TerminalWidth = null, Color = false, Settings = () => throw new NotSupportedException(), Folder = "/" };
        const string evil = "\u001b]0;x\u0007";
        new Output(environment, json: false).Findings([new DiagnosticFinding(evil, evil, evil, evil, evil, evil, new Dictionary<string, object?>())]);
        written.ToString().ShouldNotContain("\u001b");
        written.ToString().ShouldContain(@"\u{1b}");
    }

    [Fact]
    public void Half_a_character_is_replaced() => Printable.Of("a\ud800b").ShouldBe("a\ufffdb");
}
