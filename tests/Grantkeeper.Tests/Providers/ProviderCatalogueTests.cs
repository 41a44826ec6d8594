using Grantkeeper.OAuth;
using Grantkeeper.Providers;
using static Grantkeeper.Tests.Providers.SomeManifest;

namespace Grantkeeper.Tests.Providers;

[Trait("category", "providers")]
public sealed class ProviderCatalogueTests
{
    private static readonly (string, string)[] Acme = [("acme.yaml", Good)];

    [Fact]
    public void Only_a_platform_on_this_machine_is_called_simulated()
    {
        Catalogue([]).Find("google").ShouldNotBeNull().IsPlayed.ShouldBeFalse("with its own endpoints it is the real one");
        Catalogue([], ("DEPLOY_ENV", "development"), ("Grantkeeper:Providers:google:token_endpoint", "http://127.0.0.1:8100/google/token")).Find("google").ShouldNotBeNull().IsPlayed.ShouldBeTrue();
        Catalogue([], ("DEPLOY_ENV", "development"), ("Grantkeeper:Providers:github:token_endpoint", "http://127.0.0.1:9000/token")).Find("github").ShouldNotBeNull().IsPlayed.ShouldBeFalse("nobody plays it");
    }

    [Fact]
    public void The_built_in_manifests_are_valid()
    {
        new[] { "bing", "generic_oidc", "google", "gsc", "microsoft", "notion", "wix", "wix_oauth_legacy", "wordpress", "wordpress_oauth21", "youtube" }.Except(Catalogue([]).Offered.Select(provider => provider.Key)).ShouldBeEmpty();
        Catalogue([], ("DEPLOY_ENV", "dev"), ("GRANTKEEPER_SANDBOX", "true")).Find("sandbox").ShouldNotBeNull();
    }

    [Theory]
    [InlineData("google"), InlineData("Google"), InlineData("GOOGLE"), InlineData("generic-oidc"), InlineData("Generic-OIDC"), InlineData("generic_oidc")]
    public void Keys_are_folded(string key) => Catalogue([]).Find(key).ShouldNotBeNull().Key.ShouldBe(key.ToLowerInvariant().Replace('-', '_'));

    [Theory]
    [InlineData(""), InlineData("sandbox"), InlineData("googl"), InlineData(" google"), InlineData("google\n"), InlineData("../google")]
    public void Other_words_are_no_provider(string key) => Catalogue([]).Find(key).ShouldBeNull();

    [Fact]
    public void An_endless_key_is_no_provider() => Catalogue([]).Find(new string('g', 100_000)).ShouldBeNull();

    [Fact]
    public void A_file_in_the_folder_adds_a_provider_and_replaces_a_built_in_one()
    {
        var catalogue = Catalogue([.. Acme, ("g.yml", Good.Replace("acme", "google", StringComparison.Ordinal).Replace("Acme", "Our Google", StringComparison.Ordinal)), ("notes.txt", "not: [yaml")]);
        catalogue.Find("acme")!.DisplayName.ShouldBe("Acme");
        catalogue.Find("google")!.DisplayName.ShouldBe("Our Google");
    }

    [Fact]
    public void Faults_of_all_files_are_reported_at_once()
    {
        var faults = new List<string>();
        Catalogue(faults, [("a.yaml", "key: [x"), ("b.yaml", "schema_version: 1\nkey: b\ncolour: red\n"), ("c.yaml", Good.Replace("key: acme", "key: c\nextends: nobody", StringComparison.Ordinal))]).ShouldBeNull();
        foreach (var place in new[] { "a.yaml: line ", "b.yaml: colour", "b.yaml: display_name", "c.yaml: extends names nobody" })
            faults.ShouldContain(fault => fault.StartsWith(place, StringComparison.Ordinal), place);
    }

