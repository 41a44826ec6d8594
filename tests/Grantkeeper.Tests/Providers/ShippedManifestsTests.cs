using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Grantkeeper.Egress;
using Grantkeeper.Encryption;
using Grantkeeper.OAuth;
using Grantkeeper.Providers;
using Grantkeeper.Testing.Time;
using static Grantkeeper.Tests.Providers.SomeManifest;

namespace Grantkeeper.Tests.Providers;

/// <summary>All manifests that ship: what they claim, that they agree with each other, and that each refreshes as the RFC says.</summary>
[Trait("category", "providers")]
public sealed class ShippedManifestsTests
{
    private static readonly JsonSerializerOptions Compact = new() { WriteIndented = true, IndentSize = 1, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static IEnumerable<Provider> All() => Catalogue([], ("DEPLOY_ENV", "development"), ("GRANTKEEPER_SANDBOX", "true")).All;

    [Fact]
    public void The_compiled_file_is_of_the_manifests()
    {
        var faults = new List<string>();
        var compiled = new JsonObject(Directory.EnumerateFiles(SourceTree.Providers, "*.yaml").Order(StringComparer.Ordinal).Select(file =>
            KeyValuePair.Create(Path.GetFileNameWithoutExtension(file), (JsonNode?)ManifestTree.Parse(File.ReadAllText(file), Path.GetFileName(file), faults)))).ToJsonString(Compact) + "\n";
        faults.ShouldBeEmpty();
        var path = Path.Combine(SourceTree.Providers, "manifests.json");
        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1")
            File.WriteAllText(path, compiled);
        File.ReadAllText(path).ShouldBe(compiled, "run the tests with UPDATE_DOCS=1 and build again");
    }

    [Fact]
    public void Sixty_rest_on_their_providers_own_pages_and_the_rest_are_drafts()
    {
        var all = All().ToList();
        all.Count.ShouldBeGreaterThanOrEqualTo(170);
        all.Count(provider => provider.Manifest.Verification != Verification.Draft && provider.Key is not ("sandbox" or "generic_oidc")).ShouldBeGreaterThanOrEqualTo(60);
        foreach (var provider in all.Where(provider => provider.Manifest.Verification != Verification.Draft && provider.Key != "sandbox"))
        {
            provider.Manifest.DocsUrl.ShouldNotBeNull(provider.Key).ShouldStartWith("https://");
            provider.Manifest.Sources.ShouldNotBeEmpty(provider.Key);
        }
    }

    [Fact]
    public void What_is_documented_names_the_pages_for_both_endpoints()
    {
        foreach (var provider in All().Where(provider => provider.Manifest.Verification == Verification.Documented && !provider.Manifest.Discovery))
        {
            var facts = provider.Manifest.Sources.SelectMany(source => source.Facts).ToHashSet();
            facts.ShouldContain("authorization_endpoint", provider.Key);
            facts.ShouldContain("token_endpoint", provider.Key);
        }
    }

    [Fact]
    public void No_two_are_the_same_provider()
    {
        // Products of one server have a client registration of their own, and extend the first.
        string[] shared = ["https://accounts.google.com/o/oauth2/v2/auth", "https://auth.atlassian.com/authorize"];
        All().Where(provider => provider.Manifest.AuthorizationEndpoint is not null && provider.Manifest.UnsetVariables.Count == 0)
            .GroupBy(provider => provider.Manifest.AuthorizationEndpoint!.AbsoluteUri).Where(group => group.Count() > 1 && !shared.Contains(group.Key)).Select(group => string.Join(' ', group.Select(provider => provider.Key))).ShouldBeEmpty();
        All().Select(provider => provider.DisplayName).ShouldBeUnique();
    }

    [Fact]
    public void Impossible_combinations_do_not_ship()
    {
        foreach (var provider in All())
        {
            var manifest = provider.Manifest;
            (manifest.Refresh || manifest.RefreshEndpoints.Count == 0).ShouldBeTrue($"{provider.Key}: no refresh, but addresses for it");
            (manifest.Pkce && manifest.Flow == ConnectionFlow.AppInstance).ShouldBeFalse($"{provider.Key}: no code, no code_challenge");
            (manifest.RevocationGroup is not null && manifest.RevocationScope == RevocationScope.Token).ShouldBeFalse($"{provider.Key}: a group shares revocations");
            (manifest.TokenRequestIsJson && manifest.ClientAuthentication == ClientAuthenticationMethod.Post).ShouldBeFalse($"{provider.Key}: post is a form; json is its name in a JSON body");
        }
    }

    [Fact]
    public async Task A_refresh_goes_out_as_a_refresh_for_every_one_of_them()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        foreach (var provider in All().Where(provider => provider.Manifest is { Refresh: true, Flow: ConnectionFlow.Code, TokenEndpoint: not null }))
        {
            var manifest = provider.Manifest;
            var egress = new Recorder();
            var endpoints = (await new EndpointDiscovery(egress, new ManualTimeProvider()).Of(provider)).Value;
            var known = provider with { Client = new ClientRegistration("client-1", new Secret(endpoints.ClientAuthentication == ClientAuthenticationMethod.PrivateKeyJwt ? key.ExportPkcs8PrivateKeyPem() : "secret-1"), null) };
            var answer = await new TokenRequests(egress, TimeProvider.System).Refresh(known, endpoints, new Secret("refresh-1"), "https://app.example.com/cb", null, default);
            answer.Response.ShouldNotBeNull(provider.Key).RefreshToken.Reveal().ShouldBe("refresh-2");
            egress.Method.ShouldBe("POST", provider.Key);
            egress.Address.ShouldBe(manifest.RefreshEndpoints.Count > 0 ? manifest.RefreshEndpoints[0] : manifest.TokenEndpoint, provider.Key);
            egress.Body["grant_type"].ShouldBe("refresh_token", provider.Key);
            egress.Body["refresh_token"].ShouldBe("refresh-1", provider.Key);
            egress.Body.GetValueOrDefault("redirect_uri").ShouldBe(provider.Key == "gitlab" ? "https://app.example.com/cb" : null, provider.Key);
            egress.Body.ShouldNotContainKey("code");
            var inHeader = endpoints.ClientAuthentication is ClientAuthenticationMethod.Basic or ClientAuthenticationMethod.BasicRaw;
            egress.HasBasic.ShouldBe(inHeader, provider.Key);
            egress.Body.ContainsKey("client_secret").ShouldBe(!inHeader && endpoints.ClientAuthentication != ClientAuthenticationMethod.None, provider.Key);
            egress.Body.ContainsKey(manifest.ClientIdParameter).ShouldBe(!inHeader, provider.Key);
        }
    }

