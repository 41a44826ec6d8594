using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Grantkeeper.Sandbox.Control;

namespace Grantkeeper.IntegrationTests.Sandbox;

[Trait("category", "sandbox")]
public sealed class TokenEndpointTests : IAsyncLifetime
{
    private SandboxHost host = null!;

    public async ValueTask InitializeAsync() => host = await SandboxHost.Start();

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task A_code_yields_tokens_that_may_not_be_cached()
    {
        var reply = await host.Exchange(await host.Code());
        reply.Status.ShouldBe(HttpStatusCode.OK);
        reply.Headers.CacheControl!.NoStore.ShouldBeTrue();
        ((string?)reply.Json["token_type"]).ShouldBe("Bearer");
        ((int?)reply.Json["expires_in"]).ShouldBe(3600);
        ((string?)reply.Json["scope"]).ShouldBe(SandboxHost.EveryScope);
        ((string?)reply.Json["refresh_token"]).ShouldNotBeNull();
    }

    [Fact]
    public async Task The_id_token_is_signed_with_the_published_key()
    {
        var tokens = await host.Connect();
        var parts = ((string)tokens["id_token"]!).Split('.');
        var header = Decode(parts[0]);
        var key = (await host.Get("/jwks")).Json["keys"]!.AsArray().Single(candidate => (string?)candidate!["kid"] == (string?)header["kid"])!;
        ((string?)header["alg"]).ShouldBe("RS256");
        Verifies(parts, key).ShouldBeTrue();

        var claims = Decode(parts[1]);
        var half = SHA256.HashData(Encoding.ASCII.GetBytes((string)tokens["access_token"]!))[..16];
        ((string?)claims["iss"]).ShouldBe(host.Origin);
        ((string?)claims["sub"]).ShouldBe("alice");
        ((string?)claims["aud"]).ShouldBe("shop");
        ((string?)claims["nonce"]).ShouldBe("n-1");
        ((string?)claims["name"]).ShouldBe("Alice Archer");
        ((string?)claims["email"]).ShouldBe("alice@example.com");
        ((string?)claims["at_hash"]).ShouldBe(Base64Url.EncodeToString(half));
        ((long)claims["exp"]! - (long)claims["iat"]!).ShouldBe(3600);
    }

    [Fact]
    public async Task The_id_token_says_no_more_than_was_granted()
    {
        (await host.Connect(scope: "email"))["id_token"].ShouldBeNull();
        var claims = Decode(((string)(await host.Connect(scope: "openid"))["id_token"]!).Split('.')[1]);
        claims["email"].ShouldBeNull();
        claims["name"].ShouldBeNull();
    }

    [Theory]
    [InlineData("wrong-verifier-wrong-verifier-wrong-verifier-w", SandboxHost.RedirectUri)]
    [InlineData("short", SandboxHost.RedirectUri)]
    [InlineData(SandboxHost.Verifier, SandboxHost.RedirectUri + "?keep=1")]
    public async Task A_code_is_bound_to_its_verifier_and_address(string verifier, string redirectUri)
    {
        var reply = await host.Exchange(await host.Code(), verifier, redirectUri);
        reply.Status.ShouldBe(HttpStatusCode.BadRequest);
        reply.Error.ShouldBe("invalid_grant");
    }

    [Fact]
    public async Task A_code_is_bound_to_its_client()
    {
        var reply = await host.Exchange(await host.Code(client: "native"));
        reply.Error.ShouldBe("invalid_grant");
        (await host.Exchange("sbx_code_unknown")).Error.ShouldBe("invalid_grant");
    }

    [Fact]
    public async Task A_code_lives_for_a_minute()
    {
        var (first, second) = (await host.Code(), await host.Code());
        host.State.Clock.Advance(TimeSpan.FromSeconds(50));
        (await host.Exchange(first)).Status.ShouldBe(HttpStatusCode.OK);
        host.State.Clock.Advance(TimeSpan.FromSeconds(11));
        (await host.Exchange(second)).Error.ShouldBe("invalid_grant");
        host.State.Clock.Advance(TimeSpan.FromHours(2));
        await host.Code();
        (await host.Exchange(second)).Error.ShouldBe("invalid_grant");
    }