    [Fact]
    public void Extends_lays_one_manifest_over_another()
    {
        var catalogue = Catalogue(
        [
            .. Acme, ("child.yaml", "schema_version: 1\nkey: child\nextends: acme\ndisplay_name: Child\nauthorization_parameters: { prompt: consent }\naccount: { name: title }\n"),
            ("grandchild.yaml", "schema_version: 1\nkey: grandchild\nextends: child\ntoken_endpoint: https://other.example.com/token\nauthorization_parameters: { audience: api }\n"),
        ]);
        var read = catalogue.Find("grandchild")!.Manifest;
        (read.DisplayName, read.TokenEndpoint!.Host, read.AuthorizationEndpoint!.Host, read.Account.Name, read.Account.Source).ShouldBe(("Child", "other.example.com", "acme.example.com", "title", AccountSource.Userinfo));
        read.AuthorizationParameters.Keys.ShouldBe(["prompt", "audience"], ignoreOrder: true);
        catalogue.Find("acme")!.Manifest.AuthorizationParameters.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("a", "a"), InlineData("b", "a")]
    public void A_circle_is_a_fault_and_no_endless_loop(string parentOfA, string parentOfB)
    {
        var faults = new List<string>();
        Catalogue(faults, [("a.yaml", $"schema_version: 1\nkey: a\nextends: {parentOfA}\n"), ("b.yaml", $"schema_version: 1\nkey: b\nextends: {parentOfB}\n")]).ShouldBeNull();
        faults.ShouldContain(fault => fault.StartsWith("a.yaml: extends", StringComparison.Ordinal));
    }

    [Fact]
    public void A_manifest_must_write_its_own_key()
    {
        var faults = new List<string>();
        Catalogue(faults, [.. Acme, ("child.yaml", "schema_version: 1\nextends: acme\ndisplay_name: Child\n")]).ShouldBeNull();
        faults.Single().ShouldBe("child.yaml: key must stand in the manifest itself and cannot be overridden");
        faults.Clear();
        Catalogue(faults, Acme, ("Grantkeeper:Providers:acme:key", "google")).ShouldBeNull();
        faults.Single().ShouldContain("key must stand in the manifest itself");
    }

    [Fact]
    public void Configuration_overrides_any_member()
    {
        var read = Catalogue(Acme,
            ("Grantkeeper:Providers:acme:token_endpoint", "https://proxy.example.com/token"), ("Grantkeeper:Providers:acme:PKCE", "false"), ("Grantkeeper:Providers:acme:default_scopes:0", "b"), ("Grantkeeper:Providers:acme:default_scopes:1", "a"),
            ("Grantkeeper:Providers:acme:account:name", "title"), ("Grantkeeper:Providers:acme:authorization_parameters:prompt", "none")).Find("acme")!.Manifest;
        (read.TokenEndpoint!.Host, read.Pkce, string.Join(' ', read.DefaultScopes.ToArray()), read.Account.Name, read.Account.Source, read.AuthorizationParameters["prompt"]).ShouldBe(("proxy.example.com", false, "b a", "title", AccountSource.Userinfo, "none"));
        var faults = new List<string>();
        Catalogue(faults, Acme, ("Grantkeeper:Providers:acme:tokn_endpoint", "x"), ("Grantkeeper:Providers:acme:token_endpoint", "http://evil.example")).ShouldBeNull();
        faults.Count.ShouldBe(2);
        faults.ShouldAllBe(fault => fault.StartsWith("acme.yaml: ", StringComparison.Ordinal));
    }

    [Fact]
    public void Http_on_loopback_is_for_development_only()
    {
        (string, string?)[] local = [("Grantkeeper:Providers:generic_oidc:issuer", "http://127.0.0.1:8100")];
        Catalogue([], [.. local, ("DEPLOY_ENV", "dev")]).Find("generic_oidc").ShouldNotBeNull();
        var faults = new List<string>();
        Catalogue(faults, [], local).ShouldBeNull();
        faults.Single().ShouldContain("issuer");
    }

    [Theory]
    [InlineData("section", "short", "long", "section"), InlineData(null, "short", "long", "short"), InlineData(null, null, "long", "long"), InlineData(" ", "", "long", "long")]
    public void The_section_goes_before_the_short_name_and_that_before_the_older_one(string? section, string? shortName, string? longName, string expected)
    {
        var client = Catalogue(Acme,
            ("Grantkeeper:Providers:acme:client_id", section), ("ACME_CLIENT_ID", shortName), ("ACME_OAUTH_CLIENT_ID", longName),
            ("Grantkeeper:Providers:acme:client_secret", section), ("ACME_CLIENT_SECRET", shortName), ("ACME_OAUTH_CLIENT_SECRET", longName),
            ("Grantkeeper:Providers:acme:redirect_uri", section), ("ACME_REDIRECT_URI", shortName), ("ACME_OAUTH_REDIRECT_URI", longName)).Find("acme")!.Client;
        (client.ClientId, client.ClientSecret.Reveal(), client.RedirectUri).ShouldBe((expected, expected, expected));
    }

