using System.Net;
using System.Text.Json.Nodes;
using Grantkeeper.Encryption;
using Grantkeeper.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Grantkeeper.IntegrationTests.Flows;

/// <summary>Connect sessions: what their token may do, for whom, and everything that it may not.</summary>
[Trait("category", "security")]
public sealed class ConnectSessionTests(ConnectSessionTests.SessionWorld fixture) : IClassFixture<ConnectSessionTests.SessionWorld>
{
    private const string Product = "https://app.example";

    private FlowWorld Here => fixture.Flows;

    public sealed class SessionWorld : IAsyncLifetime
    {
        internal FlowWorld Flows { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Flows = await FlowWorld.Start(HostKind.Server, new Dictionary<string, string?>(FlowWorld.MoreProviders)
        {
            ["Grantkeeper:Connect:AllowedOrigins:0"] = Product,
        });

        public ValueTask DisposeAsync() => Flows.DisposeAsync();
    }

    private static string NewUser() => $"user_{Guid.NewGuid():N}";

    private Task<MadeSession> Make(string? user = null, object? more = null) => MadeSession.Make(Here, user ?? NewUser(), more);

    [Fact]
    public async Task Session_is_made_with_two_secrets_of_which_only_hashes_are_kept()
    {
        var made = await Make(more: new { providers = new[] { "sandbox", "Sandbox" }, actor = "agent-7" });
        made.Token.ShouldStartWith("gk_cs_");
        made.Token.Length.ShouldBe(49);
        made.ConnectUrl.ShouldBe($"{Here.Host.Origin}/connect/{made.Ticket}");
        made.Ticket.Length.ShouldBe(43);
        var row = (string)(await Here.Sql($"SELECT row_to_json(s)::text FROM connect_sessions s WHERE id = '{made.Id}'"))!;
        row.ShouldNotContain(made.Ticket);
        row.ShouldNotContain(made.Token[6..]);
        row.ShouldContain(RandomHandle.HashOf(made.Token));
        (await Here.Sql($"SELECT expires_at - created_at = interval '30 minutes' FROM connect_sessions WHERE id = '{made.Id}'")).ShouldBe(true);

        var entry = (await Here.Host.Get($"/api/v1/oauth/connect-sessions/{made.Id}")).Json;
        ((string)entry["status"]!, (string)entry["user_id"]!, (bool)entry["confirm"]!).ShouldBe(("open", made.User, true));
        entry["providers"]!.AsArray().Select(key => (string)key!).ShouldBe(["sandbox"]);
        (entry["redeemed_at"], entry["flows"]!.AsArray().Count).ShouldBe((null, 0));
        entry.ToJsonString().ShouldNotContain(made.Ticket);
        entry.ToJsonString().ShouldNotContain("gk_cs_");
        (await Here.Sql($"SELECT actor || ' ' || caller FROM oauth_audit_log WHERE user_id = '{made.User}' AND action = 'connect_session_created'")).ShouldBe("agent-7 key:bootstrap");
    }

    [Fact]
    public async Task Every_fault_of_a_request_is_listed_at_once()
    {
        var refused = await Here.Host.Post("/api/v1/oauth/connect-sessions", new { user_id = "u", providers = new[] { "nowhere", null }, features = new[] { "calendar" }, language = "xx", actor = "" });
        refused.Code.ShouldBe("requests.invalid");
        refused.Json["errors"]!.AsArray().Count.ShouldBe(5);
        (await Here.Host.Post("/api/v1/oauth/connect-sessions", new { user_id = "u", providers = Array.Empty<string>() })).Code.ShouldBe("requests.invalid");
    }

    [Theory]
    [InlineData("{}", "identity.user_required"), InlineData("""{"user_id":"~system"}""", "identity.user_invalid")]
    [InlineData("""{"user_id":"u","return_to":"https://evil.example/"}""", "redirect_uris.return_to_not_allowed"), InlineData("""{"user_id":"u","return_to":"//evil.example"}""", "redirect_uris.return_to_not_allowed")]
    [InlineData("""{"user_id":"u","opener_origin":"https://evil.example"}""", "redirect_uris.opener_not_allowed")]
    [InlineData("""{"user_id":"u","integration_id":"018f0000-0000-7000-8000-000000000000"}""", "integrations.not_found")]
    [InlineData("[1]", "requests.malformed")]
    public async Task Request_that_cannot_be_met_is_refused(string body, string code) =>
        (await Here.Host.Post("/api/v1/oauth/connect-sessions", JsonNode.Parse(body))).Code.ShouldBe(code);