    [Fact]
    public async Task A_second_use_of_a_code_revokes_its_tokens()
    {
        var code = await host.Code();
        var tokens = (await host.Exchange(code)).Json;
        (await host.Exchange(code)).Error.ShouldBe("invalid_grant");
        (await host.Exchange(code)).Error.ShouldBe("invalid_grant");
        (await host.Get("/api/me", (string?)tokens["access_token"])).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await host.Refresh((string)tokens["refresh_token"]!)).Error.ShouldBe("invalid_grant");
        host.State.Counters.ExchangesOf(code).ShouldBe(3);
        host.State.Counters[Counter.FamiliesRevoked].ShouldBe(1);
    }

    [Fact]
    public async Task A_refresh_rotates()
    {
        var tokens = await host.Connect();
        var next = (await host.Refresh((string)tokens["refresh_token"]!)).Json;
        ((string?)next["refresh_token"]).ShouldNotBe((string?)tokens["refresh_token"]);
        ((string?)next["access_token"]).ShouldNotBe((string?)tokens["access_token"]);
        ((string?)next["scope"]).ShouldBe(SandboxHost.EveryScope);
        Decode(((string)next["id_token"]!).Split('.')[1])["nonce"].ShouldBeNull();
        (await host.Refresh((string)next["refresh_token"]!)).Status.ShouldBe(HttpStatusCode.OK);
        host.State.Counters[Counter.Refreshes].ShouldBe(2);
    }

    [Fact]
    public async Task An_old_refresh_token_ends_the_family()
    {
        var tokens = await host.Connect();
        var next = (await host.Refresh((string)tokens["refresh_token"]!)).Json;
        (await host.Refresh((string)tokens["refresh_token"]!)).Error.ShouldBe("invalid_grant");
        (await host.Refresh((string)next["refresh_token"]!)).Error.ShouldBe("invalid_grant");
        (await host.Get("/api/me", (string?)next["access_token"])).Status.ShouldBe(HttpStatusCode.Unauthorized);
        host.State.Counters[Counter.ReuseDetected].ShouldBe(1);
        host.State.Counters[Counter.FamiliesRevoked].ShouldBe(1);
    }

    [Fact]
    public async Task Of_simultaneous_refreshes_one_wins_and_the_rest_count_as_reuse()
    {
        var token = (string)(await host.Connect())["refresh_token"]!;
        var replies = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => host.Refresh(token)));
        replies.Count(reply => reply.Status == HttpStatusCode.OK).ShouldBe(1);
        host.State.Counters[Counter.ReuseDetected].ShouldBe(7);
        host.State.Counters[Counter.FamiliesRevoked].ShouldBe(1);
    }

    [Fact]
    public async Task A_refresh_may_be_narrower_and_not_wider()
    {
        var tokens = await host.Connect(scope: "openid offline_access calendar.readonly");
        var narrow = (await host.Refresh((string)tokens["refresh_token"]!, "calendar.readonly")).Json;
        ((string?)narrow["scope"]).ShouldBe("calendar.readonly");
        narrow["id_token"].ShouldBeNull();

        var wide = await host.Refresh((string)narrow["refresh_token"]!, "openid files.readonly");
        wide.Status.ShouldBe(HttpStatusCode.BadRequest);
        wide.Error.ShouldBe("invalid_scope");
        var whole = (await host.Refresh((string)narrow["refresh_token"]!)).Json;
        ((string?)whole["scope"]).ShouldBe("openid offline_access calendar.readonly");
    }

    [Fact]
    public async Task Basic_credentials_are_form_decoded_first()
    {
        var code = await host.Code(client: SandboxHost.Reserved.ClientId);
        var encoded = $"{WebUtility.UrlEncode(SandboxHost.Reserved.ClientId)}:{WebUtility.UrlEncode(SandboxHost.Reserved.ClientSecret)}";
        (await WithHeader(Basic(encoded), code)).Status.ShouldBe(HttpStatusCode.OK);

        var raw = await WithHeader(Basic($"{SandboxHost.Reserved.ClientId}:{SandboxHost.Reserved.ClientSecret}"), code);
        raw.Status.ShouldBe(HttpStatusCode.Unauthorized);
        raw.Error.ShouldBe("invalid_client");
        raw.Headers.WwwAuthenticate.Single().Scheme.ShouldBe("Basic");
    }

    [Theory]
    [InlineData("Basic ***", "invalid_client")]
    [InlineData("Basic bm9jb2xvbg==", "invalid_client")]
    [InlineData("Basic /w==", "invalid_client")]
    [InlineData("Bearer abc", "invalid_client")]
    [InlineData("Basic c2hvcDpzM2NyZXQ=", "invalid_client")]
    public async Task Other_headers_do_not_authenticate(string header, string error)
    {
        (await WithHeader(header, "code")).Error.ShouldBe(error);
    }

    [Fact]
    public async Task A_client_authenticates_once_and_as_one()
    {
        (await WithHeader("Basic c2hvcDpzM2NyZXQ=", "code", ("client_secret", "s3cret"))).Error.ShouldBe("invalid_request");
        (await WithHeader("Basic c2hvcDpzM2NyZXQ=", "code", ("client_id", "native"))).Error.ShouldBe("invalid_request");
    }

    [Theory]
    [InlineData("shop", "wrong")]
    [InlineData("shop", null)]
    [InlineData("native", "anything")]
    [InlineData("nobody", "s3cret")]
    [InlineData("app:one/ü", "p+%&= :x")]
    public async Task Only_the_registered_method_authenticates(string client, string? secret)
    {
        var reply = await host.Post("/token", [("grant_type", "refresh_token"), ("refresh_token", "x"), ("client_id", client),
            .. secret is null ? [] : new[] { ("client_secret", secret) }]);
        reply.Status.ShouldBe(HttpStatusCode.Unauthorized);
        reply.Error.ShouldBe("invalid_client");
    }

    [Fact]
    public async Task A_public_client_needs_no_secret()
    {
        var reply = await host.Post("/token", ("grant_type", "authorization_code"), ("code", await host.Code(client: "native")),
            ("redirect_uri", SandboxHost.RedirectUri), ("code_verifier", SandboxHost.Verifier), ("client_id", "native"));
        reply.Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Malformed_requests_are_refused()
    {
        (await host.PostJson("/token", "{}")).Error.ShouldBe("invalid_request");
        (await Shop()).Error.ShouldBe("invalid_request");
        (await Shop(("grant_type", "password"))).Error.ShouldBe("unsupported_grant_type");
        (await Shop(("grant_type", "authorization_code"))).Error.ShouldBe("invalid_request");
        (await Shop(("grant_type", "refresh_token"))).Error.ShouldBe("invalid_request");
        (await Shop(("grant_type", "refresh_token"), ("grant_type", "refresh_token"))).Error.ShouldBe("invalid_request");
        (await Shop(("grant_type", "refresh_token"), ("refresh_token", "unknown"))).Error.ShouldBe("invalid_grant");
        (await Shop([.. Enumerable.Range(0, 1100).Select(number => ($"p{number}", "x"))])).Error.ShouldBe("invalid_request");
    }

    [Fact]
    public async Task Revoking_a_refresh_token_ends_the_grant()
    {
        var tokens = await host.Connect();
        var reply = await host.Revoke((string)tokens["refresh_token"]!);
        reply.Status.ShouldBe(HttpStatusCode.OK);
        (await host.Get("/api/me", (string?)tokens["access_token"])).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await host.Refresh((string)tokens["refresh_token"]!)).Error.ShouldBe("invalid_grant");
        host.State.Counters[Counter.Revocations].ShouldBe(1);
        host.State.Counters[Counter.ReuseDetected].ShouldBe(0);
    }

    [Fact]
    public async Task Revoking_an_access_token_ends_it_alone()
    {
        var tokens = await host.Connect();
        (await host.Revoke((string)tokens["access_token"]!)).Status.ShouldBe(HttpStatusCode.OK);
        (await host.Get("/api/me", (string?)tokens["access_token"])).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await host.Refresh((string)tokens["refresh_token"]!)).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_revocation_needs_a_client_and_forgives_an_unknown_token()
    {
        var tokens = await host.Connect();
        (await host.Revoke("unknown")).Status.ShouldBe(HttpStatusCode.OK);
        (await host.Post("/revoke", ("token", (string)tokens["refresh_token"]!), ("client_id", "native"))).Status.ShouldBe(HttpStatusCode.OK);
        (await host.Post("/revoke", ("token", "x"), ("client_id", "shop"))).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await host.Post("/revoke", ("client_id", "native"))).Error.ShouldBe("invalid_request");
        (await host.PostJson("/revoke", "{}")).Error.ShouldBe("invalid_request");
        (await host.Refresh((string)tokens["refresh_token"]!)).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Introspection_tells_a_client_about_its_own_tokens()
    {
        var tokens = await host.Connect();
        var access = (await Introspect((string)tokens["access_token"]!)).Json;
        ((bool)access["active"]!).ShouldBeTrue();
        ((string?)access["sub"]).ShouldBe("alice");
        ((long)access["exp"]! - (long)access["iat"]!).ShouldBe(3600);
        ((bool)(await Introspect((string)tokens["refresh_token"]!)).Json["active"]!).ShouldBeTrue();
        ((bool)(await Introspect("unknown")).Json["active"]!).ShouldBeFalse();
        ((bool)(await host.Post("/introspect", ("token", (string)tokens["access_token"]!), ("client_id", "native"))).Json["active"]!).ShouldBeFalse();
        (await host.Post("/introspect", ("client_id", "native"))).Error.ShouldBe("invalid_request");
        (await host.Post("/introspect", ("client_id", "shop"))).Error.ShouldBe("invalid_client");
        (await host.PostJson("/introspect", "{}")).Error.ShouldBe("invalid_request");
    }

    internal static JsonNode Decode(string part) => JsonNode.Parse(Base64Url.DecodeFromChars(part))!;

    internal static bool Verifies(string[] parts, JsonNode jwk)
    {
        using var rsa = RSA.Create(new RSAParameters
        {
            Modulus = Base64Url.DecodeFromChars((string)jwk["n"]!),
            Exponent = Base64Url.DecodeFromChars((string)jwk["e"]!),
        });
        return rsa.VerifyData(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Base64Url.DecodeFromChars(parts[2]),
            HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
    }

    private static string Basic(string pair) => "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(pair));

    private Task<Reply> Introspect(string token) => host.Post("/introspect", ("token", token), ("client_id", "shop"), ("client_secret", "s3cret"));

    private Task<Reply> Shop(params (string, string)[] form) => host.Post("/token", [("client_id", "shop"), ("client_secret", "s3cret"), .. form]);

    private Task<Reply> WithHeader(string header, string code, params (string Name, string Value)[] more)
    {
        (string Name, string Value)[] form = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", SandboxHost.RedirectUri), ("code_verifier", SandboxHost.Verifier), .. more];
        var request = new HttpRequestMessage(HttpMethod.Post, host.Origin + "/token")
        {
            Content = new FormUrlEncodedContent(form.Select(pair => KeyValuePair.Create(pair.Name, pair.Value))),
        };
        request.Headers.TryAddWithoutValidation("Authorization", header);
        return host.Send(request);
    }
}
