using System.Text.RegularExpressions;
using Grantkeeper.Settings;
using YamlDotNet.RepresentationModel;

namespace Grantkeeper.Tests.Container;

/// <summary>The container's files fit the sources. No container engine is needed, so these are no proof that the image works.</summary>
[Trait("category", "deployment")]
public sealed partial class ContainerTests
{
    private static string Text(string path) => File.ReadAllText(Path.Combine(SourceTree.Root, path)).ReplaceLineEndings("\n");

    [Fact]
    public void Every_project_that_the_image_restores_is_copied_before_with_its_lock_file()
    {
        var copied = CopiedProject().Matches(Text("deploy/Dockerfile")).Select(match => match.Groups["name"].Value).ToList();
        copied.ShouldBe(References("Grantkeeper.Cli"), ignoreOrder: true);
        foreach (var name in copied)
        {
            Text("deploy/Dockerfile").ShouldContain($"COPY src/{name}/{name}.csproj src/{name}/packages.lock.json src/{name}/\n");
            File.Exists(Path.Combine(SourceTree.Root, "src", name, "packages.lock.json")).ShouldBeTrue(name);
        }
    }

    [Fact]
    public void What_the_image_copies_is_let_through_and_secrets_are_not()
    {
        var lines = Text(".dockerignore").Split('\n');
        lines.First(line => line.Length > 0 && line[0] != '#').ShouldBe("*");
        foreach (var path in new[] { "src", "providers", "docs/errors", "eng/BannedSymbols.txt", "Directory.Build.props", "Directory.Packages.props", "global.json", ".editorconfig" })
        {
            lines.ShouldContain($"!{path}");
            (File.Exists(Path.Combine(SourceTree.Root, path)) || Directory.Exists(Path.Combine(SourceTree.Root, path))).ShouldBeTrue(path);
        }

        lines.Where(line => line.StartsWith('!')).ShouldNotContain(line => line.Contains("env", StringComparison.Ordinal) || line.Contains("deploy", StringComparison.Ordinal) || line.Contains("grantkeeper", StringComparison.Ordinal));
        Text(".gitignore").Split('\n').ShouldContain("deploy/secrets/");
    }

    [Fact]
    public void The_image_runs_without_privileges_and_probes_itself_without_a_shell()
    {
        var lines = Text("deploy/Dockerfile").Split('\n');
        lines.ShouldContain("USER $APP_UID");
        lines.ShouldContain("ENTRYPOINT [\"/app/Grantkeeper.Cli\"]");
        lines.ShouldContain(line => line.StartsWith("HEALTHCHECK", StringComparison.Ordinal) && line.EndsWith("CMD [\"/app/Grantkeeper.Cli\", \"health\", \"--live\"]", StringComparison.Ordinal));
        lines.Count(line => line.StartsWith("FROM ", StringComparison.Ordinal)).ShouldBe(2);
    }

    [Fact]
    public void The_composition_names_settings_that_exist_and_secrets_that_are_made()
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(Text("deploy/compose.yaml")));
        var root = (YamlMappingNode)yaml.Documents[0].RootNode;
        var services = (YamlMappingNode)root["services"];
        var secrets = Names(root["secrets"]);
        var listed = KnownSettings.All.SelectMany(setting => setting.OtherNames.Prepend(setting.Name)).ToList();
        Names(services["grantkeeper"]["environment"]).Except(listed).ShouldBeEmpty();
        Items(services["grantkeeper"]["secrets"]).Except(listed).ShouldBeEmpty();
        foreach (var (_, service) in services.Children)
            Items(service["secrets"]).Except(secrets).ShouldBeEmpty();
        foreach (var secret in secrets)
        {
            root["secrets"][secret]["file"].ToString().ShouldBe($"./secrets/{secret}");
            Text("deploy/make-secrets.sh").ShouldContain($"keep {secret} ");
        }

        services["grantkeeper"]["read_only"].ToString().ShouldBe("true");
        Items(services["grantkeeper"]["ports"]).ShouldAllBe(port => port.StartsWith("127.0.0.1:", StringComparison.Ordinal));
    }

    [Fact]
    public void The_service_unit_names_settings_that_exist()
    {
        var unit = Text("deploy/grantkeeper.service");
        var named = UnitSetting().Matches(unit).Select(match => match.Groups["name"].Value).ToList();
        named.Count.ShouldBe(5);
        named.Except(KnownSettings.All.Select(setting => setting.Name)).ShouldBeEmpty();
    }

    private static SortedSet<string> References(string project)
    {
        var all = new SortedSet<string>(StringComparer.Ordinal) { project };
        foreach (Match match in ProjectReference().Matches(Text($"src/{project}/{project}.csproj")))
            all.UnionWith(References(match.Groups["name"].Value));
        return all;
    }

    private static List<string> Names(YamlNode node) => [.. ((YamlMappingNode)node).Children.Keys.Select(key => key.ToString())];

    private static List<string> Items(YamlNode node) => [.. ((YamlSequenceNode)node).Select(item => item.ToString())];

    [GeneratedRegex(@"^COPY src/(?<name>[\w.]+)/\k<name>\.csproj ", RegexOptions.Multiline)]
    private static partial Regex CopiedProject();

    [GeneratedRegex(@"ProjectReference Include=""\.\./(?<name>[\w.]+)/")]
    private static partial Regex ProjectReference();

    [GeneratedRegex(@"^(?:LoadCredential|Environment)=(?<name>\w+)[:=]", RegexOptions.Multiline)]
    private static partial Regex UnitSetting();
}
