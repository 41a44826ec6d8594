using System.Text.Json.Nodes;
using Grantkeeper.Providers;
using Grantkeeper.Settings;
using Grantkeeper.Tests.Settings;

namespace Grantkeeper.Tests.Providers;

/// <summary>Manifests as texts, and what reading them gives.</summary>
internal static class SomeManifest
{
    public const string Good = """
        schema_version: 1
        key: acme
        display_name: Acme
        verification: documented
        authorization_endpoint: https://acme.example.com/authorize
        token_endpoint: https://acme.example.com/token
        userinfo_endpoint: https://acme.example.com/me
        account: { source: userinfo }
        """;

    public static ProviderManifest? Read(string yaml, List<string> faults, bool loopbackHttp = false, params (string Name, string Value)[] variables) =>
        ManifestTree.Parse(yaml, "acme.yaml", faults) is { } tree
            ? ManifestReader.Read(tree, "acme.yaml", variables.ToDictionary(variable => variable.Name, variable => variable.Value), loopbackHttp, faults)
            : null;

    public static ProviderManifest Read(string yaml, params (string Name, string Value)[] variables)
    {
        var faults = new List<string>();
        var manifest = Read(yaml, faults, false, variables);
        faults.ShouldBeEmpty();
        return manifest.ShouldNotBeNull();
    }

    public static List<string> Faults(string yaml, params (string Name, string Value)[] variables)
    {
        var faults = new List<string>();
        Read(yaml, faults, false, variables).ShouldBeNull();
        return faults;
    }

    /// <summary>The catalogue of a deployment with these files in its folder and these settings.</summary>
    public static ProviderCatalogue? Catalogue(List<string> faults, IEnumerable<(string File, string Yaml)> files, params (string Name, string? Value)[] settings) =>
        Catalogue(faults, files, [], settings);

    /// <summary>The same with an application's own classes.</summary>
    public static ProviderCatalogue? Catalogue(List<string> faults, IEnumerable<(string File, string Yaml)> files, IReadOnlyList<ProviderHooks> classes, params (string Name, string? Value)[] settings)
    {
        var folder = Directory.CreateTempSubdirectory("manifests");
        try
        {
            foreach (var (file, yaml) in files)
                File.WriteAllText(Path.Combine(folder.FullName, file), yaml);
            var configuration = SomeSettings.Configuration(SomeSettings.With([.. settings, ("GRANTKEEPER_PROVIDERS_PATH", folder.FullName)]));
            var options = OptionsReader.Read(configuration, faults).ShouldNotBeNull(string.Join('\n', faults));
            return ProviderCatalogue.Read(configuration, options, classes, faults);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    public static ProviderCatalogue Catalogue(IEnumerable<(string File, string Yaml)> files, params (string Name, string? Value)[] settings)
    {
        var faults = new List<string>();
        var catalogue = Catalogue(faults, files, settings);
        faults.ShouldBeEmpty();
        return catalogue.ShouldNotBeNull();
    }

    public static JsonObject Schema() => (JsonObject)JsonNode.Parse(File.ReadAllText(Path.Combine(SourceTree.Providers, "provider.schema.json")))!;
}
