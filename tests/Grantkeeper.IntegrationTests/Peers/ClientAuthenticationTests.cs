using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Grantkeeper.IntegrationTests.Flows;
using Grantkeeper.Testing.Peers;

namespace Grantkeeper.IntegrationTests.Peers;

/// <summary>
/// Every way in which our client proves itself, against a certified server: with its discovery document, and as a plain
/// OAuth 2 server whose endpoints somebody wrote down.
/// </summary>
[Trait("category", "providers")]
public sealed class ClientAuthenticationTests
{
    private static readonly RSA Rsa = RSA.Create(2048);
    private static readonly ECDsa Ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    [Theory]
    [InlineData("basic", false), InlineData("basic", true)]
    [InlineData("basic_raw", false), InlineData("basic_raw", true)]
    [InlineData("post", false), InlineData("post", true)]
    [InlineData("none", false), InlineData("none", true)]
    [InlineData("rsa", false), InlineData("rsa", true)]
    [InlineData("ec", false), InlineData("ec", true)]
    public async Task Account_is_connected_refreshed_and_revoked(string way, bool plain)
    {
        await using var world = await World(way, plain);
        await world.Connect();
        for (var generation = 2; generation <= 3; generation++)
        {
            await world.Expire();
            var token = await world.ReadToken();
            token.Status.ShouldBe(HttpStatusCode.OK, token.Body);
            ((long)token.Json["generation"]!).ShouldBe(generation);
        }

        var gone = await world.Host.Post($"/oauth/{PeerWorld.Provider}/disconnect", new { user_id = PeerWorld.User });
        ((string)gone.Json["provider_revocation"]!).ShouldBe("confirmed", gone.Body);
        var stats = await world.Peer.Stats();
        (stats.Refreshes, stats.RefusedRefreshes, stats.RevokedGrants, stats.TokenRequests).ShouldBe((2, 0, 1, 3));
        stats.Log.Where(entry => entry.Event == "grant.success").ShouldAllBe(entry => entry.Client == ClientOf(way));
    }

    [Theory]
    [InlineData("basic", true), InlineData("basic_raw", false)]
    public async Task Wrong_reading_of_basic_is_a_refused_client_and_costs_no_grant(string way, bool readsRaw)
    {
        await using var world = await World(way, false, readsRaw);
        var (browser, callback, flowId) = await world.ReachCallback();
        using var _ = browser;
        await browser.Open(callback);
        ((string)(await world.Flow(flowId)).Json["error"]!["code"]!).ShouldBe("providers.client_rejected");
    }

    [Theory]
    [InlineData("issuer", "PS256"), InlineData("token_endpoint", "RS256")]
    public async Task Audience_and_algorithm_of_an_assertion_are_the_manifests(string audience, string algorithm)
    {
        await using var world = await World("rsa", false, more: new()
        {
            ["client_assertion:audience"] = audience, ["client_assertion:algorithm"] = algorithm, ["client_assertion:key_id"] = "ours",
        });
        await world.Connect();
        var assertion = (await world.Peer.Stats()).Assertions.ShouldHaveSingleItem();
        var header = Part(assertion, 0);
        (header.GetProperty("alg").GetString(), header.GetProperty("kid").GetString()).ShouldBe((algorithm, "ours"));
        var claims = Part(assertion, 1);
        claims.GetProperty("aud").GetString().ShouldBe(audience == "issuer" ? world.Peer.Issuer : $"{world.Peer.Endpoint(OidcProviderPeer.TokenPath)}");
        (claims.GetProperty("iss").GetString(), claims.GetProperty("sub").GetString()).ShouldBe(("pkjwt", "pkjwt"));
        (claims.GetProperty("exp").GetInt64() - claims.GetProperty("iat").GetInt64()).ShouldBe(60);
    }

    [Fact]
    public async Task Every_request_carries_an_assertion_of_its_own_a_repeated_one_too()
    {
        await using var world = await World("ec", false, more: new() { ["rotation:profile"] = "none" }, repeats: 2);
        await world.Connect();
        await world.Expire();
        await world.Peer.Fault(OidcProviderPeer.TokenPath, PeerFault.Answer(503));

        (await world.ReadToken()).Status.ShouldBe(HttpStatusCode.OK);
        await world.Host.Post($"/oauth/{PeerWorld.Provider}/disconnect", new { user_id = PeerWorld.User });

        var assertions = (await world.Peer.Stats()).Assertions;
        assertions.Count.ShouldBe(4, "the code, the refresh that was turned away, the refresh, the revocation");
        assertions.Select(assertion => Part(assertion, 1).GetProperty("jti").GetString()).Distinct().Count().ShouldBe(4);
    }

    [Theory]
    [InlineData(true), InlineData(false)]
    public async Task Refresh_names_the_redirect_uri_only_where_the_manifest_says_so(bool repeats)
    {
        await using var world = await World("post", false, more: new() { ["refresh_redirect_uri"] = repeats ? "true" : "false" });
        await world.Connect();
        await world.Expire();
        (await world.ReadToken()).Status.ShouldBe(HttpStatusCode.OK);
        var log = (await world.Peer.Stats()).Log;
        log.Single(entry => entry is { Event: "grant.success", Grant: "authorization_code" }).RedirectUri.ShouldBe(world.Callback);
        log.Single(entry => entry is { Event: "grant.success", Grant: "refresh_token" }).RedirectUri.ShouldBe(repeats ? world.Callback : null);
    }

