using System.Text;
using System.Text.Json.Nodes;
using Grantkeeper.OAuth;

namespace Grantkeeper.Tests.OAuth;

[Trait("category", "security")]
public sealed class ServerMetadataTests
{
    private const string Issuer = "https://idp.example.com";

    private static string Document(params (string Name, JsonNode? Value)[] changes)
    {
        var json = new JsonObject
        {
            ["issuer"] = Issuer,
            ["authorization_endpoint"] = "https://idp.example.com/authorize",
            ["token_endpoint"] = "https://idp.example.com/token",
            ["revocation_endpoint"] = "https://idp.example.com/revoke",
            ["userinfo_endpoint"] = "https://idp.example.com/me",
            ["jwks_uri"] = "https://keys.example.net/jwks",
            ["authorization_response_iss_parameter_supported"] = true,
            ["token_endpoint_auth_methods_supported"] = new JsonArray("client_secret_post", 7),
            ["code_challenge_methods_supported"] = new JsonArray("S256"),
        };
        foreach (var (name, value) in changes)
            json[name] = value;
        return json.ToJsonString();
    }

    private static ServerMetadata? Read(string json, string issuer = Issuer) => ServerMetadata.Read(Encoding.UTF8.GetBytes(json), issuer, out _);

    [Fact]
    public void A_full_document_is_read()
    {
        var read = Read(Document())!;
        read.TokenEndpoint.AbsoluteUri.ShouldBe("https://idp.example.com/token");
        read.JwksUri!.Host.ShouldBe("keys.example.net");
        (read.SendsIss, read.TokenEndpointAuthMethods.Single(), read.CodeChallengeMethods!.Single()).ShouldBe((true, "client_secret_post", "S256"));
    }

    [Fact]
    public void What_a_document_does_not_say_has_the_default_of_its_specification()
    {
        var read = Read("""{"issuer":"https://idp.example.com","authorization_endpoint":"https://idp.example.com/a","token_endpoint":"https://idp.example.com/t"}""")!;
        (read.RevocationEndpoint, read.UserinfoEndpoint, read.JwksUri, read.SendsIss, read.CodeChallengeMethods).ShouldBe((null, null, null, false, null));
        read.TokenEndpointAuthMethods.ShouldBe(["client_secret_basic"]);
    }

    [Theory]
    [InlineData("https://idp.example.com/"), InlineData("https://IDP.example.com"), InlineData("http://idp.example.com")]
    [InlineData("https://idp.example.com:443"), InlineData("https://evil.example"), InlineData("")]
    public void Another_issuer_is_refused_whatever_else_is_right(string issuer)
    {
        ServerMetadata.Read(Encoding.UTF8.GetBytes(Document(("issuer", issuer))), Issuer, out var fault).ShouldBeNull();
        fault.ShouldContain("letter by letter");
    }

    [Fact]
    public void An_issuer_with_a_trailing_slash_has_a_document_that_repeats_it()
    {
        ServerMetadata.AddressOf("https://idp.example.com/").AbsoluteUri.ShouldBe("https://idp.example.com/.well-known/openid-configuration");
        ServerMetadata.AddressOf("https://idp.example.com/tenant").AbsoluteUri.ShouldBe("https://idp.example.com/tenant/.well-known/openid-configuration");
        Read(Document(("issuer", "https://idp.example.com/")), "https://idp.example.com/").ShouldNotBeNull();
        Read(Document(), "https://idp.example.com/").ShouldBeNull();
    }

    [Theory]
    [InlineData("authorization_endpoint", null), InlineData("token_endpoint", null), InlineData("authorization_endpoint", "/authorize")]
    [InlineData("token_endpoint", "javascript:alert(1)"), InlineData("authorization_endpoint", "javascript:alert(1)"), InlineData("token_endpoint", "file:///etc/passwd")]
    [InlineData("authorization_endpoint", "http://idp.example.com/authorize"), InlineData("token_endpoint", "http://169.254.169.254/token")]
    [InlineData("authorization_endpoint", "https://idp.example.com/authorize#frag"), InlineData("token_endpoint", "https://user:pw@idp.example.com/token")]
    [InlineData("authorization_endpoint", "http://127.0.0.1/authorize")]
    public void A_document_without_usable_endpoints_is_refused(string member, string? value) => Read(Document((member, value))).ShouldBeNull();

    [Theory]
    [InlineData("revocation_endpoint"), InlineData("userinfo_endpoint"), InlineData("jwks_uri")]
    public void An_unusable_optional_endpoint_counts_as_absent(string member)
    {
        var read = Read(Document((member, "http://idp.example.com/x")))!;
        new[] { read.RevocationEndpoint, read.UserinfoEndpoint, read.JwksUri }.Count(address => address is null).ShouldBe(1);
    }

    [Fact]
    public void A_developers_issuer_on_loopback_may_name_http_on_loopback_only()
    {
        const string Local = "http://127.0.0.1:8100";
        Read(Document(("issuer", Local), ("authorization_endpoint", Local + "/a"), ("token_endpoint", Local + "/t")), Local)!.TokenEndpoint.Port.ShouldBe(8100);
        Read(Document(("issuer", Local), ("authorization_endpoint", "http://idp.example.com/a")), Local).ShouldBeNull();
    }

    [Theory]
    [InlineData(""), InlineData("[]"), InlineData("null"), InlineData("\"x\""), InlineData("<html>"), InlineData("{"), InlineData("""{"issuer":"\ud800"}""")]
    [InlineData("""{"issuer":["https://idp.example.com"]}""")]
    public void What_is_no_metadata_is_refused(string body) => Read(body).ShouldBeNull();
}
