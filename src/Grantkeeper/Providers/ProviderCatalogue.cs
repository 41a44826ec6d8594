using System.Collections.Frozen;
using System.Reflection;
using System.Text.Json.Nodes;
using Grantkeeper.Encryption;
using Grantkeeper.OAuth;
using Grantkeeper.Settings;
using Microsoft.Extensions.Configuration;

namespace Grantkeeper.Providers;

/// <summary>
/// All providers of this deployment by key. Keys are folded: case and hyphens do not matter (R36). What callers see is an
/// immutable snapshot; <see cref="Use"/> swaps it as a whole.
/// </summary>
internal sealed class ProviderCatalogue
{
    private const string SandboxKey = "sandbox";
    private readonly FrozenDictionary<string, Provider> _configured;
    private volatile FrozenDictionary<string, Provider> _byKey;

    private ProviderCatalogue(IEnumerable<Provider> providers) =>
        _byKey = _configured = providers.ToFrozenDictionary(provider => provider.Key, StringComparer.Ordinal);

    /// <summary>Every provider, drafts included.</summary>
    public IEnumerable<Provider> All => _byKey.Values.OrderBy(provider => provider.Key, StringComparer.Ordinal);

    /// <summary>Lays stored registrations, by provider key, over what the configuration says. Keys of unknown providers are passed over.</summary>
    public void Use(IReadOnlyDictionary<string, ClientRegistration> stored) => _byKey = _configured.Values
        .Select(provider => stored.TryGetValue(provider.Key, out var client) ? provider.With(client with { RedirectUri = provider.Client.RedirectUri }) : provider)
        .ToFrozenDictionary(provider => provider.Key, StringComparer.Ordinal);

    /// <summary>What is offered: drafts only once the operator has configured them.</summary>
    public IEnumerable<Provider> Offered => _byKey.Values
        .Where(provider => provider.Manifest.Verification != Verification.Draft || provider.IsConfigured)
        .OrderBy(provider => provider.Key, StringComparer.Ordinal);

    public Provider? Find(string key) =>
        key.Length <= 64 ? _byKey.GetValueOrDefault(key.ToLowerInvariant().Replace('-', '_')) : null;

    /// <summary>Reads the built-in manifests, then the operator's folder, then overrides; reports every fault of all of them.</summary>
    public static ProviderCatalogue? Read(IConfiguration configuration, GrantkeeperOptions options, List<string> faults)
    {
        var before = faults.Count;
        var trees = new Dictionary<string, (JsonObject Tree, string Place)>(StringComparer.Ordinal);
        foreach (var (key, tree) in BuiltIn())
            trees[key] = (tree, $"providers/{key}.yaml");
        foreach (var (name, yaml) in Operators(options.ProvidersPath, faults))
        {
            if (ManifestTree.Parse(yaml, name, faults) is { } tree)
                trees[(tree["key"] as JsonValue)?.GetValue<string>() ?? name] = (tree, name);
        }

        var providers = new List<Provider>();
        foreach (var (key, (tree, place)) in trees)
        {
            if (key == SandboxKey && !options.Sandbox)
                continue;
            if (Extend(tree, place, trees, faults) is not { } extended)
                continue;
            var section = configuration.GetSection($"{OptionsReader.Section}:Providers:{key}");
            var overrides = section.GetChildren().Where(child => !IsRegistration(child.Key))
                .Select(child => KeyValuePair.Create(child.Key.ToLowerInvariant(), ManifestTree.FromConfiguration(child)));
            var merged = ManifestTree.Merge(extended, new JsonObject(overrides));
            if ((merged["key"] as JsonValue)?.GetValue<string>() is { } written && written != key)
            {
                faults.Add($"{place}: key must stand in the manifest itself and cannot be overridden");
                continue;
            }

            var variables = Variables(key, section, configuration, merged);
            if (ManifestReader.Read(merged, place, variables, options.AllowsLoopbackHttp, faults) is { } manifest)
                providers.Add(Register(manifest, section, configuration));
        }

        return faults.Count == before ? new ProviderCatalogue(providers) : null;
    }

