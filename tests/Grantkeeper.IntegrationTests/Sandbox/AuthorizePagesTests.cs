using System.Net;

namespace Grantkeeper.IntegrationTests.Sandbox;

[Trait("category", "sandbox")]
public sealed class AuthorizePagesTests : IAsyncLifetime
{
    private SandboxHost host = null!;

    public async ValueTask InitializeAsync() => host = await SandboxHost.Start();

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task A_person_signs_in_and_allows_part_of_it()
    {
        var browser = new Browser(host);
        var login = await browser.Open(host.AuthorizePath());
        browser.Path.ShouldStartWith("/authorize/login");
        login.Body.ShouldContain("Sandbox:");
        login.Body.ShouldContain("no real account is touched");
        login.Body.ShouldContain("Carol Chandra");

        var consent = await browser.Submit(login, "/authorize/login", ("person", "bob"));
        browser.Path.ShouldStartWith("/authorize/consent");
        consent.Body.ShouldContain("bob@example.com");
        consent.Body.ShouldContain("Stay connected while you are away");

        var back = (await browser.Submit(consent, "/authorize/consent", ("decision", "allow"), ("scope", "email"), ("scope", "files.readonly"))).Callback;
        back["state"].ShouldBe("st ate&1");
        back["iss"].ShouldBe(host.Origin);
        var tokens = (await host.Exchange(back["code"])).Json;
        ((string?)tokens["scope"]).ShouldBe("openid email files.readonly");
        tokens["refresh_token"].ShouldBeNull();
        host.State.Grants.All.Single().Subject.ShouldBe("bob");
    }

    [Fact]
    public async Task A_person_denies()
    {
        var browser = new Browser(host);
        var consent = await browser.Open(host.AuthorizePath(("login_hint", "alice@example.com")));
        browser.Path.ShouldStartWith("/authorize/consent");
        var back = (await browser.Submit(consent, "/authorize/consent", ("decision", "deny"), ("scope", "openid"))).Callback;
        back["error"].ShouldBe("access_denied");
        back["state"].ShouldBe("st ate&1");
        back["iss"].ShouldBe(host.Origin);
    }

    [Fact]
    public async Task Granting_nothing_is_denying()
    {
        var browser = new Browser(host);
        var consent = await browser.Open(host.AuthorizePath(("login_hint", "alice"), ("scope", "email")));
        (await browser.Submit(consent, "/authorize/consent", ("decision", "allow"))).Callback["error"].ShouldBe("access_denied");
    }

    [Fact]
    public async Task The_browser_is_remembered_and_can_switch_accounts()
    {
        var browser = new Browser(host);
        await browser.Submit(await browser.Open(host.AuthorizePath()), "/authorize/login", ("person", "carol"));
        var consent = await browser.Open(host.AuthorizePath());
        consent.Body.ShouldContain("carol@example.com");

        var login = await browser.Submit(consent, "/authorize/switch");
        login.Body.ShouldContain("suggested");
        consent = await browser.Submit(login, "/authorize/login", ("person", "alice"));
        consent.Body.ShouldContain("alice@example.com");
        consent.Body.ShouldNotContain("carol@example.com");
    }