    [Fact]
    public async Task Key_is_stored_over_the_api_with_its_line_breaks_and_never_told_again()
    {
        await using var world = await PeerWorld.Start(options: usual => usual with { ClientKeys = Keys() }, more: new Dictionary<string, string?>
        {
            ["GENERIC_OIDC_CLIENT_ID"] = null, ["GENERIC_OIDC_CLIENT_SECRET"] = null, [$"Grantkeeper:Providers:{PeerWorld.Provider}:client_authentication"] = "private_key_jwt",
        });
        const string address = $"/api/v1/oauth/admin/clients/{PeerWorld.Provider}";
        var refused = await world.Host.Send(HttpMethod.Put, address, new { client_id = "pkjwt", client_secret = "no key" }, FlowHost.ApiKey);
        refused.Json["errors"]!.AsArray().ShouldHaveSingleItem()!.GetValue<string>().ShouldStartWith("client_secret holds no private key");

        var pem = Rsa.ExportPkcs8PrivateKeyPem();
        var stored = await world.Host.Send(HttpMethod.Put, address, new { client_id = "pkjwt", client_secret = pem }, FlowHost.ApiKey);
        stored.Status.ShouldBe(HttpStatusCode.OK, stored.Body);
        stored.Body.ShouldNotContain(pem.Split('\n')[1]);
        ((string)(await world.Sql("SELECT sealed_secret FROM client_registrations"))!).ShouldStartWith("gk1.");
        await world.Connect();
        (await world.ReadToken()).Status.ShouldBe(HttpStatusCode.OK);
        world.Host.Logs.Text.ShouldNotContain(pem.Split('\n')[1]);
    }

    [Theory]
    [InlineData("rsa"), InlineData("ec")]
    public async Task Provider_that_is_tried_refuses_another_key_and_so_proves_ours(string way)
    {
        await using var world = await World(way, false);
        var tried = await world.Host.Post($"/api/v1/oauth/admin/providers/{PeerWorld.Provider}/test");
        var exchange = tried.Json["findings"]!.AsArray().Single(finding => (string)finding!["check"]! == "exchange")!;
        ((string)exchange["what"]!).ShouldContain("ours is right", customMessage: tried.Body);
        (await world.Peer.Stats()).Assertions.Count.ShouldBe(4, "the code with our key and with another one, the refresh, the revocation");
    }

    [Fact]
    public async Task Key_that_the_provider_does_not_know_is_the_operators_fault_and_costs_no_grant()
    {
        await using var world = await World("rsa", false);
        await world.Connect();
        await world.Expire();
        using var another = RSA.Create(2048);
        await using var second = await PeerWorld.Start("pkjwt", another.ExportPkcs8PrivateKeyPem(), options: usual => usual with { ClientKeys = Keys() });
        var (browser, callback, flowId) = await second.ReachCallback();
        using var _ = browser;
        await browser.Open(callback);
        ((string)(await second.Flow(flowId)).Json["error"]!["code"]!).ShouldBe("providers.client_rejected");
        (await world.ReadToken()).Status.ShouldBe(HttpStatusCode.OK, "the right key still serves");
    }

    private static string ClientOf(string way) => way switch
    {
        "basic" => "odd:id",
        "basic_raw" => "odd id",
        "none" => "public",
        "rsa" or "ec" => "pkjwt",
        _ => way,
    };

    private static Task<PeerWorld> World(string way, bool plain, bool? readsRaw = null, Dictionary<string, string>? more = null, int repeats = 0)
    {
        var settings = new Dictionary<string, string?>
        {
            [$"Grantkeeper:Providers:{PeerWorld.Provider}:client_authentication"] = way is "rsa" or "ec" ? "private_key_jwt" : way,
            ["Grantkeeper:Resilience:MaxRetries"] = $"{repeats}",
            ["Grantkeeper:Resilience:RetryDelay"] = "00:00:00.010",
        };
        foreach (var (name, value) in more ?? [])
            settings[$"Grantkeeper:Providers:{PeerWorld.Provider}:{name}"] = value;
        var secret = way switch
        {
            "post" => "post-secret",
            "none" => null,
            // As an environment variable often holds it: in one line.
            "rsa" => Rsa.ExportPkcs8PrivateKeyPem().Replace("\n", "\\n", StringComparison.Ordinal),
            "ec" => PrivateJwk(),
            _ => OidcProviderPeer.OddSecret,
        };
        return PeerWorld.Start(ClientOf(way), secret, settings, plain: plain,
            options: usual => usual with { ClientKeys = Keys(), ReadsBasicRaw = readsRaw ?? way == "basic_raw" });
    }

    private static string Keys()
    {
        var rsa = Rsa.ExportParameters(false);
        var ec = Ec.ExportParameters(false);
        return JsonSerializer.Serialize(new object[]
        {
            new { kty = "RSA", kid = "ours", n = Base64Url.EncodeToString(rsa.Modulus), e = Base64Url.EncodeToString(rsa.Exponent) },
            new { kty = "EC", crv = "P-256", kid = "ec-1", x = Base64Url.EncodeToString(ec.Q.X), y = Base64Url.EncodeToString(ec.Q.Y) },
        });
    }

    private static string PrivateJwk()
    {
        var ec = Ec.ExportParameters(true);
        return JsonSerializer.Serialize(new
        {
            kty = "EC", crv = "P-256", kid = "ec-1", x = Base64Url.EncodeToString(ec.Q.X), y = Base64Url.EncodeToString(ec.Q.Y), d = Base64Url.EncodeToString(ec.D),
        });
    }

    private static JsonElement Part(string assertion, int index) => JsonDocument.Parse(Base64Url.DecodeFromChars(assertion.Split('.')[index])).RootElement;
}