    /// <summary>https://developer.apple.com/documentation/accountorganizationaldatasharing/creating-a-client-secret</summary>
    [Fact]
    public async Task Apple_gets_a_client_secret_that_is_signed_for_the_request()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var apple = Catalogue([], ("APPLE_CLIENT_ID", "com.example.app"), ("APPLE_CLIENT_SECRET", key.ExportPkcs8PrivateKeyPem()), ("APPLE_TEAM_ID", "DEF123GHIJ"), ("APPLE_KEY_ID", "ABC123DEFG")).Find("apple")!;
        apple.Missing.ShouldBe([]);
        var clock = new ManualTimeProvider();
        var egress = new Recorder();
        var endpoints = (await new EndpointDiscovery(egress, clock).Of(apple)).Value;
        var requests = new TokenRequests(egress, clock);
        async Task Is(Task request)
        {
            await request;
            egress.HasBasic.ShouldBeFalse();
            egress.Body["client_id"].ShouldBe("com.example.app");
            egress.Body.Keys.ShouldNotContain(name => name.StartsWith("client_assertion", StringComparison.Ordinal));
            var parts = egress.Body["client_secret"].Split('.');
            key.VerifyData(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Base64Url.DecodeFromChars(parts[2]), HashAlgorithmName.SHA256).ShouldBeTrue();
            var (header, claims) = (JsonNode.Parse(Base64Url.DecodeFromChars(parts[0]))!, JsonNode.Parse(Base64Url.DecodeFromChars(parts[1]))!);
            ((string?)header["alg"], (string?)header["kid"]).ShouldBe(("ES256", "ABC123DEFG"));
            ((string?)claims["iss"], (string?)claims["sub"], (string?)claims["aud"]).ShouldBe(("DEF123GHIJ", "com.example.app", "https://appleid.apple.com"));
            ((long)claims["iat"]!, (long)claims["exp"]!).ShouldBe((clock.GetUtcNow().ToUnixTimeSeconds(), clock.GetUtcNow().ToUnixTimeSeconds() + 60));
        }

        await Is(requests.ExchangeCode(apple, endpoints, new Secret("code-1"), "https://app.example.com/cb", default, default));
        egress.Body.ShouldNotContainKey("code_verifier");
        await Is(requests.Refresh(apple, endpoints, new Secret("refresh-1"), null, null, default));
        await Is(requests.Revoke(apple, endpoints, new Secret("refresh-1"), "refresh_token", default));
        egress.Address.ShouldBe(new Uri("https://appleid.apple.com/auth/revoke"));
    }

    /// <summary>Takes a request apart as a server does and answers with new tokens.</summary>
    private sealed class Recorder : IEgress
    {
        public string Method { get; private set; } = "";

        public Uri? Address { get; private set; }

        public Dictionary<string, string> Body { get; private set; } = [];

        public bool HasBasic { get; private set; }

        public async Task<EgressOutcome> Send(HttpRequestMessage request, EgressTrust trust, EgressLimits? limits = null, CancellationToken cancellation = default)
        {
            (Method, Address, HasBasic) = (request.Method.Method, request.RequestUri, request.Headers.Authorization?.Scheme == "Basic");
            var text = await request.Content!.ReadAsStringAsync(cancellation);
            Body = request.Content.Headers.ContentType!.MediaType == "application/json"
                ? JsonSerializer.Deserialize<Dictionary<string, string>>(text)!
                : text.Split('&').Select(pair => pair.Split('=')).ToDictionary(pair => Uri.UnescapeDataString(pair[0]), pair => Uri.UnescapeDataString(pair[1].Replace('+', ' ')));
            using var answer = new HttpResponseMessage { Content = new StringContent("", null, "application/json") };
            return EgressOutcome.Answered(new EgressResponse(answer, """{"access_token":"access-2","refresh_token":"refresh-2","token_type":"bearer"}"""u8.ToArray(), default));
        }
    }
}
