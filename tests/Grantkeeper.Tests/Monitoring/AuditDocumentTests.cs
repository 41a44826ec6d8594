using System.Text.RegularExpressions;
using Grantkeeper.Audit;
using Grantkeeper.Monitoring;

namespace Grantkeeper.Tests.Monitoring;

/// <summary>docs/audit.md names every action, and no other; people read a sentence for each.</summary>
[Trait("category", "documentation")]
public sealed partial class AuditDocumentTests
{
    [Fact]
    public void The_document_names_every_action_and_no_other()
    {
        var table = File.ReadAllText(Path.Combine(SourceTree.Root, "docs", "audit.md")).Split("## Actions")[1];
        Word().Matches(table).Select(match => match.Groups[1].Value).ShouldBe(AuditReader.Actions.Keys, ignoreOrder: true);
    }

    [Fact]
    public void Every_action_has_a_sentence()
    {
        foreach (var word in AuditReader.Actions.Keys)
            TimelineWords.OfAction(word, null, true).ShouldEndWith(".", customMessage: word);
    }

    [GeneratedRegex("`([a-z_]+)`")]
    private static partial Regex Word();
}
