using System.Text;
using System.Text.Json;
using Grantkeeper.Encryption;
using Grantkeeper.OAuth;

namespace Grantkeeper.Tests.OAuth;

[Trait("category", "services")]
public sealed class TokenRequestTests
{
    private static readonly Uri Endpoint = new("https://idp.example.com/token");

    private static TokenEndpointTarget Target(ClientAuthenticationMethod method, string id = "client-1", string secret = "s3cret") =>
        new(Endpoint, new ClientCredentials(id, new Secret(secret), method));

    private static async Task<Dictionary<string, string>> Form(HttpRequestMessage request)
    {
        request.Content!.Headers.ContentType!.MediaType.ShouldBe("application/x-www-form-urlencoded");
        var text = await request.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return text.Split('&').Select(pair => pair.Split('=')).ToDictionary(pair => Decode(pair[0]), pair => Decode(pair[1]));
    }

    private static string Decode(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));

    private static string BasicOf(HttpRequestMessage request)
    {
        request.Headers.Authorization!.Scheme.ShouldBe("Basic");
        return Encoding.UTF8.GetString(Convert.FromBase64String(request.Headers.Authorization.Parameter!));
    }

    private static HttpRequestMessage Exchange(TokenEndpointTarget target) =>
        TokenEndpoint.ExchangeCode(target, new Secret("co de/+&="), "https://app.example.com/cb?x=1", new Secret("verifier"));

    [Fact]
    public async Task A_code_is_exchanged_with_its_redirect_uri_and_verifier()
    {
        using var request = Exchange(Target(ClientAuthenticationMethod.Post));
        (request.Method, request.RequestUri).ShouldBe((HttpMethod.Post, Endpoint));
        request.Headers.Accept.Single().MediaType.ShouldBe("application/json");
        (await Form(request)).ShouldBe(new Dictionary<string, string>
        {
            ["grant_type"] = "authorization_code", ["code"] = "co de/+&=", ["redirect_uri"] = "https://app.example.com/cb?x=1",
            ["code_verifier"] = "verifier", ["client_id"] = "client-1", ["client_secret"] = "s3cret",
        }, ignoreOrder: true);
    }

    [Fact]
    public async Task Without_a_verifier_none_is_sent()
    {
        using var request = TokenEndpoint.ExchangeCode(Target(ClientAuthenticationMethod.Post), new Secret("c"), "https://app.example.com/cb", default);
        (await Form(request)).ShouldNotContainKey("code_verifier");
    }

    [Fact]
    public async Task A_refresh_names_the_token_and_no_scope()
    {
        using var request = TokenEndpoint.Refresh(Target(ClientAuthenticationMethod.Basic), new Secret("rt"));
        (await Form(request)).ShouldBe(new Dictionary<string, string> { ["grant_type"] = "refresh_token", ["refresh_token"] = "rt" }, ignoreOrder: true);
    }

    [Theory]
    // RFC 6749 section 2.3.1: form-encoded first, since a colon or a percent sign would end or change the id.
    [InlineData("client-1_.~", "plain", "client-1_.~:plain")]
    [InlineData("client:1", "a:b", "client%3A1:a%3Ab")]
    [InlineData("id", "p%2B+ /=&ü", "id:p%252B%2B%20%2F%3D%26%C3%BC")]
    [InlineData("id", "!*'()", "id:%21%2A%27%28%29")]
    public async Task Basic_encodes_id_and_secret_first(string id, string secret, string expected)
    {
        using var request = Exchange(Target(ClientAuthenticationMethod.Basic, id, secret));
        BasicOf(request).ShouldBe(expected);
        var form = await Form(request);
        form.ShouldNotContainKey("client_secret");
        form.ShouldNotContainKey("client_id");
    }

    [Fact]
    public void Basic_raw_sends_them_as_they_are()
    {
        using var request = Exchange(Target(ClientAuthenticationMethod.BasicRaw, "id", "a:b%2B ü"));
        BasicOf(request).ShouldBe("id:a:b%2B ü");
    }

    [Fact]
    public async Task A_public_client_names_itself_and_proves_nothing()
    {
        using var request = Exchange(Target(ClientAuthenticationMethod.None));
        request.Headers.Authorization.ShouldBeNull();
        var form = await Form(request);
        form["client_id"].ShouldBe("client-1");
        form.ShouldNotContainKey("client_secret");
    }

    [Fact]
    public async Task Post_without_a_secret_sends_no_empty_one()
    {
        using var request = Exchange(Target(ClientAuthenticationMethod.Post, secret: ""));
        (await Form(request)).ShouldNotContainKey("client_secret");
    }

    [Fact]
    public async Task Json_puts_everything_in_a_json_body()
    {
        using var request = Exchange(Target(ClientAuthenticationMethod.Json));
        request.Content!.Headers.ContentType!.MediaType.ShouldBe("application/json");
        var body = JsonSerializer.Deserialize<Dictionary<string, string>>(await request.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
        (body["code"], body["client_id"], body["client_secret"]).ShouldBe(("co de/+&=", "client-1", "s3cret"));
    }

    [Fact]
    public async Task A_provider_that_takes_json_and_basic_gets_both()
    {
        using var request = Exchange(Target(ClientAuthenticationMethod.Basic) with { SendsJson = true });
        BasicOf(request).ShouldBe("client-1:s3cret");
        request.Content!.Headers.ContentType!.MediaType.ShouldBe("application/json");
        (await request.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldNotContain("s3cret");
    }

    [Fact]
    public async Task A_manifest_adds_parameters_and_headers_but_replaces_none()
    {
        using var request = Exchange(Target(ClientAuthenticationMethod.Post) with
        {
            Extra = new Dictionary<string, string> { ["resource"] = "https://api", ["code"] = "evil", ["client_secret"] = "evil", ["grant_type"] = "evil" },
            Headers = new Dictionary<string, string> { ["Notion-Version"] = "2022-06-28", ["Accept"] = "application/vnd.x+json" },
        });
        var form = await Form(request);
        (form["resource"], form["code"], form["client_secret"], form["grant_type"]).ShouldBe(("https://api", "co de/+&=", "s3cret", "authorization_code"));
        request.Headers.GetValues("Notion-Version").Single().ShouldBe("2022-06-28");
    }

    [Fact]
    public async Task A_revocation_names_the_token_and_its_kind()
    {
        using var request = RevocationEndpoint.Revoke(Target(ClientAuthenticationMethod.Post), new Secret("rt"), "refresh_token");
        (await Form(request)).ShouldBe(new Dictionary<string, string>
        {
            ["token"] = "rt", ["token_type_hint"] = "refresh_token", ["client_id"] = "client-1", ["client_secret"] = "s3cret",
        }, ignoreOrder: true);
    }

    [Fact]
    public void A_client_that_proves_itself_in_json_revokes_in_json()
    {
        using var request = RevocationEndpoint.Revoke(Target(ClientAuthenticationMethod.Json), new Secret("rt"), "refresh_token");
        request.Content!.Headers.ContentType!.MediaType.ShouldBe("application/json");
    }

    [Fact]
    public void A_target_never_prints_its_secret() => Target(ClientAuthenticationMethod.Post, secret: "canary-secret").ToString().ShouldNotContain("canary");
}