    [Fact]
    public async Task Module_gets_everything_that_it_needs_without_naming_its_user()
    {
        var session = await Make();
        (await session.Get("/oauth/providers")).Json["providers"]!.AsArray().Select(entry => (bool?)entry!["connected"]).ShouldAllBe(connected => connected == false);

        var started = await session.Post("/api/v1/oauth/initiate", new { provider = "sandbox", login_hint = "alice+auto", popup = true, opener_origin = Product });
        started.Status.ShouldBe(HttpStatusCode.OK, started.Body);
        var flow = (string)started.Json["flow_id"]!;
        started.Json["trusted_origins"]!.AsArray().Select(origin => (string)origin!).ShouldBe([Here.Host.Origin]);
        ((int)started.Json["expires_in"]!).ShouldBe(600);
        using var browser = new FlowBrowser();
        var callback = await browser.FollowUntil((string)started.Json["authorization_url"]!, $"{Here.Host.Origin}/oauth/sandbox/callback");
        var page = await browser.Open(callback);
        PopupPage.TargetOf(page).ShouldBe(Product);
        ((string)(await session.Get($"/api/v1/oauth/flows/{flow}")).Json["status"]!).ShouldBe("awaiting_confirmation");

        var confirmed = await session.Post($"/api/v1/oauth/flows/{flow}/confirm", new { ticket = (string)PopupPage.MessageOf(page)["ticket"]! });
        ((bool)confirmed.Json["success"]!).ShouldBeTrue(confirmed.Body);
        ((bool)(await session.Get("/oauth/sandbox/status")).Json["connected"]!).ShouldBeTrue();
        ((string)(await session.Get("/oauth/sandbox/status")).Json["user_id"]!).ShouldBe(session.User);
        (await session.Get("/oauth/sandbox/accounts")).Json["accounts"]!.AsArray().Count.ShouldBe(1);
        var entry = await session.Get($"/api/v1/oauth/connect-sessions/{session.Id}");
        ((string)entry.Json["flows"]![0]!["status"]!).ShouldBe("completed");
        ((string)entry.Json["flows"]![0]!["flow_id"]!).ShouldBe(flow);
        ((bool)(await session.Post("/oauth/sandbox/disconnect")).Json["success"]!).ShouldBeTrue();
        ((bool)(await session.Get("/oauth/sandbox/status")).Json["connected"]!).ShouldBeFalse();
        (await Here.Sql($"SELECT string_agg(DISTINCT caller, ',') FROM oauth_audit_log WHERE user_id = '{session.User}' AND action IN ('connect_started', 'connect', 'disconnect')")).ShouldBe($"session:{session.Id}");
    }

    [Fact]
    public async Task Another_user_is_refused_wherever_one_can_be_named()
    {
        var session = await Make();
        var (flow, _) = await Parked(session);
        foreach (var reply in new[]
        {
            await session.Get("/oauth/providers?user_id=victim"), await session.Get("/api/v1/oauth/providers?user_id=victim"),
            await session.Get("/oauth/sandbox/status?user_id=victim"), await session.Get("/oauth/sandbox/accounts?user_id=victim"),
            await session.Get($"/api/v1/oauth/flows/{flow}?user_id=victim"), await session.Get($"/api/v1/oauth/connect-sessions/{session.Id}?user_id=victim"),
            await session.Post("/api/v1/oauth/initiate", new { provider = "sandbox", user_id = "victim" }),
            await session.Post($"/api/v1/oauth/flows/{flow}/confirm", new { ticket = "x", user_id = "victim" }),
            await session.Post("/oauth/sandbox/disconnect", new { user_id = "victim" }),
        })
        {
            reply.Status.ShouldBe(HttpStatusCode.Forbidden);
            reply.Code.ShouldBe("identity.user_foreign");
        }

        foreach (var own in new[] { "/oauth/providers", "/oauth/sandbox/status", "/oauth/sandbox/accounts", $"/api/v1/oauth/flows/{flow}", $"/api/v1/oauth/connect-sessions/{session.Id}" })
            (await session.Get($"{own}?user_id={session.User}")).Status.ShouldBe(HttpStatusCode.OK, own);
    }

