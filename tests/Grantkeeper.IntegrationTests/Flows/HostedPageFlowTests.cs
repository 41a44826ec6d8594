using System.Net;
using System.Net.Http.Json;
using System.Web;

namespace Grantkeeper.IntegrationTests.Flows;

/// <summary>The hosted page's link, cookie and confirmation, and the attack that they are made against.</summary>
[Trait("category", "security")]
public sealed class HostedPageFlowTests(HostedPageFlowTests.HostedWorld fixture) : IClassFixture<HostedPageFlowTests.HostedWorld>
{
    private const string Product = "http://localhost:20999";

    private FlowWorld Here => fixture.Flows;

    public sealed class HostedWorld : IAsyncLifetime
    {
        internal FlowWorld Flows { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Flows = await FlowWorld.Start(HostKind.Server, new Dictionary<string, string?>(FlowWorld.MoreProviders) { ["FRONTEND_URL"] = Product });

        public ValueTask DisposeAsync() => Flows.DisposeAsync();
    }

    private static string NewUser() => $"user_{Guid.NewGuid():N}";

    private Task<MadeSession> Make(string? user = null, object? more = null) => MadeSession.Make(Here, user ?? NewUser(), more);

    [Fact]
    public async Task Looking_at_the_link_uses_nothing_up_and_redeeming_uses_it_once()
    {
        var session = await Make();
        using var browser = new FlowBrowser();
        for (var looks = 0; looks < 3; looks++)
            (await browser.Open(session.ConnectUrl)).Status.ShouldBe(HttpStatusCode.OK);
        (await browser.Send(new HttpRequestMessage(HttpMethod.Head, session.ConnectUrl))).Status.ShouldBe(HttpStatusCode.NoContent);
        var prefetch = new HttpRequestMessage(HttpMethod.Get, session.ConnectUrl);
        prefetch.Headers.Add("Sec-Purpose", "prefetch");
        await browser.Send(prefetch);
        browser.CookieNames.ShouldNotContain("gk-connect");
        (await Here.Sql($"SELECT redeemed_at IS NULL FROM connect_sessions WHERE id = '{session.Id}'")).ShouldBe(true);

        var redeemed = await session.Redeem(browser);
        (redeemed.Status, redeemed.Location!.AbsolutePath).ShouldBe((HttpStatusCode.SeeOther, "/connect"));
        redeemed.Header("Set-Cookie").ShouldContain("httponly");
        redeemed.Header("Set-Cookie").ShouldContain("samesite=lax");
        (await browser.Open($"{Here.Host.Origin}/connect")).Status.ShouldBe(HttpStatusCode.OK);
        (await Here.Sql($"SELECT count(*) FROM oauth_audit_log WHERE user_id = '{session.User}' AND action = 'connect_session_redeemed'")).ShouldBe(1L);

        // A double click is no second person.
        var open = await browser.Open($"{Here.Host.Origin}/connect");
        (await browser.Post(session.ConnectUrl, ("__RequestVerificationToken", MadeSession.FormToken(open)))).Status.ShouldBe(HttpStatusCode.SeeOther);
        (await browser.Open(session.ConnectUrl)).Location!.AbsolutePath.ShouldBe("/connect");

        using var stranger = new FlowBrowser();
        var page = await stranger.Open((await Make()).ConnectUrl);
        var refused = await stranger.Post(session.ConnectUrl, ("__RequestVerificationToken", MadeSession.FormToken(page)));
        refused.Status.ShouldBe(HttpStatusCode.Forbidden);
        refused.Body.ShouldContain("connect.session_link_invalid");
        stranger.CookieNames.ShouldNotContain("gk-connect");
        (await stranger.Open(session.ConnectUrl)).Status.ShouldBe(HttpStatusCode.Forbidden);
        (await Here.Sql($"SELECT code FROM oauth_audit_log WHERE user_id = '{session.User}' AND action = 'connect_session_refused'")).ShouldBe("connect.session_link_invalid");
    }