    [Theory]
    [InlineData("login")]
    [InlineData("select_account consent")]
    public async Task A_prompt_brings_the_accounts_back(string prompt)
    {
        var browser = new Browser(host);
        var page = await browser.Open(host.AuthorizePath(("login_hint", "bob"), ("prompt", prompt)));
        browser.Path.ShouldStartWith("/authorize/login");
        page.Body.IndexOf("Bob Baker", StringComparison.Ordinal).ShouldBeLessThan(page.Body.IndexOf("Alice Archer", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Prompt_none_never_shows_a_page()
    {
        var browser = new Browser(host);
        (await browser.Open(host.AuthorizePath(("prompt", "none")))).Callback["error"].ShouldBe("login_required");

        var consent = await browser.Submit(await browser.Open(host.AuthorizePath()), "/authorize/login", ("person", "alice"));
        (await browser.Open(host.AuthorizePath(("prompt", "none")))).Callback["error"].ShouldBe("consent_required");
        (await browser.Open(host.AuthorizePath(("prompt", "none"), ("login_hint", "bob")))).Callback["error"].ShouldBe("login_required");

        var back = (await browser.Submit(consent, "/authorize/consent", ("decision", "allow"), ("scope", "email"))).Callback;
        await host.Exchange(back["code"]);
        (await browser.Open(host.AuthorizePath(("prompt", "none"), ("scope", "openid email")))).Callback.ShouldContainKey("code");
    }

    [Fact]
    public async Task A_form_needs_its_token_its_browser_and_its_turn()
    {
        var browser = new Browser(host);
        var consent = await browser.Open(host.AuthorizePath(("login_hint", "alice")));
        var path = browser.Path;
        var id = path[(path.IndexOf('=', StringComparison.Ordinal) + 1)..];

        (await browser.Post("/authorize/consent", ("interaction", id), ("antiforgery", "guess"), ("decision", "allow"))).Status.ShouldBe(HttpStatusCode.BadRequest);
        (await browser.Post("/authorize/login", ("interaction", id), ("antiforgery", "guess"), ("person", "bob"))).Status.ShouldBe(HttpStatusCode.BadRequest);
        (await browser.Post("/authorize/switch", ("interaction", id), ("antiforgery", "guess"))).Status.ShouldBe(HttpStatusCode.BadRequest);

        var stranger = new Browser(host);
        (await stranger.Open(path)).Status.ShouldBe(HttpStatusCode.BadRequest);
        (await stranger.Open("/authorize/login?interaction=" + id)).Status.ShouldBe(HttpStatusCode.BadRequest);
        (await stranger.Submit(consent, "/authorize/consent", ("decision", "allow"))).Status.ShouldBe(HttpStatusCode.BadRequest);

        (await browser.Submit(consent, "/authorize/consent", ("decision", "allow"))).Callback.ShouldContainKey("code");
        (await browser.Submit(consent, "/authorize/consent", ("decision", "allow"))).Status.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task A_page_grows_too_old()
    {
        var browser = new Browser(host);
        await browser.Open(host.AuthorizePath());
        var path = browser.Path;
        host.State.Clock.Advance(TimeSpan.FromMinutes(11));
        (await browser.Open(path)).Status.ShouldBe(HttpStatusCode.BadRequest);
        (await browser.Open(host.AuthorizePath())).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Form_post_carries_the_answer_in_a_form()
    {
        var page = await host.Get(host.AuthorizePath(("login_hint", "alice+auto"), ("response_mode", "form_post"), ("state", "\"><script>x</script>")));
        page.Status.ShouldBe(HttpStatusCode.OK);
        page.Body.ShouldContain($"action=\"{SandboxHost.RedirectUri}\"");
        page.Body.ShouldContain("name=\"code\" value=\"sbx_code_");
        page.Body.ShouldContain("&quot;&gt;&lt;script&gt;x&lt;/script&gt;");
        page.Body.ShouldNotContain("<script>x");
        page.Headers.GetValues("Content-Security-Policy").Single().ShouldContain("script-src 'self'");
        (await host.Get("/assets/submit.js")).Body.ShouldContain("submit()");
    }

    [Fact]
    public async Task Pages_encode_what_they_show_and_allow_no_script()
    {
        var browser = new Browser(host);
        var login = await browser.Open(host.AuthorizePath());
        login.Body.ShouldContain("Shop &amp; &lt;b&gt;Sons&lt;/b&gt;");
        login.Body.ShouldNotContain("<b>Sons");
        var policy = login.Headers.GetValues("Content-Security-Policy").Single();
        policy.ShouldContain("default-src 'none'");
        policy.ShouldContain("frame-ancestors 'none'");
        policy.ShouldNotContain("script-src");
        login.Body.ShouldNotContain("<script");
        (await host.Get("/assets/sandbox.css")).Body.ShouldContain("prefers-color-scheme: dark");
        (await host.Get("/people/alice.svg")).Body.ShouldStartWith("<svg");
        (await host.Get("/people/mallory.svg")).Status.ShouldBe(HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("client_id", "<script>alert(1)</script>")]
    [InlineData("client_id", null)]
    [InlineData("redirect_uri", "http://127.0.0.1:9/callback/")]
    [InlineData("redirect_uri", "https://evil.example/")]
    [InlineData("redirect_uri", null)]
    public async Task An_untrusted_address_gets_a_page_and_no_redirect(string parameter, string? value)
    {
        var reply = await host.Get(host.AuthorizePath((parameter, value), ("login_hint", "alice+auto")));
        reply.Status.ShouldBe(HttpStatusCode.BadRequest);
        reply.Headers.Location.ShouldBeNull();
        reply.Body.ShouldContain("This request cannot go on");
        reply.Body.ShouldNotContain("<script>");
        reply.Body.ShouldNotContain("evil.example");
    }

    [Fact]
    public async Task A_repeated_parameter_gets_a_page()
    {
        (await host.Get(host.AuthorizePath() + "&client_id=shop")).Status.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Theory]
    [InlineData("response_type", "token", "unsupported_response_type")]
    [InlineData("response_type", null, "invalid_request")]
    [InlineData("response_mode", "fragment", "invalid_request")]
    [InlineData("code_challenge", null, "invalid_request")]
    [InlineData("code_challenge", "short", "invalid_request")]
    [InlineData("code_challenge_method", "plain", "invalid_request")]
    [InlineData("code_challenge_method", null, "invalid_request")]
    [InlineData("scope", "openid mail\"box", "invalid_scope")]
    [InlineData("scope", null, "invalid_scope")]
    [InlineData("prompt", "none login", "invalid_request")]
    [InlineData("prompt", "dance", "invalid_request")]
    [InlineData("request", "eyJ", "request_not_supported")]
    [InlineData("request_uri", "https://x.example", "request_uri_not_supported")]
    public async Task Other_faults_go_back_to_the_application(string parameter, string? value, string error)
    {
        var back = (await host.Get(host.AuthorizePath((parameter, value), ("login_hint", "alice+auto")))).Callback;
        back["error"].ShouldBe(error);
        back["state"].ShouldBe("st ate&1");
        back["iss"].ShouldBe(host.Origin);
        back.ShouldNotContainKey("code");
    }

    [Fact]
    public async Task Hints_answer_for_tests()
    {
        ((string?)(await host.Connect("carol+auto"))["scope"]).ShouldBe(SandboxHost.EveryScope);
        ((string?)(await host.Connect("alice+partial"))["scope"]).ShouldBe("openid profile email offline_access calendar.readonly calendar.write");
        (await host.Get(host.AuthorizePath(("login_hint", "deny+auto")))).Callback["error"].ShouldBe("access_denied");
        (await host.Get(host.AuthorizePath(("login_hint", "alice+partial"), ("scope", "email")))).Callback["error"].ShouldBe("access_denied");
    }

    [Fact]
    public async Task Auto_consent_needs_no_hint_and_keeps_a_query()
    {
        await using var auto = await SandboxHost.Start(autoConsent: true);
        var path = auto.AuthorizePath(("redirect_uri", SandboxHost.RedirectUri + "?keep=1"), ("state", null));
        var back = (await auto.Get(path)).Callback;
        back["keep"].ShouldBe("1");
        back.ShouldNotContainKey("state");
        (await auto.Exchange(back["code"], redirectUri: SandboxHost.RedirectUri + "?keep=1")).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task An_authorization_request_may_come_as_a_form()
    {
        var query = new Uri(host.Origin + host.AuthorizePath(("login_hint", "alice+auto"))).Query;
        var fields = Microsoft.AspNetCore.WebUtilities.QueryHelpers.ParseQuery(query).Select(pair => (pair.Key, pair.Value.Single()!)).ToArray();
        (await host.Post("/authorize", fields)).Callback.ShouldContainKey("code");
        (await host.PostJson("/authorize", "{}")).Status.ShouldBe(HttpStatusCode.BadRequest);
    }
}