    [Fact]
    public async Task Every_other_operation_is_closed_to_it()
    {
        var session = await Make();
        var open = new List<string>();
        foreach (var endpoint in Here.Host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().Where(endpoint => endpoint.Metadata.GetMetadata<RequiredPermission>() is not null))
        {
            var path = "/" + string.Join('/', endpoint.RoutePattern.RawText!.TrimStart('/').Split('/').Select(part => part switch { "{provider}" => "sandbox", _ when part[0] == '{' => Guid.NewGuid().ToString(), _ => part }));
            foreach (var method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods)
            {
                var reply = await Here.Host.Send(new HttpMethod(method), path, method == "GET" ? null : new { user_id = session.User }, session.Token);
                if (reply.Status != HttpStatusCode.Forbidden || reply.Code is not ("identity.session_not_allowed" or "identity.permission_missing"))
                    open.Add($"{method} {endpoint.RoutePattern.RawText}");
            }
        }

        open.ShouldBe(
        [
            "GET /oauth/providers", "GET /api/v1/oauth/providers", "GET /oauth/{provider}/status", "GET /oauth/{provider}/accounts", "POST /api/v1/oauth/initiate",
            "GET /api/v1/oauth/flows/{flow_id}", "POST /api/v1/oauth/flows/{flow_id}/confirm", "POST /oauth/{provider}/disconnect", "GET /api/v1/oauth/connect-sessions/{id}",
            "GET /api/v1/oauth/scopes", "GET /api/v1/oauth/features", "GET /api/v1/oauth/features/{key}", "POST /api/v1/oauth/features/{key}/unlock",
        ], ignoreOrder: true);
        (await Here.Sql($"SELECT count(*) > 5 FROM oauth_audit_log WHERE user_id = '{session.User}' AND action = 'connect_session_refused' AND code = 'identity.session_not_allowed' AND NOT success")).ShouldBe(true);
    }

    [Fact]
    public async Task Session_reaches_the_providers_that_it_was_made_for()
    {
        var session = await Make(more: new { providers = new[] { "second" } });
        (await session.Get("/oauth/providers")).Json["providers"]!.AsArray().Select(entry => (string)entry!["key"]!).ShouldBe(["second"]);
        (await session.Get("/oauth/second/status")).Status.ShouldBe(HttpStatusCode.OK);
        foreach (var reply in new[]
        {
            await session.Get("/oauth/sandbox/status"), await session.Get("/oauth/Sandbox/accounts"), await session.Post("/oauth/sandbox/disconnect"),
            await session.Post("/api/v1/oauth/initiate", new { provider = "sandbox" }), await session.Post("/api/v1/oauth/initiate", new { provider = "SANDBOX" }),
        })
            reply.Code.ShouldBe("identity.session_not_allowed");
        (await session.Get("/oauth/nowhere/status")).Code.ShouldBe("providers.unknown");
    }

    [Fact]
    public async Task Session_cannot_ask_for_more_than_its_back_end_decided()
    {
        var session = await Make(more: new { opener_origin = Product });
        foreach (var body in new object[]
        {
            new { provider = "sandbox", confirm = false }, new { provider = "sandbox", actor = "somebody" }, new { provider = "sandbox", replace_account = true },
            new { provider = "sandbox", redirect_uri = $"{Here.Host.Origin}/oauth/sandbox/callback" }, new { provider = "sandbox", opener_origin = Here.Host.Origin },
        })
            (await session.Post("/api/v1/oauth/initiate", body)).Code.ShouldBe("identity.session_not_allowed");
        (await session.Post("/api/v1/oauth/initiate", new { provider = "sandbox", return_to = "https://evil.example" })).Code.ShouldBe("redirect_uris.return_to_not_allowed");

        var direct = await Make(more: new { confirm = false });
        var started = await direct.Post("/api/v1/oauth/initiate", new { provider = "sandbox", login_hint = "alice+auto" });
        using var browser = new FlowBrowser();
        var page = await browser.Open(await browser.FollowUntil((string)started.Json["authorization_url"]!, $"{Here.Host.Origin}/oauth/sandbox/callback"));
        ((string)PopupPage.MessageOf(page)["status"]!).ShouldBe("completed");
        PopupPage.TargetOf(page).ShouldBe(Here.Host.Origin);
    }