    private static Provider Register(ProviderManifest manifest, IConfigurationSection section, IConfiguration configuration)
    {
        var prefix = manifest.Key.ToUpperInvariant();
        // Precedence: our own section, the documents' names, their older spelling.
        string? Setting(string name) => Text(section[name.ToLowerInvariant()])
            ?? Text(configuration[$"{prefix}_{name}"]) ?? Text(configuration[$"{prefix}_OAUTH_{name}"]);

        var client = new ClientRegistration(Setting("CLIENT_ID") ?? "", new Secret(Setting("CLIENT_SECRET")), Setting("REDIRECT_URI"));
        var missingClient = new List<string>();
        if (client.ClientId.Length == 0)
            missingClient.Add($"{prefix}_CLIENT_ID");
        if (client.ClientSecret.IsEmpty && manifest.ClientAuthentication != ClientAuthenticationMethod.None)
            missingClient.Add($"{prefix}_CLIENT_SECRET");
        var missing = new List<string>();
        if (manifest.Discovery && manifest.Issuer is null)
            missing.Add($"{OptionsReader.Section}__Providers__{manifest.Key}__issuer");
        missing.AddRange(manifest.UnsetVariables.Select(name => $"{OptionsReader.Section}__Providers__{manifest.Key}__variables__{name}"));
        var origin = client.ClientId.Length > 0 || !client.ClientSecret.IsEmpty ? ClientOrigin.Environment : ClientOrigin.None;
        return new Provider(manifest, client, origin, missingClient, missing);
    }

    /// <summary>Values by name: <c>Grantkeeper:Providers:{key}:variables:{name}</c>, or the environment variable <c>{KEY}_{NAME}</c>.</summary>
    private static Dictionary<string, string> Variables(string key, IConfigurationSection section, IConfiguration configuration, JsonObject tree)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        if (tree["variables"] is not JsonObject declared)
            return values;
        foreach (var (name, _) in declared)
        {
            var value = Text(section[$"variables:{name}"]) ?? Text(configuration[$"{key}_{name}".ToUpperInvariant()]);
            if (value is not null)
                values[name] = value;
        }

        return values;
    }

    private static JsonObject? Extend(JsonObject tree, string place, Dictionary<string, (JsonObject Tree, string Place)> trees, List<string> faults)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while ((tree["extends"] as JsonValue)?.GetValue<string>() is { } parent)
        {
            if (!seen.Add(parent) || !trees.TryGetValue(parent, out var below))
            {
                faults.Add($"{place}: extends names {parent}, which does not exist or extends this manifest in turn");
                return null;
            }

            var own = (JsonObject)tree.DeepClone();
            own.Remove("extends");
            // Another product's scopes and resources are its own, not an addition.
            var under = (JsonObject)below.Tree.DeepClone();
            foreach (var name in new[] { "scopes", "resources" }.Where(own.ContainsKey))
                under.Remove(name);
            tree = ManifestTree.Merge(under, own);
            if (below.Tree["extends"] is null)
                tree.Remove("extends");
        }

        return tree;
    }

    private static bool IsRegistration(string name) =>
        name.ToLowerInvariant() is "client_id" or "client_secret" or "redirect_uri" or "variables";

    /// <summary>
    /// The shipped manifests, as one JSON text: reading two hundred YAML files at each start would take longer than
    /// everything else together. <c>providers/manifests.json</c> is made of them by the tests, which fail when it is not of
    /// the files that lie beside it.
    /// </summary>
    private static IEnumerable<(string Key, JsonObject Tree)> BuiltIn()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("manifests.json")!;
        return JsonNode.Parse(stream)!.AsObject().Select(member => (member.Key, member.Value!.AsObject())).ToList();
    }

    /// <summary>The manifests of a folder, or the one that a path names.</summary>
    private static IEnumerable<(string Name, string Yaml)> Operators(string? path, List<string> faults)
    {
        foreach (var file in Files(path, faults))
        {
            string yaml;
            try
            {
                yaml = File.ReadAllText(file);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                faults.Add($"{Path.GetFileName(file)}: cannot be read: {exception.Message}");
                continue;
            }

            yield return (Path.GetFileName(file), yaml);
        }
    }

    private static string[] Files(string? path, List<string> faults)
    {
        if (File.Exists(path))
            return [path];
        if (!Directory.Exists(path))
            return [];
        try
        {
            return [.. Directory.EnumerateFiles(path, "*.yaml").Concat(Directory.EnumerateFiles(path, "*.yml")).Order(StringComparer.Ordinal)];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            faults.Add($"{path}: cannot be read: {exception.Message}");
            return [];
        }
    }

    private static string? Text(string? value) => string.IsNullOrWhiteSpace(value) ? null : value.Trim();
}
