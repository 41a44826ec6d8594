using System.Text.RegularExpressions;

namespace Grantkeeper.Tests.Conventions;

/// <summary>What has expired is judged in one place and by one clock: no reader has a second opinion.</summary>
[Trait("category", "conventions")]
public sealed partial class OneExpiryTests
{
    private const string Definition = "Grantkeeper/Integrations/Expiry.cs";

    /// <summary>Ends that are other things than the end of a token or a consent, or another question about one.</summary>
    private static readonly Dictionary<string, string> OtherEnds = new()
    {
        ["Grantkeeper/Identity/SignInLinks.cs"] = "a sign-in link",
        ["Grantkeeper/Identity/ApiKeys.cs"] = "an API key",
        ["Grantkeeper/Administration/AdministrationEndpoints.cs"] = "an API key",
        ["Grantkeeper/Connect/ConnectSession.cs"] = "a connect session",
        ["Grantkeeper/Connect/ConnectSessions.cs"] = "a connect session",
        ["Grantkeeper/Connect/ConnectFlow.cs"] = "a connect flow",
        ["Grantkeeper/Connect/ConnectEndpoints.cs"] = "a connect flow",
        ["Grantkeeper/Connect/FlowStore.cs"] = "a connect flow",
        ["Grantkeeper/Monitoring/Cleanup.cs"] = "how long after an end a row stays",
        ["Grantkeeper/Consents/ConsentReader.cs"] = "which consents end soon",
    };

    private static IEnumerable<(string Path, string[] Lines)> Sources => SourceTree.Files(Path.Combine(SourceTree.Root, "src"))
        .Where(file => file.Path.StartsWith("Grantkeeper/", StringComparison.Ordinal) || file.Path.StartsWith("Grantkeeper.Dashboard/", StringComparison.Ordinal));

    [Fact]
    public void Nobody_else_compares_an_end_with_now() => Sources.Where(file => file.Path != Definition && file.Lines.Any(line => Comparison().IsMatch(line)))
        .Select(file => file.Path).ShouldBe(OtherEnds.Keys, ignoreOrder: true);

    [Fact]
    public void Who_judges_a_grant_reads_the_databases_clock() => Sources.Where(file => file.Lines.Any(line => Judgement().IsMatch(line)) && file.Lines.Any(line => line.Contains("TimeProvider time", StringComparison.Ordinal)))
        .Select(file => file.Path).ShouldBeEmpty("take SharedTime instead: a node's own clock may stand anywhere");

    [Theory]
    [InlineData("WHERE t.expires_at <= now()", true), InlineData("if (row.ExpiresAt > now)", true), InlineData("token.ExpiresAt <= time.GetUtcNow()", true), InlineData("consent_expires_at > now()", true)]
    [InlineData("expires_at = now()", false), InlineData("integration.ExpiresAt is null", false), InlineData("ORDER BY t.expires_at", false)]
    public void The_scan_sees_what_it_should(string line, bool isSeen) => Comparison().IsMatch(line).ShouldBe(isSeen);

    [GeneratedRegex(@"(expires_at|ExpiresAt)\s*(<|<=|>|>=)\s*(now\b|clock_timestamp|time\.GetUtcNow)")]
    private static partial Regex Comparison();

    [GeneratedRegex(@"\b(IsConnectedAt|IsConsentOverAt|Integration\.StatusAt|integration\.StatusAt|Expiry\.IsPast|IntegrationEndpoints\.(EntryOf|StatusOf|AccountsOf))\(")]
    private static partial Regex Judgement();
}
