using System.Text.RegularExpressions;

namespace Grantkeeper.Tests.Conventions;

/// <summary>A slice may use slices of lower places only; the list is the whole rule.</summary>
[Trait("category", "conventions")]
public sealed partial class SliceOrderTests
{
    private static readonly string[] Order =
    [
        "Errors", "Encryption", "OAuth", "Egress", "Storage", "Jwt", "Failpoints", "Settings", "Texts", "Spool",
        "Audit", "Outbox", "Identity", "Providers",
        "Resilience", "Http", "RedirectUris", "Links", "Integrations",
        "Consents", "Tokens",
        "Connect", "Events", "Monitoring", "Resources", "Lifecycle", "Onboarding", "Privacy", "Administration", "Diagnostics", "Registry",
        "Startup",
    ];

    [Fact]
    public void Every_folder_has_its_place() =>
        Directory.GetDirectories(SourceTree.Library).Select(Path.GetFileName).Where(name => name is not ("bin" or "obj"))
            .ShouldBe(Order, ignoreOrder: true);

    [Fact]
    public void No_slice_uses_one_of_its_own_place_or_above() => Faults(SourceTree.Files(SourceTree.Library)).ShouldBeEmpty();

    [Theory]
    [InlineData("Errors/X.cs", "using Grantkeeper.Storage;", true), InlineData("Tokens/X.cs", "using Grantkeeper.Connect;", true), InlineData("Monitoring/X.cs", "var x = Administration.Y.Z;", true)]
    [InlineData("Tokens/X.cs", "var x = new Grantkeeper.Connect.ConnectFlow();", true), InlineData("Audit/X.cs", "    private readonly Identity.Caller _caller;", true), InlineData("Links/X.cs", "using static Grantkeeper.Integrations.Reasons;", true)]
    [InlineData("Connect/X.cs", "using Grantkeeper.Tokens;", false), InlineData("Tokens/X.cs", "/// <see cref=\"Connect.ConnectFlow\"/>", false), InlineData("Tokens/X.cs", "row.Tokens.Epoch", false), InlineData("Tokens/X.cs", "// using Grantkeeper.Connect;", false)]
    [InlineData("X.cs", "using Grantkeeper.Startup;", false), InlineData("Errors/X.cs", "ErrorCatalogue.Connect.StateUsed", false), InlineData("Http/X.cs", "using Grantkeeper.Client.Contracts;", false)]
    public void The_scan_sees_what_it_should(string path, string line, bool isFault) => (Faults([(path, [line])]).Count > 0).ShouldBe(isFault);

    private static List<string> Faults(IEnumerable<(string Path, string[] Lines)> files)
    {
        var faults = new List<string>();
        foreach (var (path, lines) in files)
        {
            // Files at the root mount and register everything.
            if (!path.Contains('/', StringComparison.Ordinal))
                continue;
            var slice = path.Split('/')[0];
            var place = Array.IndexOf(Order, slice);
            for (var number = 1; number <= lines.Length; number++)
            {
                var code = lines[number - 1].Split("//")[0];
                foreach (var used in Mention().Matches(code).Select(match => match.Groups["slice"].Value).Where(name => name != slice && Array.IndexOf(Order, name) > place))
                    faults.Add($"src/Grantkeeper/{path}:{number} uses {used}, which stands above {slice}");
            }
        }

        return faults;
    }

    [GeneratedRegex(@"(?:\bGrantkeeper\.|(?<![\w.""])(?=[A-Z]\w+\.[A-Z]))(?<slice>[A-Z]\w+)")]
    private static partial Regex Mention();
}
