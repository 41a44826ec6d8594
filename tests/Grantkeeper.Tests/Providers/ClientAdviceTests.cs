using System.Security.Cryptography;
using Grantkeeper.Encryption;
using Grantkeeper.Providers;
using static Grantkeeper.Tests.Providers.SomeManifest;

namespace Grantkeeper.Tests.Providers;

/// <summary>What people paste wrongly, and what they are told.</summary>
[Trait("category", "providers")]
public sealed class ClientAdviceTests
{
    private const string GoogleId = "1234567890-abcdefghijklmnop.apps.googleusercontent.com";
    private const string GoogleSecret = "GOCSPX-abcdefghijklmnopqrstuvwxyz12";
    private const string MicrosoftId = "11111111-2222-3333-4444-555555555555";
    private const string MicrosoftSecret = "abc8Q~aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    private static readonly ProviderCatalogue Known = Catalogue([("acme.yaml", Good)]);

    private static IReadOnlyList<string> Faults(string provider, string? id, string? secret) =>
        ClientAdvice.Faults(Known.Find(provider)!, id, new Secret(secret), Known.All);

    [Theory]
    [InlineData("google", GoogleId, GoogleSecret), InlineData("microsoft", MicrosoftId, MicrosoftSecret), InlineData("acme", "any-id:of.theirs/x", "s3cret,!")]
    public void What_fits_is_taken(string provider, string id, string secret) => Faults(provider, id, secret).ShouldBeEmpty();

    [Theory]
    [InlineData("google", null, null, "client_id is required"), InlineData("google", "", "x", "client_id is required"), InlineData("google", GoogleId, "", "client_secret is required")]
    [InlineData("google", " " + GoogleId, GoogleSecret, "client_id begins or ends with a blank"), InlineData("google", GoogleId, GoogleSecret + "\n", "client_secret begins or ends with a blank")]
    [InlineData("google", "a\tb", GoogleSecret, "client_id holds a line break, tab"), InlineData("acme", "a\u0001b", "s", "control character inside"), InlineData("acme", "'abc'", "s", "stands in quotation marks")]
    [InlineData("google", GoogleSecret, GoogleId, "client_id has the form of a client secret of Google"), InlineData("google", GoogleSecret, GoogleId, "client_secret has the form of an id of Google")]
    [InlineData("microsoft", MicrosoftId, MicrosoftId, "client_secret is the same text as client_id"), InlineData("microsoft", MicrosoftId, "99999999-2222-3333-4444-555555555555", "copy the secret's value, not its id")]
    [InlineData("microsoft", MicrosoftId, GoogleSecret, "client_secret has the form of a client secret of Google, not of Microsoft"), InlineData("acme", "id", MicrosoftSecret, "a client secret of Microsoft, not of Acme")]
    public void A_likely_mistake_is_named(string provider, string? id, string? secret, string part) =>
        Faults(provider, id, secret).ShouldContain(fault => fault.Contains(part, StringComparison.Ordinal));

    [Fact]
    public void All_faults_come_at_once_and_none_repeats_what_was_pasted()
    {
        var faults = Faults("google", " my-id", "my secret ");
        faults.Count.ShouldBe(2);
        string.Join(' ', faults).ShouldNotContain("my-id");
        string.Join(' ', faults).ShouldNotContain("my secret");
    }

    [Fact]
    public void Endless_input_is_refused()
    {
        Faults("google", new string('a', 501), GoogleSecret).Single().ShouldContain("longer than 500");
        Faults("google", GoogleId, new string('a', 2001)).Single().ShouldContain("longer than 2000");
    }

    [Fact]
    public void Unusual_forms_are_stored_and_noted()
    {
        Faults("google", "old-style-id", "old-style-secret").ShouldBeEmpty();
        var odd = Known.Find("google")!.With(new ClientRegistration("old-style-id", new Secret("old-style-secret"), null));
        ClientAdvice.Warnings(odd).Count.ShouldBe(2);
        ClientAdvice.Warnings(Known.Find("acme")!.With(new ClientRegistration("an id", new Secret("a secret"), null))).Single().ShouldContain("holds a blank");
        ClientAdvice.Warnings(Known.Find("google")!.With(new ClientRegistration(GoogleId, new Secret(GoogleSecret), null))).ShouldBeEmpty();
        ClientAdvice.Warnings(Known.Find("google")!).ShouldBeEmpty();
    }

    [Fact]
    public void A_public_client_has_no_secret()
    {
        var known = Catalogue([("open.yaml", Good.Replace("acme", "open", StringComparison.Ordinal) + "\nclient_authentication: none\n")]);
        ClientAdvice.Faults(known.Find("open")!, "id", new Secret("s"), known.All).Single().ShouldContain("must be left out");
        ClientAdvice.Faults(known.Find("open")!, "id", default, known.All).ShouldBeEmpty();
        known.Find("open")!.With(new ClientRegistration("id", default, null)).IsConfigured.ShouldBeTrue();
    }