    [Fact]
    public async Task Session_for_one_integration_connects_that_one_again_and_no_other()
    {
        var user = NewUser();
        var id = await Here.Connect(user);
        var bob = await Here.Connect(user, "bob+auto");
        var session = await Make(user, new { integration_id = id });
        (await session.Post("/api/v1/oauth/initiate", new { provider = "second" })).Code.ShouldBe("identity.session_not_allowed");
        (await session.Post("/api/v1/oauth/initiate", new { provider = "sandbox", integration_id = bob })).Code.ShouldBe("identity.session_not_allowed");
        var bobs = (string)(await Here.Sql($"SELECT provider_account_id FROM oauth_integrations WHERE id = '{bob}'"))!;
        (await session.Post("/oauth/sandbox/disconnect", new { account_id = bobs })).Code.ShouldBe("identity.session_not_allowed");
        (await Here.Sql($"SELECT status FROM oauth_integrations WHERE id = '{bob}'")).ShouldBe("active");

        // Without naming it, it is that one: another account is refused.
        var (flow, ticket) = await Parked(session, "bob+auto");
        (await session.Post($"/api/v1/oauth/flows/{flow}/confirm", new { ticket })).Code.ShouldBe("integrations.account_mismatch");
        (flow, ticket) = await Parked(session);
        var done = await session.Post($"/api/v1/oauth/flows/{flow}/confirm", new { ticket });
        Guid.Parse((string)done.Json["integration_id"]!).ShouldBe(id);
        (await Here.Host.Post("/api/v1/oauth/connect-sessions", new { user_id = NewUser(), integration_id = id })).Code.ShouldBe("integrations.not_found");
        (await Here.Host.Post("/api/v1/oauth/connect-sessions", new { user_id = user, integration_id = id, providers = new[] { "second" } })).Code.ShouldBe("integrations.not_found");
    }

    [Fact]
    public async Task Token_ends_with_its_session()
    {
        var session = await Make();
        (await Here.Host.Delete($"/api/v1/oauth/connect-sessions/{session.Id}?user_id=somebody_else")).Code.ShouldBe("connect.session_unknown");
        (await session.Get("/oauth/providers")).Status.ShouldBe(HttpStatusCode.OK);
        ((string)(await Here.Host.Delete($"/api/v1/oauth/connect-sessions/{session.Id}")).Json["status"]!).ShouldBe("ended");
        ((string)(await Here.Host.Delete($"/api/v1/oauth/connect-sessions/{session.Id}")).Json["status"]!).ShouldBe("ended");
        (await Here.Sql($"SELECT count(*) FROM oauth_audit_log WHERE user_id = '{session.User}' AND action = 'connect_session_ended'")).ShouldBe(1L);
        var refused = await session.Get("/oauth/providers");
        (refused.Status, refused.Code).ShouldBe((HttpStatusCode.Unauthorized, "identity.session_invalid"));

        var old = await Make();
        await Here.Sql($"UPDATE connect_sessions SET expires_at = now() WHERE id = '{old.Id}'");
        (await old.Get("/oauth/providers")).Code.ShouldBe("identity.session_invalid");
        ((string)(await Here.Host.Get($"/api/v1/oauth/connect-sessions/{old.Id}")).Json["status"]!).ShouldBe("expired");
        foreach (var forged in new[] { "gk_cs_", "gk_cs_" + new string('A', 43), old.Token + "x", "gk_cs_" + new string('x', 5000) })
            (await Here.Host.Get("/oauth/providers", forged)).Code.ShouldBe("identity.session_invalid");
        using var browser = new FlowBrowser();
        (await browser.Open($"{Here.Host.Origin}/oauth/providers?token={old.Token}")).Code.ShouldBe("identity.unauthenticated");
    }

