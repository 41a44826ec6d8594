using System.Text;
using Grantkeeper.Providers;
using static Grantkeeper.Tests.Providers.SomeManifest;

namespace Grantkeeper.Tests.Documentation;

/// <summary>docs/providers.md tells what ships and how well each fact is known; UPDATE_DOCS=1 writes it.</summary>
[Trait("category", "documentation")]
public sealed class ProviderPagesTests
{
    private static readonly string[] Facts =
    [
        "flow", "authorization_endpoint", "token_endpoint", "refresh_endpoints", "revocation_endpoint", "userinfo_endpoint", "client_authentication", "token_request", "pkce", "scope_separator",
        "default_scopes", "refresh", "rotation", "refresh_token_idle_days", "revocation_scope", "account", "code_lifetime_seconds", "error_codes",
    ];

    [Fact]
    public void Page_is_of_the_manifests()
    {
        var file = Path.Combine(SourceTree.Root, "docs", "providers.md");
        var text = Page();
        if (GeneratedText.Update)
            File.WriteAllText(file, text);
        File.ReadAllText(file).ReplaceLineEndings("\n").ShouldBe(text, "run with UPDATE_DOCS=1");
    }

    private static string Page()
    {
        var all = Catalogue([], ("DEPLOY_ENV", "development")).All.Where(provider => provider.Key != "generic_oidc").ToList();
        var known = all.Where(provider => provider.Manifest.Verification != Verification.Draft).ToList();
        var drafts = all.Except(known).ToList();
        var page = new StringBuilder();
        page.Append($"""
            # Providers

            Written from the manifests in [providers](../providers). {known.Count} providers rest on their providers' own pages; of these,
            {known.Count(provider => provider.Manifest.Verification == Verification.Simulated)} are also exercised against a [simulation](../src/Grantkeeper.Sandbox/README.md) of the platform in every run of the tests. None was tried with a real
            account by the tests. {drafts.Count} drafts ship beside them: collected from public lists, not offered until their client id is configured,
            and to be compared with the provider's documentation before use. Any other OpenID Connect issuer works as `generic_oidc`.

            A fact under *not confirmed* is in the manifest, but no page of the provider's that states it was read; override it in your
            configuration where you know better (`Grantkeeper__Providers__<key>__<member>`).


            """.ReplaceLineEndings("\n"));
        foreach (var provider in known)
        {
            var manifest = provider.Manifest;
            var stated = Stated(provider.Key);
            var confirmed = manifest.Sources.SelectMany(source => source.Facts).ToHashSet();
            var open = stated.Where(fact => !confirmed.Contains(fact)).ToList();
            page.Append($"## {provider.DisplayName}\n\n`{provider.Key}`, {(manifest.Verification == Verification.Simulated ? "documented and simulated" : "documented")}. ");
            page.Append($"Refresh: {Renewal(manifest)}. Revocation: {(manifest.RevocationEndpoint is null ? "none known" : "yes")}. PKCE: {(manifest.Pkce ? "S256" : "not sent")}.\n\n");
            foreach (var source in manifest.Sources)
                page.Append($"- {string.Join(", ", source.Facts)}: <{source.Url}>, read {source.Read:yyyy-MM-dd}\n");
            if (open.Count > 0)
                page.Append($"- *not confirmed:* {string.Join(", ", open)}\n");
            page.Append('\n');
        }

        page.Append("## Drafts\n\n");
        page.Append(string.Join(", ", drafts.Select(provider => $"{provider.DisplayName} (`{provider.Key}`)")));
        page.Append('\n');
        return page.ToString();
    }

    private static string Renewal(ProviderManifest manifest) => manifest switch
    {
        { Flow: ConnectionFlow.AppInstance } => "minted again for the installation",
        { Refresh: false } => "none, the user connects again",
        { Rotation.Profile: RotationProfile.None } => "the refresh token stays good",
        { Rotation.Profile: RotationProfile.Lazy } => "a new refresh token each time, the old one stays good until the new one is used",
        { Rotation.Profile: RotationProfile.Grace } => $"a new refresh token each time, the old one may be shown again for {manifest.Rotation.Grace.TotalSeconds:0} seconds",
        _ => "treated as used up by each refresh",
    };

    /// <summary>The members that a manifest states itself.</summary>
    private static List<string> Stated(string key)
    {
        var faults = new List<string>();
        var tree = ManifestTree.Parse(File.ReadAllText(Path.Combine(SourceTree.Providers, $"{key}.yaml")), key, faults)!;
        return [.. Facts.Where(tree.ContainsKey)];
    }
}
