using System.Text.Json.Nodes;
using Grantkeeper.Encryption;
using Grantkeeper.Jwt;
using Grantkeeper.OAuth;
using Grantkeeper.Settings;
using Microsoft.Extensions.Configuration;

namespace Grantkeeper.Providers;

/// <summary>Makes providers of manifests, configuration overrides and registrations in the environment. Keeps nothing.</summary>
internal sealed class CatalogueReader(IConfiguration configuration, GrantkeeperOptions options, IReadOnlyList<ProviderHooks> classes)
{
    private const string SandboxKey = "sandbox";

    private sealed record Source(JsonObject Tree, string Place, ManifestOrigin Origin)
    {
        public ProviderHooks Hooks { get; init; } = ProviderHooks.None;
    }

    /// <summary>The shipped manifests under those of the application's classes and the operator's files; every fault of all of them, and then no provider.</summary>
    public List<Provider>? OfFiles(IReadOnlyList<ManifestText> files, List<string> faults)
    {
        var before = faults.Count;
        var sources = Sources(files, faults);
        var providers = new List<Provider>();
        foreach (var key in sources.Keys)
        {
            if (Read(key, sources, faults) is { } provider)
                providers.Add(provider);
        }

        return faults.Count == before ? providers : null;
    }

    /// <summary>
    /// The stored manifests, one by one: a fault of one keeps nobody else out. They add providers and change none that a file
    /// or a release brings, since whoever may write one over the API must not lead another's client secret elsewhere.
    /// </summary>
    public List<Provider> OfStored(IReadOnlyList<StoredManifest> stored, IReadOnlyList<ManifestText> files, List<string> faults)
    {
        var sources = Sources(files, []);
        var own = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in stored)
        {
            var place = PlaceOf(entry.Provider);
            if (entry.Manifest is null)
                continue;
            if (sources.ContainsKey(entry.Provider))
                faults.Add($"{place}: a file or a release has a provider of this key, which wins");
            else if (ManifestTree.Parse(entry.Manifest, place, faults) is { } tree && own.Add(entry.Provider))
                sources[entry.Provider] = new Source(tree, place, ManifestOrigin.Stored);
        }

        return [.. own.Select(key => Read(key, sources, faults)).OfType<Provider>()];
    }

    /// <summary>How the faults of a stored manifest begin.</summary>
    public static string PlaceOf(string provider) => $"{provider} (stored)";

    private Dictionary<string, Source> Sources(IReadOnlyList<ManifestText> files, List<string> faults)
    {
        var sources = ManifestSources.Shipped().ToDictionary(
            shipped => shipped.Key, shipped => new Source(shipped.Tree, $"providers/{shipped.Key}.yaml", ManifestOrigin.Shipped), StringComparer.Ordinal);
        foreach (var each in classes)
        {
            if (each.Manifest(faults) is not { } yaml || ManifestTree.Parse(yaml, each.Name, faults) is not { } tree)
                continue;
            var key = KeyOf(tree, each.Name);
            if (sources.GetValueOrDefault(key) is { Origin: ManifestOrigin.Class, Place: var other })
                faults.Add($"{each.Name}: the key {key} is {other}'s already");
            sources[key] = new Source(tree, each.Name, ManifestOrigin.Class) { Hooks = each };
        }

        foreach (var (name, yaml) in files)
        {
            if (ManifestTree.Parse(yaml, name, faults) is not { } tree)
                continue;
            // A file takes the place of a class's manifest; what the class overrides stays.
            var key = KeyOf(tree, name);
            sources[key] = new Source(tree, name, ManifestOrigin.File) { Hooks = sources.GetValueOrDefault(key)?.Hooks ?? ProviderHooks.None };
        }

        return sources;
    }

    private static string KeyOf(JsonObject tree, string name) => (tree["key"] as JsonValue)?.GetValue<string>() ?? name;

    private Provider? Read(string key, Dictionary<string, Source> sources, List<string> faults)
    {
        var source = sources[key];
        var (_, place, origin) = source;
        if ((key == SandboxKey && !options.Sandbox) || Extended(key, sources, faults) is not { } extended)
            return null;
        var section = configuration.GetSection($"{OptionsReader.Section}:Providers:{key}");
        var overrides = section.GetChildren().Where(child => !IsRegistration(child.Key))
            .Select(child => KeyValuePair.Create(child.Key.ToLowerInvariant(), ManifestTree.FromConfiguration(child)))
            .Where(member => member.Value is not null);
        var merged = ManifestTree.Merge(extended, new JsonObject(overrides));
        if ((merged["key"] as JsonValue)?.GetValue<string>() is { } written && written != key)
        {
            faults.Add($"{place}: key must stand in the manifest itself and cannot be overridden");
            return null;
        }

        var settings = new ProviderSettings(key, section, origin == ManifestOrigin.Stored ? null : configuration);
        return ManifestReader.Read(merged, place, settings.Variables(merged), options.AllowsLoopbackHttp, faults) is { } manifest
            ? Register(manifest, settings, origin, faults) with { Hooks = source.Hooks }
            : null;
    }

    private static Provider Register(ProviderManifest manifest, ProviderSettings settings, ManifestOrigin origin, List<string> faults)
    {
        var client = new ClientRegistration(settings.Text("CLIENT_ID") ?? "", new Secret(settings.Text("CLIENT_SECRET")), settings.Text("REDIRECT_URI"));
        var missingClient = new List<string>();
        if (client.ClientId.Length == 0)
            missingClient.Add(settings.NameOf("CLIENT_ID"));
        if (client.ClientSecret.IsEmpty && manifest.ClientAuthentication != ClientAuthenticationMethod.None)
            missingClient.Add(settings.NameOf("CLIENT_SECRET"));
        var missing = new List<string>();
        if (manifest.Discovery && manifest.Issuer is null)
            missing.Add($"{OptionsReader.Section}__Providers__{manifest.Key}__issuer");
        missing.AddRange(manifest.UnsetVariables.Select(name => $"{OptionsReader.Section}__Providers__{manifest.Key}__variables__{name}"));
        var known = client.ClientId.Length > 0 || !client.ClientSecret.IsEmpty ? ClientOrigin.Environment : ClientOrigin.None;
        var pem = settings.Text("WEBHOOK_PUBLIC_KEY");
        var eventKeys = pem is null ? null : PublicKeyPem.Read(pem);
        if (pem is not null && eventKeys is null)
            faults.Add($"{settings.NameOf("WEBHOOK_PUBLIC_KEY")} must be a public RSA key of at least 2048 bits in PEM form (-----BEGIN PUBLIC KEY-----), as the provider's dashboard shows it; \\n may stand for the end of a line");
        var provider = new Provider(manifest, client, known, missingClient, missing) { Source = origin, EventKeys = eventKeys };
        if (!client.ClientSecret.IsEmpty && provider.TakesKey(client.ClientSecret) && ClientKeys.FaultOf(manifest, client.ClientSecret) is { } keyFault)
            faults.Add($"{settings.NameOf("CLIENT_SECRET")} {keyFault}.");
        return provider;
    }

    private static JsonObject? Extended(string key, Dictionary<string, Source> sources, List<string> faults)
    {
        var (tree, place, _) = sources[key];
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while ((tree["extends"] as JsonValue)?.GetValue<string>() is { } parent)
        {
            if (!seen.Add(parent) || !sources.TryGetValue(parent, out var below))
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
        name.ToLowerInvariant() is "client_id" or "client_secret" or "redirect_uri" or "webhook_public_key" or "variables";
}