    [Fact]
    public async Task Session_sees_itself_and_no_other()
    {
        var (mine, other) = (await Make(), await Make());
        (await mine.Get($"/api/v1/oauth/connect-sessions/{mine.Id}")).Status.ShouldBe(HttpStatusCode.OK);
        foreach (var id in new[] { other.Id.ToString(), Guid.NewGuid().ToString(), "x" })
            (await mine.Get($"/api/v1/oauth/connect-sessions/{id}")).Code.ShouldBe("connect.session_unknown");
        (await Here.Host.Get($"/api/v1/oauth/connect-sessions/{mine.Id}?user_id={other.User}")).Code.ShouldBe("connect.session_unknown");
        var (flow, ticket) = await Parked(other);
        (await mine.Get($"/api/v1/oauth/flows/{flow}")).Code.ShouldBe("connect.flow_unknown");
        // The ticket is right and the user wrong: the code is destroyed, as with every confirmation.
        (await mine.Post($"/api/v1/oauth/flows/{flow}/confirm", new { ticket })).Code.ShouldBe("connect.subject_mismatch");
        (await other.Post($"/api/v1/oauth/flows/{flow}/confirm", new { ticket })).Code.ShouldBe("connect.ticket_invalid");
    }

    [Fact]
    public async Task Back_end_confirms_with_the_ticket_for_the_user_of_its_own_session()
    {
        var session = await Make();
        var (_, ticket) = await Parked(session);
        var path = $"/api/v1/oauth/connect-sessions/{session.Id}/confirm";
        (await Here.Host.Post(path, new { ticket })).Code.ShouldBe("identity.user_required");
        (await Here.Host.Post(path, new { ticket = RandomHandle.New().Reveal(), user_id = session.User })).Code.ShouldBe("connect.ticket_invalid");
        (await Here.Host.Post(path, new { user_id = session.User })).Code.ShouldBe("connect.ticket_invalid");
        (await Here.Host.Post($"/api/v1/oauth/connect-sessions/{(await Make(session.User)).Id}/confirm", new { ticket, user_id = session.User })).Code.ShouldBe("connect.ticket_invalid");
        (await Here.Host.Post($"/api/v1/oauth/connect-sessions/{Guid.NewGuid()}/confirm", new { ticket, user_id = session.User })).Code.ShouldBe("connect.session_unknown");
        var done = await Here.Host.Post(path, new { ticket, user_id = session.User });
        ((bool)done.Json["success"]!).ShouldBeTrue(done.Body);
        (await Here.Host.Post(path, new { ticket, user_id = session.User })).Code.ShouldBe("connect.ticket_invalid");
    }

    [Fact]
    public async Task Pages_of_the_products_origins_may_read_what_the_module_needs_and_nothing_else()
    {
        var session = await Make();
        foreach (var (method, path) in new[] { ("GET", "/oauth/providers"), ("GET", "/oauth/sandbox/status"), ("POST", "/api/v1/oauth/initiate"), ("POST", "/oauth/sandbox/disconnect"), ("GET", $"/api/v1/oauth/connect-sessions/{session.Id}") })
        {
            var allowed = await Ask(HttpMethod.Options, path, Product, null, method);
            allowed.Status.ShouldBe(HttpStatusCode.NoContent);
            (allowed.Header("Access-Control-Allow-Origin"), allowed.Header("Access-Control-Allow-Methods"), allowed.Header("Vary")).ShouldBe((Product, method, "Origin"));
            allowed.Header("Access-Control-Allow-Headers").ShouldBe("authorization, content-type");
            allowed.HeaderText.ShouldNotContain("Credentials");
            var refused = await Ask(HttpMethod.Options, path, "https://evil.example", null, method);
            refused.HeaderText.ShouldNotContain("Access-Control");
        }

        var answer = await Ask(HttpMethod.Get, "/oauth/providers", Product, session.Token);
        (answer.Status, answer.Header("Access-Control-Allow-Origin")).ShouldBe((HttpStatusCode.OK, Product));
        (await Ask(HttpMethod.Get, "/oauth/providers", Product, "gk_cs_" + new string('A', 43))).Header("Access-Control-Allow-Origin").ShouldBe(Product, "the page has to read why");
        foreach (var origin in new[] { "https://evil.example", "null", Product + ".evil.example", "http://app.example" })
            (await Ask(HttpMethod.Get, "/oauth/providers", origin, session.Token)).HeaderText.ShouldNotContain("Access-Control");
        foreach (var path in new[] { "/oauth/sandbox/token?user_id=u", "/api/v1/oauth/integrations?user_id=u", "/api/v1/oauth/admin/api-keys", "/oauth/sandbox/auth?user_id=u" })
        {
            (await Ask(HttpMethod.Get, path, Product, FlowHost.ApiKey)).HeaderText.ShouldNotContain("Access-Control", customMessage: path);
            (await Ask(HttpMethod.Options, path, Product, null, "GET")).HeaderText.ShouldNotContain("Access-Control", customMessage: path);
        }
    }

