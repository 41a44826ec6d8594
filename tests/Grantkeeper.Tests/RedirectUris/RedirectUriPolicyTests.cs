using Grantkeeper.RedirectUris;
using Grantkeeper.Settings;
using static Grantkeeper.Tests.Settings.SomeSettings;

namespace Grantkeeper.Tests.RedirectUris;

[Trait("category", "security")]
public sealed class RedirectUriPolicyTests
{
    private static readonly GrantkeeperOptions Production = Read(("GRANTKEEPER_PUBLIC_URL", "https://connect.example.com"), ("Grantkeeper:Connect:AllowedOrigins:0", "https://admin.example.com"));
    private static readonly GrantkeeperOptions Staging = Read(("DEPLOY_ENV", "staging"), ("FRONTEND_URL", "https://staging.example.com"));
    private static readonly GrantkeeperOptions Development = Read(("DEPLOY_ENV", "dev"), ("FRONTEND_URL", "http://localhost:3000"), ("GRANTKEEPER_PUBLIC_URL", "http://localhost:8000"));

    public static TheoryData<string> OpenRedirects() =>
    [
        "//evil.example", "///evil.example", "////evil.example", "//evil.example/%2f..", "//evil.example@app.example.com", "//app.example.com@evil.example", "//app.example.com",
        "\\evil.example", "\\\\evil.example", "/\\evil.example", "/\\/evil.example", "\\/evil.example", "/\\\\evil.example", "https:\\\\evil.example", "https:/\\evil.example",
        "/%2f/evil.example", "/%2fevil.example", "/%2F%2Fevil.example", "/%5cevil.example", "/%5Cevil.example", "/%5c%5cevil.example", "/x%5c..%5cevil.example", "%2f%2fevil.example", "%5cevil.example",
        "/\t/evil.example", "/\n/evil.example", "/\r\n/evil.example", "\t//evil.example", " //evil.example", "/ /evil.example", "//\tevil.example", "/%09/evil.example", "/%0d%0aLocation:%20https://evil.example", "/ok\r\nSet-Cookie: a=b", "/ok%0d%0aSet-Cookie:a=b", "/%00//evil.example", "/ok\0",
        "https:evil.example", "https:/evil.example", "https:///evil.example", "https:app.example.com", "https:/app.example.com", "https:///app.example.com/x", "http:evil.example", "https:",
        "https://evil.example", "http://evil.example", "https://ok@evil.example", "https://app.example.com@evil.example", "https://app.example.com:pw@evil.example", "https://user@app.example.com/", "https://evil.example#@app.example.com", "https://evil.example?app.example.com", "https://evil.example/app.example.com",
        "https://app.example.com.evil.example", "https://evil-app.example.com", "https://xapp.example.com", "https://sub.app.example.com", "https://example.com", "https://app.example.com.", "https://app.example.com:8443", "https://app.example.com:80", "https://app.example.com%2eevil.example", "https://app.example.com%00.evil.example",
        "http://app.example.com", "ftp://app.example.com", "javascript:alert(1)", "javascript://app.example.com/%0aalert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "blob:https://app.example.com/x", "mailto:a@b",
        "https://аpp.example.com", "https://app.example。com", "https://ⓐpp.example.com", "https://xn--pp-8cd.example.com", "//ⓔvil.example", "/。/evil", "https://[::1]", "https://2130706433", "https://0x7f000001",
        "evil.example", "x", ".", "..", "?x=//evil.example", "#//evil.example", "@evil.example", ";//evil.example", "/.//evil.example", "/..//evil.example", "/a/..//evil.example", "/./\\evil.example", "/%2e%2f/evil.example", "/ok#fragment", "https://app.example.com/ok#fragment",
        "https://connect.example.com/", "https://admin.example.com:444/", "https://ADMIN.example.com.evil.example/",
    ];

