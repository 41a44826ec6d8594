using System.Diagnostics;
using System.IO.Compression;
using System.Xml.Linq;
using Grantkeeper.Testing.Peers;

namespace Grantkeeper.IntegrationTests.Client;

/// <summary>What a stranger gets from a feed.</summary>
[Trait("category", "documentation")]
public sealed class PackageTests
{
    [Theory]
    [InlineData("Grantkeeper.Client", new[] { "Microsoft.Extensions." })]
    [InlineData("Grantkeeper", new[] { "Grantkeeper.Client", "Npgsql", "YamlDotNet" })]
    public async Task Package_has_readme_licence_and_description_and_needs_little(string project, string[] allowed)
    {
        var folder = Directory.CreateTempSubdirectory("gk-pack-").FullName;
        try
        {
            var configuration = new DirectoryInfo(AppContext.BaseDirectory).Name;
            var said = await Run("pack", Path.Combine(Checkout.Root, "src", project), "--no-build", "--no-restore", "-c", configuration, "-o", folder);
            using var package = await ZipFile.OpenReadAsync(Directory.GetFiles(folder, "*.nupkg").ShouldHaveSingleItem(said), TestContext.Current.CancellationToken);
            var files = package.Entries.Select(entry => entry.FullName).ToList();
            files.ShouldContain("README.md");
            files.ShouldContain($"lib/net10.0/{project}.dll");
            files.ShouldContain($"lib/net10.0/{project}.xml");
            await using var nuspec = await package.Entries.Single(entry => entry.FullName == $"{project}.nuspec").OpenAsync(TestContext.Current.CancellationToken);
            var metadata = (await XDocument.LoadAsync(nuspec, LoadOptions.None, TestContext.Current.CancellationToken)).Root!.Elements().Single();
            string? Value(string name) => metadata.Elements().SingleOrDefault(element => element.Name.LocalName == name)?.Value;
            Value("license").ShouldBe("MIT");
            Value("readme").ShouldBe("README.md");
            Value("description").ShouldNotBeNull().Length.ShouldBeGreaterThan(60);
            Value("tags").ShouldNotBeNull().ShouldContain("oauth");
            metadata.Descendants().Where(element => element.Name.LocalName == "dependency").Select(element => element.Attribute("id")!.Value)
                .Where(id => !allowed.Any(start => id.StartsWith(start, StringComparison.Ordinal))).ShouldBeEmpty();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<string> Run(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        var said = await output + await errors;
        process.ExitCode.ShouldBe(0, said);
        return said;
    }
}
