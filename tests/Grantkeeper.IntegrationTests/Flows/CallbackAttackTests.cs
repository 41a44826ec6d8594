using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Grantkeeper.Encryption;

namespace Grantkeeper.IntegrationTests.Flows;

/// <summary>What a hostile browser, page or provider may try at the start link and the callback.</summary>
[Trait("category", "security")]
public abstract class CallbackAttackTests(WorldFixture fixture)
{
    private const string Start = "/api/v1/oauth/initiate";

    private FlowWorld World => fixture.World;

    private static string NewUser() => $"user_{Guid.NewGuid():N}";

    [Fact]
    public async Task State_that_was_never_issued_sends_no_code()
    {
        var (browser, callback, _) = await World.ReachCallback(NewUser(), confirm: false);
        using var _b = browser;
        await Refused(browser, callback.With("state", RandomHandle.New().Reveal()), "connect.state_unknown", callback);
        await Refused(browser, callback.With("state", "' OR 1=1 --"), "connect.state_unknown", callback);
        await Refused(browser, callback.With("state", "\0"), "connect.state_unknown", callback);
        await Finishes(browser, callback);
    }

    [Fact]
    public async Task Callback_without_a_state_belongs_to_nothing()
    {
        var (browser, callback, _) = await World.ReachCallback(NewUser(), confirm: false);
        using var _b = browser;
        await Refused(browser, callback.Without("state"), "connect.state_missing", callback);
        await Refused(browser, callback.With("state", ""), "connect.state_missing", callback);
        await Refused(browser, new Uri(callback.GetLeftPart(UriPartial.Path)), "connect.state_missing", callback);
    }

    [Theory]
    [InlineData(257, "connect.state_unknown")]
    [InlineData(4096, "connect.state_unknown")]
    [InlineData(4097, "connect.callback_malformed")]
    public async Task Overlong_state_is_refused(int length, string code)
    {
        using var browser = new FlowBrowser();
        var page = await browser.Open($"{World.Host.Origin}/oauth/sandbox/callback?code=c&state={new string('s', length)}");
        page.Status.ShouldBe(HttpStatusCode.BadRequest);
        PopupPage.CodeOf(page).ShouldBe(code);
    }