    [Fact]
    public void What_is_missing_is_named_by_its_setting()
    {
        var catalogue = Catalogue(Acme, ("GOOGLE_CLIENT_ID", "id"));
        catalogue.Find("acme")!.Missing.ShouldBe(["ACME_CLIENT_ID", "ACME_CLIENT_SECRET"]);
        catalogue.Find("google")!.Missing.ShouldBe(["GOOGLE_CLIENT_SECRET"]);
        catalogue.Find("generic_oidc")!.Missing.ShouldContain("Grantkeeper__Providers__generic_oidc__issuer");
        Catalogue([("acme.yaml", Good + "\nclient_authentication: none")], ("ACME_CLIENT_ID", "id")).Find("acme")!.IsConfigured.ShouldBeTrue();
    }

    [Fact]
    public void A_provider_whose_host_is_not_set_does_not_stop_the_others()
    {
        const string Gitea = "schema_version: 1\nkey: gitea\ndisplay_name: Gitea\nauthorization_endpoint: https://{host}/login/oauth/authorize\ntoken_endpoint: https://{host}/login/oauth/access_token\naccount: { source: none }\nvariables: { host: { kind: host } }\n";
        var unset = Catalogue([("gitea.yaml", Gitea)], ("GITEA_CLIENT_ID", "id"), ("GITEA_CLIENT_SECRET", "s")).Find("gitea")!;
        unset.Missing.ShouldBe(["Grantkeeper__Providers__gitea__variables__host"]);
        var set = Catalogue([("gitea.yaml", Gitea)], ("GITEA_CLIENT_ID", "id"), ("GITEA_CLIENT_SECRET", "s"), ("GITEA_HOST", "git.example.com")).Find("gitea")!;
        (set.IsConfigured, set.Manifest.TokenEndpoint!.Host).ShouldBe((true, "git.example.com"));
        Catalogue([("gitea.yaml", Gitea)], ("Grantkeeper:Providers:gitea:variables:host", "a.example.com"), ("GITEA_HOST", "b.example.com")).Find("gitea")!.Manifest.TokenEndpoint!.Host.ShouldBe("a.example.com");
    }

    [Fact]
    public void Microsofts_tenant_is_a_variable()
    {
        Catalogue([]).Find("microsoft")!.Manifest.TokenEndpoint!.AbsolutePath.ShouldBe("/common/oauth2/v2.0/token");
        Catalogue([], ("MICROSOFT_TENANT", "contoso")).Find("microsoft")!.Manifest.TokenEndpoint!.AbsolutePath.ShouldBe("/contoso/oauth2/v2.0/token");
        Catalogue([]).Find("microsoft")!.Manifest.Issuer.ShouldBe("https://login.microsoftonline.com/{tenantid}/v2.0");
    }

    [Fact]
    public void A_shipped_draft_is_offered_once_it_is_configured_and_an_operators_own_at_once()
    {
        var draft = Catalogue([]).All.First(provider => provider.Manifest is { Verification: Verification.Draft, Variables.Count: 0, Discovery: false });
        Catalogue([]).Offered.ShouldNotContain(provider => provider.Key == draft.Key);
        var prefix = draft.Key.ToUpperInvariant();
        Catalogue([], ($"{prefix}_CLIENT_ID", "id"), ($"{prefix}_CLIENT_SECRET", "s")).Offered.ShouldContain(provider => provider.Key == draft.Key);
        Catalogue([("acme.yaml", Good.Replace("documented", "draft", StringComparison.Ordinal))]).Offered.ShouldContain(provider => provider.Key == "acme");
    }

    [Fact]
    public void Required_scopes_are_always_asked_for()
    {
        var google = Catalogue([]).Find("google")!;
        google.ScopesFor(ScopeSet.Empty).ToString().ShouldBe("openid email profile");
        google.ScopesFor(ScopeSet.Of(["calendar"])).ToString().ShouldBe("openid email profile calendar");
    }

    [Fact]
    public void A_provider_never_prints_its_secret() =>
        Catalogue(Acme, ("ACME_CLIENT_ID", "id"), ("ACME_CLIENT_SECRET", "canary")).Find("acme")!.ToString().ShouldNotContain("canary");
}