    [Theory, MemberData(nameof(OpenRedirects))]
    public void A_return_address_that_could_lead_elsewhere_is_refused(string payload)
    {
        foreach (var options in new[] { Production, Staging })
            RedirectUriPolicy.ReturnTo(payload, options).Failure.ShouldNotBeNull(payload).Code.Code.ShouldBe("redirect_uris.return_to_not_allowed");
    }

    [Theory]
    [InlineData("/", "https://app.example.com/"), InlineData("/settings", "https://app.example.com/settings"), InlineData("/a/b?x=1&y=%2Fz", "https://app.example.com/a/b?x=1&y=%2Fz"), InlineData("/a//b", "https://app.example.com/a//b")]
    [InlineData("/go?to=https://evil.example", "https://app.example.com/go?to=https://evil.example"), InlineData("/@evil.example", "https://app.example.com/@evil.example"), InlineData("/:80", "https://app.example.com/:80"), InlineData("/a/../b", "https://app.example.com/b")]
    [InlineData("https://app.example.com", "https://app.example.com/"), InlineData("https://app.example.com/x?y=1", "https://app.example.com/x?y=1"), InlineData("HTTPS://APP.example.com/x", "https://app.example.com/x"), InlineData("https://app.example.com:443/x", "https://app.example.com/x")]
    [InlineData("https://admin.example.com/x", "https://admin.example.com/x"), InlineData(null, null), InlineData("", null)]
    public void A_return_address_at_home_is_kept(string? returnTo, string? address) => RedirectUriPolicy.ReturnTo(returnTo, Production).Value.ShouldBe(address);

    [Fact]
    public void An_endless_return_address_is_refused()
    {
        RedirectUriPolicy.ReturnTo("/" + new string('a', 1999), Production).IsSuccess.ShouldBeTrue();
        RedirectUriPolicy.ReturnTo("/" + new string('a', 2000), Production).IsSuccess.ShouldBeFalse();
    }

    [Theory]
    [InlineData(null, "https://app.example.com"), InlineData("", "https://app.example.com"), InlineData("https://app.example.com", "https://app.example.com"), InlineData("https://admin.example.com", "https://admin.example.com")]
    public void The_message_goes_to_one_listed_origin(string? opener, string target) => RedirectUriPolicy.MessageTarget(opener, Production).Value.ShouldBe(target);

    [Theory]
    [InlineData("*"), InlineData("null"), InlineData("https://app.example.com/"), InlineData("https://app.example.com:443"), InlineData("HTTPS://APP.example.com"), InlineData("https://evil.example"), InlineData("https://app.example.com.evil.example"), InlineData("https://connect.example.com"), InlineData("http://app.example.com"), InlineData(" https://app.example.com")]
    public void Another_opener_is_refused(string opener) => RedirectUriPolicy.MessageTarget(opener, Production).Failure!.Code.Code.ShouldBe("redirect_uris.opener_not_allowed");

    [Fact]
    public void A_missing_redirect_uri_is_derived_from_the_public_url_only()
    {
        RedirectUriPolicy.RedirectUriOf("google", null, Production).Value.ShouldBe("https://connect.example.com/oauth/google/callback");
        RedirectUriPolicy.RedirectUriOf("google", null, Development).Value.ShouldBe("http://localhost:8000/oauth/google/callback");
        RedirectUriPolicy.RedirectUriOf("google", null, Staging).Failure!.Code.Code.ShouldBe("redirect_uris.not_configured");
    }

    [Theory]
    [InlineData("https://app.example.com/oauth/google/callback"), InlineData("https://connect.example.com/oauth/google/callback"), InlineData("https://app.example.com:443/cb"), InlineData("https://app.example.com/cb?tenant=1"), InlineData("https://APP.example.com/CB")]
    public void A_configured_redirect_uri_of_our_origins_is_kept_as_registered(string uri) => RedirectUriPolicy.RedirectUriOf("google", uri, Production).Value.ShouldBe(uri);