    [Theory]
    [InlineData("expired"), InlineData("ended"), InlineData("unknown"), InlineData("odd")]
    public async Task Link_that_is_no_good_is_a_page_with_a_way_on(string kind)
    {
        var session = await Make();
        if (kind == "expired")
            await Here.Sql($"UPDATE connect_sessions SET expires_at = now() WHERE id = '{session.Id}'");
        if (kind == "ended")
            await Here.Host.Delete($"/api/v1/oauth/connect-sessions/{session.Id}");
        var link = kind switch { "unknown" => session.ConnectUrl[..^4] + "aaaa", "odd" => $"{Here.Host.Origin}/connect/odd", _ => session.ConnectUrl };
        using var browser = new FlowBrowser();
        var page = await browser.Open(link);
        page.Status.ShouldBe(HttpStatusCode.Forbidden);
        page.Body.ShouldContain("connect.session_link_invalid");
        page.Body.ShouldContain($"href=\"{Product}/\"");
        var other = await browser.Open((await Make()).ConnectUrl);
        (await browser.Post(link, ("__RequestVerificationToken", MadeSession.FormToken(other)))).Status.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task Redeeming_by_many_browsers_at_once_binds_one()
    {
        var session = await Make();
        var browsers = new List<(FlowBrowser Browser, string Token)>();
        for (var i = 0; i < 20; i++)
        {
            var browser = new FlowBrowser();
            browsers.Add((browser, MadeSession.FormToken(await browser.Open(session.ConnectUrl))));
        }

        var replies = await Task.WhenAll(browsers.Select(entry => entry.Browser.Post(session.ConnectUrl, ("__RequestVerificationToken", entry.Token))));
        replies.Count(reply => reply.Status == HttpStatusCode.SeeOther).ShouldBe(1);
        replies.Count(reply => reply.Status == HttpStatusCode.Forbidden).ShouldBe(19);
        browsers.ForEach(entry => entry.Browser.Dispose());
    }

    [Fact]
    public async Task Confirmed_session_ends_at_the_application_with_the_ticket_and_is_finished_there()
    {
        var session = await Make(more: new { return_to = "/settings?tab=accounts" });
        using var browser = new FlowBrowser();
        await session.Redeem(browser);
        var back = await session.Connect(browser, Product);
        back.GetLeftPart(UriPartial.Query).ShouldBe($"{Product}/settings?tab=accounts");
        var fragment = HttpUtility.ParseQueryString(back.Fragment[1..]);
        Guid.Parse(fragment["gk_session"]!).ShouldBe(session.Id);
        ((string)(await Here.Flow(Guid.Parse(fragment["gk_flow"]!), session.User)).Json["status"]!).ShouldBe("awaiting_confirmation");
        (await Here.Sql($"SELECT count(*) FROM oauth_integrations WHERE user_id = '{session.User}'")).ShouldBe(0L);

        var done = await Here.Host.Post($"/api/v1/oauth/connect-sessions/{session.Id}/confirm", new { ticket = fragment["gk_ticket"], user_id = session.User });
        ((bool)done.Json["success"]!).ShouldBeTrue(done.Body);
        (await browser.Open($"{Here.Host.Origin}/connect")).Body.ShouldContain("Alice");
    }

    /// <summary>
    /// The attack: he makes a session for himself in the application, opens nothing, and sends the link to her. She trusts
    /// the application's name, presses Continue and agrees at the provider.
    /// </summary>
    [Fact]
    public async Task Link_that_an_attacker_sends_to_a_victim_gains_him_nothing()
    {
        var (attacker, victim) = (NewUser(), NewUser());
        var session = await Make(attacker);
        using var hers = new FlowBrowser();
        await session.Redeem(hers);
        var back = HttpUtility.ParseQueryString((await session.Connect(hers, Product)).Fragment[1..]);
        var exchanges = Here.Tap.Calls.Count(call => call.Path == ProviderTap.Token);

        // He knows everything that he made, and not the ticket, which is in her browser.
        var flow = (await session.Get($"/api/v1/oauth/connect-sessions/{session.Id}")).Json["flows"]![0]!;
        ((string)flow["flow_id"]!).ShouldBe(back["gk_flow"]);
        foreach (var guess in new[] { session.Token, session.Ticket, back["gk_flow"]!, "" })
            (await session.Post($"/api/v1/oauth/flows/{back["gk_flow"]}/confirm", new { ticket = guess })).Code.ShouldBe("connect.ticket_invalid");
        // Her browser's cookie is a session of his, and still confirms nothing: no route takes it.
        foreach (var path in new[] { $"/api/v1/oauth/flows/{back["gk_flow"]}/confirm", $"/api/v1/oauth/connect-sessions/{session.Id}/confirm" })
        {
            var request = new HttpRequestMessage(HttpMethod.Post, Here.Host.Origin + path) { Content = JsonContent.Create(new { ticket = back["gk_ticket"], user_id = attacker }) };
            (await hers.Send(request)).Code.ShouldBe("identity.unauthenticated");
        }


        // The application confirms for whom its own session names: her.
        var refused = await Here.Host.Post($"/api/v1/oauth/connect-sessions/{session.Id}/confirm", new { ticket = back["gk_ticket"], user_id = victim });
        refused.Code.ShouldBe("connect.subject_mismatch");
        (await session.Post($"/api/v1/oauth/flows/{back["gk_flow"]}/confirm", new { ticket = back["gk_ticket"] })).Code.ShouldBe("connect.ticket_invalid");
        Here.Tap.Calls.Count(call => call.Path == ProviderTap.Token).ShouldBe(exchanges, "her code was sent nowhere");
        (await Here.Sql($"SELECT count(*) FROM oauth_integrations WHERE user_id IN ('{attacker}', '{victim}')")).ShouldBe(0L);
        (await Here.Sql($"SELECT code FROM oauth_audit_log WHERE user_id = '{attacker}' AND action = 'subject_mismatch'")).ShouldBe("connect.subject_mismatch");
    }

    [Fact]
    public async Task Start_link_of_a_session_that_is_opened_by_somebody_else_gains_nothing_either()
    {
        var (attacker, victim) = (await Make(), await Make());
        var started = await attacker.Post("/api/v1/oauth/initiate", new { provider = "sandbox", login_hint = "alice+auto", popup = true, return_to = "/" });
        using var hers = new FlowBrowser();
        var page = await hers.Open(await hers.FollowUntil((string)started.Json["authorization_url"]!, $"{Here.Host.Origin}/oauth/sandbox/callback"));
        // No window opened hers, so it goes to the application; the module there speaks for her.
        var otherwise = new Uri((string)PopupPage.ResultOf(page)["otherwise"]!);
        otherwise.GetLeftPart(UriPartial.Path).ShouldBe($"{Product}/");
        var ticket = HttpUtility.ParseQueryString(otherwise.Fragment[1..])["gk_ticket"];
        (await victim.Post($"/api/v1/oauth/flows/{(string)started.Json["flow_id"]!}/confirm", new { ticket })).Code.ShouldBe("connect.subject_mismatch");
        (await attacker.Post($"/api/v1/oauth/flows/{(string)started.Json["flow_id"]!}/confirm", new { ticket })).Code.ShouldBe("connect.ticket_invalid");
    }

    [Fact]
    public async Task Session_without_confirmation_is_finished_on_the_page()
    {
        var session = await Make(more: new { confirm = false });
        using var browser = new FlowBrowser();
        await session.Redeem(browser);
        var back = await session.Connect(browser, $"{Here.Host.Origin}/connect");
        var page = await browser.Open(back);
        page.Body.ShouldContain("Sandbox is connected.");
        page.Body.ShouldContain("Alice");
        // Somebody else's flow id shows nothing.
        var other = await Make(more: new { confirm = false });
        using var stranger = new FlowBrowser();
        await other.Redeem(stranger);
        (await stranger.Open(back)).Body.ShouldNotContain("is connected.");
    }

    [Fact]
    public async Task Page_offers_and_does_only_what_the_session_is_for()
    {
        var user = NewUser();
        var (alice, bob) = (await Here.Connect(user), await Here.Connect(user, "bob+auto"));
        var second = await Here.Connect(user, provider: "second");
        var foreign = await Here.Connect(NewUser());
        var session = await Make(user, new { providers = new[] { "sandbox" } });
        using var browser = new FlowBrowser();
        await session.Redeem(browser);
        var page = await browser.Open($"{Here.Host.Origin}/connect");
        page.Body.ShouldContain($"integration-{alice}");
        page.Body.ShouldContain($"integration-{bob}");
        page.Body.ShouldNotContain($"integration-{second}");
        var token = MadeSession.FormToken(page);
        foreach (var (path, name, value) in new[] { ("start", "provider", "second"), ("start", "provider", "nowhere"), ("disconnect", "integration_id", $"{second}"), ("disconnect", "integration_id", $"{foreign}"), ("disconnect", "integration_id", "x") })
            ((int)(await browser.Post($"{Here.Host.Origin}/connect/{path}", (name, value), ("__RequestVerificationToken", token))).Status).ShouldBeInRange(403, 404, $"{path} {value}");
        (await browser.Post($"{Here.Host.Origin}/connect/start", ("provider", "sandbox"), ("integration_id", $"{foreign}"), ("__RequestVerificationToken", token))).Status.ShouldBe(HttpStatusCode.NotFound);
        (await browser.Post($"{Here.Host.Origin}/connect/disconnect", ("integration_id", $"{alice}"))).Status.ShouldBe(HttpStatusCode.BadRequest, "a form of another site carries no token");
        (await browser.Post($"{Here.Host.Origin}/connect/disconnect", ("integration_id", $"{bob}"), ("__RequestVerificationToken", token))).Location!.PathAndQuery.ShouldBe("/connect?revocation=confirmed");
        (await Here.Sql($"SELECT string_agg(status, ',' ORDER BY id) FROM oauth_integrations WHERE user_id = '{user}'")).ShouldBe("active,revoked,active");

        var one = await Make(user, new { integration_id = alice });
        using var again = new FlowBrowser();
        await one.Redeem(again);
        page = await again.Open($"{Here.Host.Origin}/connect");
        page.Body.ShouldNotContain("Connect another");
        (await again.Post($"{Here.Host.Origin}/connect/start", ("provider", "sandbox"), ("__RequestVerificationToken", MadeSession.FormToken(page)))).Status.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Reconnect_address_opens_for_its_users_session()
    {
        var user = NewUser();
        var id = await Here.Connect(user);
        using var browser = new FlowBrowser();
        var outside = await browser.Open($"{Here.Host.Origin}/connect/integrations/{id}");
        outside.Status.ShouldBe(HttpStatusCode.Unauthorized);
        outside.Body.ShouldContain($"href=\"{Product}/\"");
        await (await Make(user, new { integration_id = id })).Redeem(browser);
        (await browser.Open($"{Here.Host.Origin}/connect/integrations/{id}")).Location!.PathAndQuery.ShouldBe("/connect");
        (await browser.Open($"{Here.Host.Origin}/connect/integrations/{await Here.Connect(NewUser())}")).Status.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Nothing_is_shown_without_a_session_and_nothing_after_its_end()
    {
        using var browser = new FlowBrowser();
        (await browser.Open($"{Here.Host.Origin}/connect")).Status.ShouldBe(HttpStatusCode.Unauthorized);
        var session = await Make();
        await session.Redeem(browser);
        (await browser.Open($"{Here.Host.Origin}/connect")).Status.ShouldBe(HttpStatusCode.OK);
        await Here.Sql($"UPDATE connect_sessions SET expires_at = now() WHERE id = '{session.Id}'");
        var ended = await browser.Open($"{Here.Host.Origin}/connect");
        ended.Status.ShouldBe(HttpStatusCode.Unauthorized);
        ended.Body.ShouldContain("connect.session_ended");
        (await browser.Open($"{Here.Host.Origin}/api/v1/oauth/connect-sessions/{session.Id}")).Code.ShouldBe("identity.unauthenticated", "the cookie is no credential of the API");
    }
}