    [Fact]
    public void A_private_key_takes_the_secrets_place_where_the_manifest_says_so()
    {
        using var rsa = RSA.Create(2048);
        using var small = RSA.Create(1024);
        var pem = rsa.ExportPkcs8PrivateKeyPem();
        var known = Catalogue([("signs.yaml", Signing())]);
        IReadOnlyList<string> Of(string? secret) => ClientAdvice.Faults(known.Find("signs")!, "id", new Secret(secret), known.All);
        Of(pem).ShouldBeEmpty();
        Of($"\n{pem}\n").ShouldBeEmpty("a line break at its end is no mistake in a key");
        Of("").Single().ShouldBe("client_secret is required: Acme takes a private key, as PEM or JWK, in its place");
        Of("s3cret").Single().ShouldStartWith("client_secret holds no private key");
        Of(small.ExportPkcs8PrivateKeyPem()).Single().ShouldBe("client_secret holds an RSA key of 1024 bits; 2048 to 8192 are taken (RFC 7518 section 3.3)");
        Of(new string('-', 5) + new string('B', 16000)).Single().ShouldBe("client_secret is longer than 16000 characters");

        Faults("acme", "id", pem).Single().ShouldContain("is a private key, but Acme is set up with a shared secret");
        // Its discovery document decides.
        Faults("generic_oidc", "id", pem).ShouldBeEmpty();
        Faults("generic_oidc", "id", "s3cret").ShouldBeEmpty();
        ClientAdvice.LooksSecret(pem, Known.All).ShouldBeTrue();
        ClientAdvice.Warnings(known.Find("signs")!.With(new ClientRegistration("id", new Secret("s3cret"), null))).Single().ShouldStartWith("The client secret holds no private key");
        ClientAdvice.Warnings(known.Find("signs")!.With(new ClientRegistration("id", new Secret(pem), null))).ShouldBeEmpty();

        var ec = Catalogue([("signs.yaml", $"{Signing()}\nclient_assertion: {{ algorithm: ES256 }}")]);
        ClientAdvice.Faults(ec.Find("signs")!, "id", new Secret(pem), ec.All).Single().ShouldContain("does not sign ES256");
    }

    [Fact]
    public void A_key_of_the_environment_is_read_at_the_start()
    {
        using var rsa = RSA.Create(2048);
        var faults = new List<string>();
        Catalogue(faults, [("signs.yaml", Signing())], ("SIGNS_CLIENT_ID", "id"), ("SIGNS_CLIENT_SECRET", "s3cret")).ShouldBeNull();
        faults.Single().ShouldBe("SIGNS_CLIENT_SECRET holds no private key: paste the PEM text from BEGIN PRIVATE KEY to END PRIVATE KEY, or a JWK.");
        Catalogue([("signs.yaml", Signing())], ("SIGNS_CLIENT_ID", "id"), ("SIGNS_CLIENT_SECRET", rsa.ExportRSAPrivateKeyPem())).Find("signs")!.IsConfigured.ShouldBeTrue();
    }

    private static string Signing() => Good.Replace("key: acme", "key: signs", StringComparison.Ordinal) + "\nclient_authentication: private_key_jwt";

    [Fact]
    public void A_stored_registration_is_laid_over_the_configuration_and_the_environment_wins()
    {
        var known = Catalogue([("acme.yaml", Good)], ("GOOGLE_CLIENT_ID", "from-the-environment"), ("ACME_REDIRECT_URI", "https://app.example.com/oauth/acme/callback"));
        var before = known.Find("acme")!;
        (before.Origin, before.IsConfigured).ShouldBe((ClientOrigin.None, false));
        known.Use(new Dictionary<string, ClientRegistration>
        {
            ["acme"] = new("id", new Secret("s"), null), ["google"] = new("stored", new Secret("s"), null), ["nobody"] = new("id", new Secret("s"), null), ["microsoft"] = new("id", default, null),
        });
        var acme = known.Find("acme")!;
        (acme.Origin, acme.IsConfigured, acme.Client.ClientId, acme.Client.RedirectUri).ShouldBe((ClientOrigin.Stored, true, "id", "https://app.example.com/oauth/acme/callback"));
        known.Find("google")!.Client.ClientId.ShouldBe("from-the-environment");
        known.Find("google")!.Missing.ShouldBe(["GOOGLE_CLIENT_SECRET"]);
        known.Find("microsoft")!.IsConfigured.ShouldBeFalse();
        known.Find("nobody").ShouldBeNull();
        // Whoever holds the earlier snapshot's provider goes on with it.
        before.IsConfigured.ShouldBeFalse();
        known.Use(new Dictionary<string, ClientRegistration>());
        known.Find("acme")!.Origin.ShouldBe(ClientOrigin.None);
    }
}