    [Fact]
    public async Task Module_is_served_to_every_site_and_kept_until_it_changes()
    {
        var module = await Ask(HttpMethod.Get, "/assets/grantkeeper.js", Product, null);
        (module.Status, module.Header("Content-Type"), module.Header("Access-Control-Allow-Origin")).ShouldBe((HttpStatusCode.OK, "text/javascript; charset=utf-8", "*"));
        module.Body.ShouldContain("export function createGrantkeeper");
        using var browser = new FlowBrowser();
        var again = new HttpRequestMessage(HttpMethod.Get, $"{Here.Host.Origin}/assets/grantkeeper.js");
        again.Headers.TryAddWithoutValidation("If-None-Match", module.Header("ETag"));
        (await browser.Send(again)).Status.ShouldBe(HttpStatusCode.NotModified);
    }

    [Fact]
    public async Task Neither_token_nor_ticket_is_logged()
    {
        var session = await Make();
        await session.Get("/oauth/providers");
        await session.Get("/oauth/sandbox/token");
        using var browser = new FlowBrowser();
        await session.Redeem(browser);
        await browser.Open(session.ConnectUrl);
        foreach (var secret in new[] { session.Token, session.Ticket, browser.CookieValues.First(value => value.Length == 43) })
            Here.Host.Logs.Text.ShouldNotContain(secret);
    }

    [Fact]
    public async Task Embedded_application_makes_sessions_too()
    {
        await using var world = await FlowWorld.Start(HostKind.Embedded);
        var session = await MadeSession.Make(world, NewUser());
        var started = await session.Post("/api/v1/oauth/initiate", new { provider = "sandbox", login_hint = "alice+auto" });
        using var browser = new FlowBrowser();
        var page = await browser.Open(await browser.FollowUntil((string)started.Json["authorization_url"]!, $"{world.Host.Origin}/oauth/sandbox/callback"));
        ((bool)(await session.Post($"/api/v1/oauth/flows/{(string)started.Json["flow_id"]!}/confirm", new { ticket = (string)PopupPage.MessageOf(page)["ticket"]! })).Json["success"]!).ShouldBeTrue();
        (await session.Get("/oauth/sandbox/token")).Status.ShouldBe(HttpStatusCode.Forbidden);
        (await browser.Open($"{world.Host.Origin}/assets/grantkeeper.js")).Status.ShouldBe(HttpStatusCode.OK);
    }

    private async Task<(string FlowId, string Ticket)> Parked(MadeSession session, string hint = "alice+auto")
    {
        var started = await session.Post("/api/v1/oauth/initiate", new { provider = "sandbox", login_hint = hint });
        started.Status.ShouldBe(HttpStatusCode.OK, started.Body);
        using var browser = new FlowBrowser();
        var page = await browser.Open(await browser.FollowUntil((string)started.Json["authorization_url"]!, $"{Here.Host.Origin}/oauth/sandbox/callback"));
        return ((string)started.Json["flow_id"]!, (string)PopupPage.MessageOf(page)["ticket"]!);
    }

    private async Task<FlowReply> Ask(HttpMethod method, string path, string origin, string? key, string? asks = null)
    {
        using var browser = new FlowBrowser();
        var request = new HttpRequestMessage(method, Here.Host.Origin + path);
        request.Headers.TryAddWithoutValidation("Origin", origin);
        if (asks is not null)
        {
            request.Headers.TryAddWithoutValidation("Access-Control-Request-Method", asks);
            request.Headers.TryAddWithoutValidation("Access-Control-Request-Headers", "authorization,content-type");
        }

        if (key is not null)
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {key}");
        return await browser.Send(request);
    }
}