    [Fact]
    public async Task Megabyte_of_state_is_refused_in_every_form()
    {
        using var browser = new FlowBrowser();
        var state = new string('s', 1_000_000);
        var address = $"{World.Host.Origin}/oauth/sandbox/callback";
        // The server stops reading long before the end, so a whole megabyte could not even be sent.
        (await browser.Open($"{address}?code=c&state={state[..16_000]}")).Status.ShouldBe(HttpStatusCode.RequestUriTooLong);
        PopupPage.CodeOf(await browser.Post(address, ("code", "c"), ("state", state))).ShouldBe("connect.callback_malformed");
        using var chunked = new StreamContent(new MemoryStream(Encoding.ASCII.GetBytes("code=c&state=" + state)));
        chunked.Headers.ContentType = new("application/x-www-form-urlencoded");
        var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = chunked };
        request.Headers.TransferEncodingChunked = true;
        PopupPage.CodeOf(await browser.Send(request)).ShouldBe("connect.callback_malformed");
        (await World.Host.Post("/oauth/sandbox/callback", new { code = "c", state, user_id = "user_1" })).Code.ShouldBe("requests.malformed");
        (await World.Host.Post("/oauth/sandbox/callback", new { code = "c", state = new string('s', 60_000), user_id = "user_1" })).Code.ShouldBe("connect.callback_malformed");
    }

    [Fact]
    public async Task State_that_is_too_old_is_refused()
    {
        var (browser, callback, flowId) = await World.ReachCallback(NewUser(), confirm: false);
        using var _b = browser;
        await World.Sql($"UPDATE oauth_state SET expires_at = now() WHERE id = '{flowId}'");
        await Refused(browser, callback, "connect.state_expired", callback);
    }

    [Fact]
    public async Task Replayed_callback_is_told_so_and_exchanges_nothing()
    {
        var (browser, callback, _) = await World.ReachCallback(NewUser(), confirm: false);
        using var _b = browser;
        await Finishes(browser, callback);
        PopupPage.CodeOf(await browser.Open(callback)).ShouldBe("connect.state_used");
        PopupPage.CodeOf(await browser.Open(callback.With("code", "another"))).ShouldBe("connect.state_used");
        World.Counters.ExchangesOf(callback.Get("code")).ShouldBe(1);
        World.Tap.SawCode("another").ShouldBeFalse();
    }

    [Fact]
    public async Task Foreign_state_is_refused_without_spoiling_it_for_its_owner()
    {
        var (mine, myCallback, _) = await World.ReachCallback(NewUser(), "bob+auto", confirm: false);
        var (theirs, theirCallback, _) = await World.ReachCallback(NewUser(), confirm: false);
        using var _m = mine;
        using var _t = theirs;
        await Refused(mine, theirCallback, "connect.browser_mismatch", theirCallback);
        await Refused(mine, myCallback.With("state", theirCallback.Get("state")), "connect.browser_mismatch", myCallback);
        await Finishes(theirs, theirCallback);
        await Finishes(mine, myCallback);
    }

    [Fact]
    public async Task Another_browser_redeems_nothing_with_or_without_a_cookie()
    {
        var (browser, callback, flowId) = await World.ReachCallback(NewUser(), confirm: false);
        using var _b = browser;
        using var stranger = new FlowBrowser();
        using var forger = browser.Copy();
        forger.SpoilCookies(RandomHandle.New().Reveal());
        using var empty = browser.Copy();
        empty.SpoilCookies("");
        foreach (var other in new[] { stranger, forger, empty })
            await Refused(other, callback, "connect.browser_mismatch", callback);
        (await World.Sql($"SELECT is_used FROM oauth_state WHERE id = '{flowId}'")).ShouldBe(false);
        await Finishes(browser, callback);
        // A stranger does not even learn that it was used.
        PopupPage.CodeOf(await stranger.Open(callback)).ShouldBe("connect.browser_mismatch");
    }

    [Fact]
    public async Task Callback_at_the_path_of_another_provider_is_refused()
    {
        var (browser, callback, _) = await World.ReachCallback(NewUser(), confirm: false);
        using var _b = browser;
        await Refused(browser, callback.At("/oauth/second/callback"), "connect.provider_mismatch", callback);
        (await browser.Open(callback.At("/oauth/unheard_of/callback"))).Status.ShouldBe(HttpStatusCode.NotFound);
        World.Tap.SawCode(callback.Get("code")).ShouldBeFalse();
        await Finishes(browser, callback);
    }

    [Fact]
    public async Task Issuer_that_is_not_the_one_that_was_asked_gets_no_code()
    {
        foreach (var tamper in new Func<Uri, Uri>[]
        {
            callback => callback.Without("iss"),
            callback => callback.With("iss", ""),
            callback => callback.With("iss", callback.Get("iss") + "/"),
            callback => callback.With("iss", callback.Get("iss").ToUpperInvariant()),
            callback => callback.With("iss", callback.Get("iss").Replace("127.0.0.1", "localhost", StringComparison.Ordinal)),
            callback => callback.With("iss", callback.Get("iss") + " "),
            callback => callback.With("iss", "https://evil.example"),
        })
        {
            var (browser, callback, flowId) = await World.ReachCallback(NewUser(), confirm: false);
            using var _b = browser;
            var before = World.Tap.Calls.Count;
            var page = await browser.Open(tamper(callback));
            page.Status.ShouldBe(HttpStatusCode.BadRequest);
            PopupPage.CodeOf(page).ShouldBe("connect.issuer_mismatch");
            World.Tap.Calls.Count.ShouldBe(before, "nobody is asked anything, least of all the address in iss");
            World.Host.Logs.Lines.ShouldNotContain(line => line.Contains("Grantkeeper.Egress", StringComparison.Ordinal) && line.Contains("evil.example", StringComparison.Ordinal));
            PopupPage.CodeOf(await browser.Open(callback)).ShouldBe("connect.state_used", "the attempt consumed the state");
            (await World.Sql($"SELECT error_code FROM oauth_state WHERE id = '{flowId}'")).ShouldBe("connect.issuer_mismatch");
        }
    }

    [Fact]
    public async Task Issuer_is_compared_on_error_answers_too_and_their_text_is_not_shown()
    {
        foreach (var iss in new[] { "https://evil.example", "" })
        {
            var (browser, callback, flowId) = await World.ReachCallback(NewUser(), confirm: false);
            using var _b = browser;
            var forged = callback.Without("code").With("iss", iss).With("error", "access_denied").With("error_description", "Call 0900-12345 now");
            var page = await browser.Open(forged);
            PopupPage.CodeOf(page).ShouldBe("connect.issuer_mismatch");
            page.Body.ShouldNotContain("0900");
            page.Body.ShouldNotContain("access_denied");
            (await World.Sql($"SELECT status FROM oauth_state WHERE id = '{flowId}'")).ShouldBe("failed", "a stranger cannot say no for the user");
        }
    }

    [Theory]
    [InlineData("code", "code")]
    [InlineData("state", "state")]
    [InlineData("iss", "iss")]
    [InlineData("state", "STATE")]
    [InlineData("code", "Code")]
    [InlineData("error", "error")]
    public async Task Repeated_parameter_is_refused_and_consumes_nothing(string name, string again)
    {
        var (browser, callback, _) = await World.ReachCallback(NewUser(), confirm: false);
        using var _b = browser;
        var first = name == "error" ? callback.Also("error", "access_denied") : callback;
        await Refused(browser, first.Also(again, callback.Query.Contains(name + "=", StringComparison.Ordinal) ? callback.Get(name) : "access_denied"), "connect.callback_malformed", callback);
        await Refused(browser, first.Also(again, "another"), "connect.callback_malformed", callback);
        await Finishes(browser, callback);
    }

    [Fact]
    public async Task Markup_in_an_error_answer_is_never_markup_on_our_page()
    {
        foreach (var error in new[] { "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "</script><script>alert(1)</script>", "access_denied\r\nSet-Cookie: a=b", "{{constructor}}" })
        {
            var (browser, callback, _) = await World.ReachCallback(NewUser(), confirm: false);
            using var _b = browser;
            var page = await browser.Open(callback.Without("code").With("error", error).Also("error_description", error).Also("error_uri", "https://evil.example/<b>"));
            page.Status.ShouldBe(HttpStatusCode.Conflict);
            PopupPage.CodeOf(page).ShouldBe("connect.provider_refused");
            page.Body.ShouldNotContain("alert(1)");
            page.Body.ShouldNotContain("evil.example");
            page.Body.ShouldNotContain("constructor");
            page.Header("Set-Cookie").ShouldBe("");
        }
    }

    [Fact]
    public async Task Parameters_that_nobody_knows_are_ignored()
    {
        var (browser, callback, _) = await World.ReachCallback(NewUser(), confirm: false);
        using var _b = browser;
        await Finishes(browser, callback.Also("session_state", "x").Also("scope", "a b").Also("authuser", "0").Also("authuser", "1").Also("<b>", "<i>"));
    }

    [Fact]
    public async Task Shared_callback_path_serves_providers_that_name_themselves()
    {
        var (browser, callback, _) = await World.ReachCallback(NewUser(), confirm: false);
        using var _b = browser;
        // The code is bound to the redirect URI that the provider was told, so only ours is changed here.
        var page = await browser.Open(callback.At("/api/v1/oauth/callback"));
        page.Status.ShouldBe(HttpStatusCode.OK, page.Body);
    }

    [Fact]
    public async Task Shared_callback_path_refuses_providers_that_do_not_name_themselves()
    {
        foreach (var drop in new[] { true, false })
        {
            var (browser, callback, _) = await World.ReachCallback(NewUser(), confirm: false, provider: "plain");
            using var _b = browser;
            var moved = callback.At("/api/v1/oauth/callback");
            await Refused(browser, drop ? moved.Without("iss") : moved, "connect.issuer_mismatch", callback);
        }

        (await World.Connect(NewUser(), provider: "plain")).ShouldNotBe(Guid.Empty, "at its own path it works");
    }

    [Fact]
    public async Task Form_answer_is_posted_again_by_our_own_page_and_then_carries_the_cookie()
    {
        var (browser, fields, flowId) = await World.ReachForm(NewUser(), confirm: false);
        using var _b = browser;
        var address = $"{World.Host.Origin}/oauth/posting/callback";
        var code = fields.Single(field => field.Name == "code").Value;

        // A cross-site POST carries no SameSite=Lax cookie.
        using var crossSite = new FlowBrowser();
        var again = await crossSite.Post(address, [.. fields, ("odd", "\"><script>alert(1)</script>")]);
        again.Status.ShouldBe(HttpStatusCode.OK);
        again.Body.ShouldNotContain("<script>alert");
        again.Header("Content-Security-Policy").ShouldStartWith("default-src 'none'; ");
        again.Header("Cache-Control").ShouldBe("no-store");
        World.Tap.SawCode(code).ShouldBeFalse();
        (await World.Sql($"SELECT is_used FROM oauth_state WHERE id = '{flowId}'")).ShouldBe(false);

        var resubmitted = PopupPage.FieldsOf(again);
        resubmitted.ShouldContain(("odd", "\"><script>alert(1)</script>"));
        PopupPage.CodeOf(await crossSite.Post(address, resubmitted)).ShouldBe("connect.browser_mismatch");
        World.Tap.SawCode(code).ShouldBeFalse();

        var done = await browser.Post(address, resubmitted);
        done.Status.ShouldBe(HttpStatusCode.OK, done.Body);
        ((string)PopupPage.MessageOf(done)["status"]!).ShouldBe("completed");
        World.Counters.ExchangesOf(code).ShouldBe(1);
    }

    [Fact]
    public async Task Back_end_hands_a_callback_in_for_its_user_without_a_cookie()
    {
        var user = NewUser();
        var (browser, callback, _) = await World.ReachCallback(user);
        browser.Dispose();
        object Body(string state, string as_) => new { code = callback.Get("code"), state, iss = callback.Get("iss"), user_id = as_ };

        (await World.Host.Post("/oauth/sandbox/callback", Body(RandomHandle.New().Reveal(), user))).Code.ShouldBe("connect.state_unknown");
        (await World.Host.Post("/oauth/sandbox/callback", Body(callback.Get("state"), user), key: null)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await World.Host.Post("/oauth/second/callback", Body(callback.Get("state"), user))).Code.ShouldBe("connect.provider_mismatch");
        World.Tap.SawCode(callback.Get("code")).ShouldBeFalse();

        var done = await World.Host.Post("/oauth/sandbox/callback", Body(callback.Get("state"), user));
        done.Status.ShouldBe(HttpStatusCode.OK, done.Body);
        ((bool)done.Json["success"]!).ShouldBeTrue();
        ((bool)done.Json["connected"]!).ShouldBeTrue();
        (await World.Host.Post("/oauth/sandbox/callback", Body(callback.Get("state"), user))).Code.ShouldBe("connect.state_used");
        World.Counters.ExchangesOf(callback.Get("code")).ShouldBe(1);
    }

    [Fact]
    public async Task Callback_handed_in_for_another_user_ends_the_flow_and_sends_no_code()
    {
        var (owner, victim) = (NewUser(), NewUser());
        var (browser, callback, flowId) = await World.ReachCallback(owner);
        using var _b = browser;
        var refused = await World.Host.Post("/oauth/sandbox/callback", new { code = callback.Get("code"), state = callback.Get("state"), iss = callback.Get("iss"), user_id = victim });
        refused.Status.ShouldBe(HttpStatusCode.Forbidden, refused.Body);
        refused.Code.ShouldBe("connect.subject_mismatch");
        World.Tap.SawCode(callback.Get("code")).ShouldBeFalse();
        ((string)(await World.Flow(flowId, owner)).Json["error"]!["code"]!).ShouldBe("connect.subject_mismatch");
        (await World.Sql($"SELECT count(*) FROM oauth_audit_log WHERE user_id = '{owner}' AND action = 'subject_mismatch' AND NOT success")).ShouldBe(1L);
        PopupPage.CodeOf(await browser.Open(callback)).ShouldBe("connect.state_used");
        World.Tap.SawCode(callback.Get("code")).ShouldBeFalse();
    }

    [Fact]
    public async Task Twenty_flows_in_one_browser_do_not_disturb_each_other()
    {
        using var browser = new FlowBrowser();
        var flows = new List<(Uri Callback, Guid Id, string User)>();
        for (var i = 0; i < 20; i++)
        {
            var user = NewUser();
            var (_, callback, id) = await World.ReachCallback(user, confirm: false, browser: browser);
            flows.Add((callback, id, user));
        }

        browser.CookieNames.Count(name => name.Contains("gk-flow-", StringComparison.Ordinal)).ShouldBe(20);
        var pages = await Task.WhenAll(flows.AsEnumerable().Reverse().Select(flow => browser.Open(flow.Callback)));
        pages.ShouldAllBe(page => page.Status == HttpStatusCode.OK);
        foreach (var flow in flows)
            ((string)(await World.Flow(flow.Id, flow.User)).Json["status"]!).ShouldBe("completed");
    }

    [Fact]
    public async Task Start_link_belongs_to_the_browser_that_opens_it_first()
    {
        var link = await Link(NewUser());
        using var first = new FlowBrowser();
        using var second = new FlowBrowser();
        var opened = await first.Open(link);
        opened.Status.ShouldBe(HttpStatusCode.SeeOther);
        opened.Header("Cache-Control").ShouldBe("no-store");
        opened.Header("Referrer-Policy").ShouldBe("no-referrer");
        var cookie = opened.Header("Set-Cookie");
        cookie.ShouldContain("httponly", Case.Insensitive);
        cookie.ShouldContain("samesite=lax", Case.Insensitive);
        cookie.ShouldContain("path=/", Case.Insensitive);

        var taken = await second.Open(link);
        taken.Status.ShouldBe(HttpStatusCode.Conflict);
        PopupPage.CodeOf(taken).ShouldBe("connect.flow_taken");
        taken.Header("Set-Cookie").ShouldBe("");
        taken.Location.ShouldBeNull();

        var again = await first.Open(link);
        again.Status.ShouldBe(HttpStatusCode.SeeOther);
        again.Location.ShouldBe(opened.Location);
        again.Header("Set-Cookie").ShouldBe("", "the cookie is not changed by a reload");
        using var forger = first.Copy();
        forger.SpoilCookies(RandomHandle.New().Reveal());
        PopupPage.CodeOf(await forger.Open(link)).ShouldBe("connect.flow_taken");
    }

    [Fact]
    public async Task Ten_browsers_that_open_one_link_at_once_are_one_owner_and_nine_strangers()
    {
        var link = await Link(NewUser());
        var browsers = Enumerable.Range(0, 10).Select(_ => new FlowBrowser()).ToList();
        var replies = await Task.WhenAll(browsers.Select(browser => browser.Open(link)));
        replies.Count(reply => reply.Status == HttpStatusCode.SeeOther).ShouldBe(1);
        replies.Count(reply => PopupPage.CodeOf(reply) == "connect.flow_taken").ShouldBe(9);
        browsers.ForEach(browser => browser.Dispose());
    }

    [Fact]
    public async Task Scanners_and_prefetches_bind_nothing()
    {
        var link = await Link(NewUser());
        using var scanner = new FlowBrowser();
        (await scanner.Send(new HttpRequestMessage(HttpMethod.Head, link))).Header("Set-Cookie").ShouldBe("");
        foreach (var purpose in new[] { "prefetch", "prefetch;prerender", "Prefetch" })
        {
            var request = new HttpRequestMessage(HttpMethod.Get, link);
            request.Headers.Add("Sec-Purpose", purpose);
            var reply = await scanner.Send(request);
            reply.Header("Set-Cookie").ShouldBe("");
            reply.Location.ShouldBeNull();
        }

        scanner.CookieNames.ShouldBeEmpty();
        using var person = new FlowBrowser();
        (await person.Open(link)).Status.ShouldBe(HttpStatusCode.SeeOther);
    }

    [Fact]
    public async Task Start_link_that_is_unknown_used_or_too_old_is_not_valid()
    {
        using var browser = new FlowBrowser();
        foreach (var handle in new[] { RandomHandle.New().Reveal(), "x", new string('x', 2000), "..%2f..%2fetc", "%01" })
        {
            var page = await browser.Open($"{World.Host.Origin}/oauth/start/{handle}");
            page.Status.ShouldBe(HttpStatusCode.NotFound);
            PopupPage.CodeOf(page).ShouldBe("connect.link_invalid");
        }

        var old = await Link(NewUser());
        await World.Sql($"UPDATE oauth_state SET expires_at = now() WHERE handle_hash = '{RandomHandle.HashOf(old.Split('/')[^1])}'");
        PopupPage.CodeOf(await browser.Open(old)).ShouldBe("connect.link_invalid");

        var user = NewUser();
        var started = await World.Host.Post(Start, new { provider = "sandbox", user_id = user, login_hint = "alice+auto", confirm = false });
        var link = (string)started.Json["authorization_url"]!;
        var callback = await browser.FollowUntil(link, $"{World.Host.Origin}/oauth/sandbox/callback");
        await Finishes(browser, callback);
        PopupPage.CodeOf(await browser.Open(link)).ShouldBe("connect.link_invalid");
    }

    [Fact]
    public async Task Spoofed_hosts_change_no_address()
    {
        var headers = new (string Name, string Value)[]
        {
            ("Host", "evil.example"), ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-For", "8.8.8.8"),
            ("X-Forwarded-Prefix", "/evil"), ("X-Original-Host", "evil.example"), ("Forwarded", "host=evil.example;proto=https"),
        };
        HttpRequestMessage Spoofed(HttpMethod method, Uri address)
        {
            var request = new HttpRequestMessage(method, address);
            foreach (var (name, value) in headers)
                request.Headers.TryAddWithoutValidation(name, value);
            return request;
        }

        using var browser = new FlowBrowser();
        var start = Spoofed(HttpMethod.Post, new Uri(World.Host.Origin + Start));
        start.Headers.Authorization = new("Bearer", FlowHost.ApiKey);
        start.Content = new StringContent($$"""{"provider":"sandbox","user_id":"{{NewUser()}}","login_hint":"alice+auto","confirm":false,"return_to":"/done"}""", Encoding.UTF8, "application/json");
        var started = await browser.Send(start);
        var link = (string)started.Json["authorization_url"]!;
        link.ShouldStartWith(World.Host.Origin + "/oauth/start/");
        var auth = Spoofed(HttpMethod.Get, new Uri($"{World.Host.Origin}/oauth/sandbox/auth?user_id={NewUser()}"));
        auth.Headers.Authorization = new("Bearer", FlowHost.ApiKey);
        (await browser.Send(auth)).Body.ShouldNotContain("evil");

        var opened = await browser.Send(Spoofed(HttpMethod.Get, new Uri(link)));
        opened.Location!.Get("redirect_uri").ShouldBe($"{World.Host.Origin}/oauth/sandbox/callback");
        opened.HeaderText.ShouldNotContain("evil");
        opened.Header("Set-Cookie").ShouldNotContain("domain", Case.Insensitive);
        var callback = (await browser.Open(opened.Location!)).Location!;
        var done = await browser.Send(Spoofed(HttpMethod.Get, callback));
        done.Location!.OriginalString.ShouldStartWith($"{World.Host.Origin}/done#");

        var problem = Spoofed(HttpMethod.Get, new Uri(World.Host.Origin + "/oauth/sandbox/token"));
        var refused = await browser.Send(problem);
        refused.Status.ShouldBe(HttpStatusCode.Unauthorized);
        refused.Body.ShouldNotContain("evil");
    }

    [Fact]
    public async Task Login_hint_reaches_the_provider_as_one_value()
    {
        foreach (var hint in new[] { "alice@example.com", "a&client_id=evil#x", "ä ö+%20", "\"<>" })
        {
            var started = await World.Host.Get($"/oauth/sandbox/auth?user_id={NewUser()}&login_hint={Uri.EscapeDataString(hint)}");
            var url = new Uri((string)started.Json["details"]!["provider_authorization_url"]!);
            url.Get("login_hint").ShouldBe(hint);
            url.Get("client_id").ShouldBe("grantkeeper");
            url.Fragment.ShouldBe("");
        }
    }

    [Fact]
    public async Task Redirect_uri_must_be_the_configured_one_letter_by_letter()
    {
        var right = $"{World.Host.Origin}/oauth/sandbox/callback";
        foreach (var wrong in new[]
        {
            "", right + "/", right + "?", right + "#", right + "?a=b", right.ToUpperInvariant(), right.Replace("http:", "https:", StringComparison.Ordinal), right.Replace("localhost", "127.0.0.1", StringComparison.Ordinal),
            right.Replace("/sandbox/", "/second/", StringComparison.Ordinal), right.Replace("/callback", "/../callback", StringComparison.Ordinal), "https://evil.example/oauth/sandbox/callback", "javascript:alert(1)",
        })
        {
            var refused = await World.Host.Post(Start, new { provider = "sandbox", user_id = NewUser(), redirect_uri = wrong });
            refused.Status.ShouldBe(HttpStatusCode.BadRequest, wrong);
            refused.Code.ShouldBe("redirect_uris.not_allowed");
            refused.Body.ShouldNotContain("evil.example");
        }

        (await World.Host.Post(Start, new { provider = "sandbox", user_id = NewUser(), redirect_uri = right })).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Return_address_leads_nowhere_else()
    {
        var user = NewUser();
        var host = World.Host.Origin["http://".Length..];
        foreach (var evil in new[]
        {
            "//evil.example", "///evil.example", "////evil.example", "/\\evil.example", "\\evil.example", "\\\\evil.example", "/\\/evil.example", "/%2fevil.example", "/%2Fevil.example",
            "/%5cevil.example", "%2f%2fevil.example", "https:evil.example", "https:/evil.example", "http:evil.example", "https://evil.example", "http://evil.example", "HTTPS://evil.example",
            "evil.example", "javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,<script>alert(1)</script>", "vbscript:x", "file:///etc/passwd", "blob:https://evil.example/x", "ftp://evil.example",
            $"http://{host}@evil.example", $"http://{host}.evil.example", $"http://evil.example#{host}", $"http://evil.example?{host}", $"http://user@{host}/", $"http://user:pass@{host}/", $"http://{host}\\@evil.example",
            $"https://{host}/", $"//{host}@evil.example", $"http://{host}%40evil.example", $"http://{host}%2f@evil.example", $"http://[::1]@evil.example", "http://localhost:1@evil.example/", "http://localhost/", "http://127.0.0.1/",
            "/\t/evil.example", "/\n/evil.example", "/\r\nLocation: https://evil.example", "/%0d%0aLocation:%20https://evil.example", "/ok%00", "/ok\0", " /ok", "/ok ", "\u00a0//evil.example",
            "/ök", "https://еxample.com", "http://\u3002evil.example", "/\u2028evil", "/ok\u007f", ".evil.example", "@evil.example", "/ok#gk_flow=0&gk_ticket=forged", $"http://{host}/ok#gk_ticket=forged", "/" + new string('a', 2001),
        })
        {
            foreach (var refused in new[]
            {
                await World.Host.Post(Start, new { provider = "sandbox", user_id = user, return_to = evil }),
                await World.Host.Get($"/oauth/sandbox/auth?user_id={user}&return_to={Uri.EscapeDataString(evil)}"),
            })
            {
                refused.Status.ShouldBe(HttpStatusCode.BadRequest, JsonValue.Create(evil).ToJsonString());
                refused.Code.ShouldBe("redirect_uris.return_to_not_allowed");
                refused.Body.ShouldNotContain("evil");
            }
        }

        foreach (var good in new[] { "/", "/settings?tab=a&b=%2Fc", "/a/../b", $"http://{host}/x" })
            (await World.Host.Post(Start, new { provider = "sandbox", user_id = user, return_to = good })).Status.ShouldBe(HttpStatusCode.OK, good);
    }

    [Fact]
    public async Task Opener_origin_is_a_listed_origin_letter_by_letter()
    {
        var user = NewUser();
        foreach (var evil in new[]
        {
            "*", "null", "https://evil.example", World.Host.Origin + "/", World.Host.Origin.ToUpperInvariant(), World.Host.Origin + ".evil.example", World.Host.Origin + "@evil.example", "http://*", "http://localhost",
            World.Host.Origin.Replace("http:", "https:", StringComparison.Ordinal), " " + World.Host.Origin, World.Host.Origin + "\0", "javascript:alert(1)",
        })
        {
            foreach (var refused in new[]
            {
                await World.Host.Post(Start, new { provider = "sandbox", user_id = user, opener_origin = evil }),
                await World.Host.Get($"/oauth/sandbox/auth?user_id={user}&opener_origin={Uri.EscapeDataString(evil)}"),
            })
            {
                refused.Status.ShouldBe(HttpStatusCode.BadRequest, evil);
                refused.Code.ShouldBe("redirect_uris.opener_not_allowed");
            }
        }
    }

    [Fact]
    public async Task Reconnect_with_another_account_changes_nothing()
    {
        var user = NewUser();
        var id = await World.Connect(user);
        var before = await World.Host.Get($"/api/v1/oauth/integrations/{id}/token");
        var (browser, callback, flowId) = await World.ReachCallback(user, "bob+auto", confirm: false, more: new { integration_id = id });
        using var _b = browser;
        var page = await browser.Open(callback);
        page.Status.ShouldBe(HttpStatusCode.Conflict);
        PopupPage.CodeOf(page).ShouldBe("integrations.account_mismatch");
        ((string)PopupPage.MessageOf(page)["code"]!).ShouldBe("integrations.account_mismatch");
        ((string)(await World.Flow(flowId, user)).Json["error"]!["code"]!).ShouldBe("integrations.account_mismatch");

        var after = await World.Host.Get($"/api/v1/oauth/integrations/{id}/token");
        ((string)after.Json["access_token"]!).ShouldBe((string)before.Json["access_token"]!);
        var renewed = await World.Host.Post($"/api/v1/oauth/integrations/{id}/refresh");
        ((bool)renewed.Json["success"]!).ShouldBeTrue(renewed.Body);
        (await World.Sql($"SELECT count(*) FROM oauth_integrations WHERE user_id = '{user}'")).ShouldBe(1L);
        (await World.Sql($"SELECT count(*) FROM oauth_audit_log WHERE user_id = '{user}' AND action = 'account_mismatch' AND NOT success")).ShouldBe(1L);

        (await World.Connect(user, more: new { integration_id = id })).ShouldBe(id, "the same account keeps the id");
        (await World.Connect(user, "bob+auto", more: new { integration_id = id, replace_account = true })).ShouldBe(id);
    }

    [Fact]
    public async Task Reconnect_of_a_foreign_integration_answers_as_an_unknown_one()
    {
        var mine = NewUser();
        var theirs = await World.Connect(NewUser());
        var own = await World.Connect(mine);
        var foreign = await World.Host.Post(Start, new { provider = "sandbox", user_id = mine, integration_id = theirs });
        var unknown = await World.Host.Post(Start, new { provider = "sandbox", user_id = mine, integration_id = Guid.NewGuid() });
        var elsewhere = await World.Host.Post(Start, new { provider = "second", user_id = mine, integration_id = own });
        foreach (var reply in new[] { foreign, unknown, elsewhere })
        {
            reply.Status.ShouldBe(HttpStatusCode.NotFound);
            reply.Code.ShouldBe("integrations.not_found");
        }

        Bare(foreign).ShouldBe(Bare(unknown));
        var byQuery = await World.Host.Get($"/oauth/sandbox/auth?user_id={mine}&integration_id={theirs}");
        Bare(byQuery).ShouldBe(Bare(await World.Host.Get($"/oauth/sandbox/auth?user_id={mine}&integration_id={Guid.NewGuid()}")));
        Bare(byQuery).ShouldBe(Bare(await World.Host.Get($"/oauth/sandbox/auth?user_id={mine}&integration_id=none")));
    }

    private static string Bare(FlowReply reply)
    {
        var json = reply.Json.AsObject();
        json.Remove("trace_id");
        return $"{reply.Status} {json.ToJsonString()}";
    }

    private async Task<string> Link(string user) =>
        (string)(await World.Host.Post(Start, new { provider = "sandbox", user_id = user, login_hint = "alice+auto" })).Json["authorization_url"]!;

    private async Task Refused(FlowBrowser browser, Uri address, string code, Uri original)
    {
        var page = await browser.Open(address);
        page.Status.ShouldBe(HttpStatusCode.BadRequest, page.Body);
        PopupPage.CodeOf(page).ShouldBe(code);
        World.Tap.SawCode(original.Get("code")).ShouldBeFalse("the code must not be sent");
    }

    private async Task Finishes(FlowBrowser browser, Uri callback)
    {
        var page = await browser.Open(callback);
        page.Status.ShouldBe(HttpStatusCode.OK, page.Body);
        World.Counters.ExchangesOf(callback.Get("code")).ShouldBe(1);
    }
}

public sealed class CallbackAttackOverServerTests(ServerWorld fixture) : CallbackAttackTests(fixture), IClassFixture<ServerWorld>;

public sealed class CallbackAttackOverEmbeddedTests(EmbeddedWorld fixture) : CallbackAttackTests(fixture), IClassFixture<EmbeddedWorld>;
