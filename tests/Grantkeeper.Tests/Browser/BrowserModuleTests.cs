using System.Diagnostics;
using System.IO.Compression;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Grantkeeper.Tests.Browser;

/// <summary>The browser module as a file: small, without dependencies, packable. What it does is tested in a browser.</summary>
[Trait("category", "pages")]
public sealed class BrowserModuleTests
{
    private static readonly string Folder = Path.Combine(SourceTree.Root, "src", "Grantkeeper.Browser");

    private static string Source => File.ReadAllText(Path.Combine(Folder, "grantkeeper.js"));

    [Fact]
    public void It_is_at_most_five_kilobytes_compressed()
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
            gzip.Write(File.ReadAllBytes(Path.Combine(Folder, "grantkeeper.js")));
        packed.Length.ShouldBeLessThanOrEqualTo(5 * 1024);
    }

    [Fact]
    public void It_needs_nobody_and_runs_under_a_strict_policy()
    {
        Regex.IsMatch(Source, @"^\s*import\b|\bimport\s*\(|\brequire\s*\(", RegexOptions.Multiline).ShouldBeFalse("no dependency");
        Regex.IsMatch(Source, @"\beval\s*\(|new Function|innerHTML|outerHTML|document\.write|insertAdjacentHTML|setTimeout\(\s*['""]").ShouldBeFalse("nothing that a strict policy forbids");
        Source.ShouldContain("credentials: 'omit'");
        Source.ShouldNotContain("postMessage(change, '*')");
        Source.ShouldNotContain("localStorage");
    }

    [Fact]
    public void Every_export_and_every_member_has_a_type()
    {
        var types = File.ReadAllText(Path.Combine(Folder, "grantkeeper.d.ts"));
        foreach (Match exported in Regex.Matches(Source, @"^export (?:async )?(?:function|class|const) (\w+)", RegexOptions.Multiline))
            types.ShouldContain(exported.Groups[1].Value);
        foreach (var member in new[] { "connect", "resume", "providers", "status", "accounts", "features", "unlock", "disconnect", "onChange", "close" })
        {
            Regex.IsMatch(types, $@"^  {member}\(", RegexOptions.Multiline).ShouldBeTrue(member);
            Regex.IsMatch(Source, $@"^    (async )?{member}\b", RegexOptions.Multiline).ShouldBeTrue(member);
        }

        foreach (Match status in Regex.Matches(Source, @"status: '(\w+)'"))
            types.ShouldContain($"'{status.Groups[1].Value}'");
    }

    [Fact]
    public async Task It_is_packed_with_its_types_and_nothing_else()
    {
        var start = new ProcessStartInfo("npm", ["pack", "--dry-run", "--json", "--ignore-scripts", "--offline"])
        {
            WorkingDirectory = Folder, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using var npm = Process.Start(start)!;
        var errors = npm.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await npm.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await npm.WaitForExitAsync(TestContext.Current.CancellationToken);
        npm.ExitCode.ShouldBe(0, await errors);
        var files = JsonNode.Parse(output)![0]!["files"]!.AsArray().Select(file => (string)file!["path"]!);
        files.ShouldBe(["README.md", "grantkeeper.d.ts", "grantkeeper.js", "package.json"], ignoreOrder: true);
    }
}