    [Theory]
    [InlineData("http://app.example.com/cb", "not https"), InlineData("http://localhost:3000/cb", "not https"), InlineData("https://evil.example/cb", "neither FRONTEND_URL"), InlineData("https://app.example.com:8443/cb", "neither FRONTEND_URL")]
    [InlineData("https://app.example.com@evil.example/cb", "no absolute URL"), InlineData("https://app.example.com/cb#x", "no absolute URL"), InlineData("/oauth/google/callback", "https"), InlineData("nonsense", "no absolute URL"), InlineData("", "no absolute URL")]
    [InlineData("https://localhost/cb", "developer's machine"), InlineData("https://app.localhost/cb", "developer's machine"), InlineData("https://127.0.0.1/cb", "developer's machine"), InlineData("https://[::1]/cb", "developer's machine"), InlineData("https://127.8.9.1/cb", "developer's machine")]
    [InlineData("https://localhost./cb", "developer's machine"), InlineData("https://abc.ngrok-free.app/cb", "developer's machine"), InlineData("https://ngrok.io/cb", "developer's machine"), InlineData("https://x.trycloudflare.com/cb", "developer's machine"), InlineData("https://mac.local/cb", "developer's machine")]
    [InlineData("https://staging.example.com/cb", "staging environment"), InlineData("https://app-staging.example.com/cb", "staging environment"), InlineData("https://STAGE.example.com/cb", "staging environment")]
    [InlineData("https://notngrok.io/cb", "neither FRONTEND_URL"), InlineData("https://backstage.example.com/cb", "neither FRONTEND_URL"), InlineData("https://stagecoach.example.com/cb", "neither FRONTEND_URL")]
    public void A_redirect_uri_that_does_not_fit_production_says_why(string uri, string why)
    {
        var failure = RedirectUriPolicy.RedirectUriOf("google", uri, Production).Failure.ShouldNotBeNull();
        failure.Code.Code.ShouldBe("redirect_uris.environment_mismatch");
        failure.Message.ShouldContain(why);
    }

    [Fact]
    public void Backstage_is_no_staging_host()
    {
        var options = Read(("FRONTEND_URL", "https://backstage.example.com"));
        RedirectUriPolicy.RedirectUriOf("google", "https://backstage.example.com/cb", options).IsSuccess.ShouldBeTrue();
    }

    [Fact]
    public void A_derived_redirect_uri_is_judged_like_a_written_one()
    {
        foreach (var host in new[] { "https://staging.example.com", "https://localhost", "https://abc.ngrok.app" })
            RedirectUriPolicy.RedirectUriOf("google", null, Read(("GRANTKEEPER_PUBLIC_URL", host))).Failure.ShouldNotBeNull(host).Code.Code.ShouldBe("redirect_uris.environment_mismatch");
    }

    [Fact]
    public void Staging_takes_its_own_host_and_no_developers()
    {
        RedirectUriPolicy.RedirectUriOf("google", "https://staging.example.com/cb", Staging).IsSuccess.ShouldBeTrue();
        RedirectUriPolicy.RedirectUriOf("google", "https://x.ngrok.app/cb", Staging).Failure!.Message.ShouldContain("developer's machine");
        RedirectUriPolicy.RedirectUriOf("google", "http://localhost:3000/cb", Staging).IsSuccess.ShouldBeFalse();
    }

    [Fact]
    public void Development_takes_http_on_loopback_and_tunnels()
    {
        RedirectUriPolicy.RedirectUriOf("google", "http://localhost:3000/cb", Development).IsSuccess.ShouldBeTrue();
        RedirectUriPolicy.RedirectUriOf("google", "http://127.0.0.1:3000/cb", Development).Failure!.Message.ShouldContain("neither FRONTEND_URL");
        var tunnel = Read(("DEPLOY_ENV", "dev"), ("FRONTEND_URL", "https://abc.ngrok-free.app"));
        RedirectUriPolicy.RedirectUriOf("google", "https://abc.ngrok-free.app/cb", tunnel).IsSuccess.ShouldBeTrue();
    }
}
