using System.Net;
using Grantkeeper.IntegrationTests.Flows;
using Grantkeeper.Testing.Postgres;

namespace Grantkeeper.IntegrationTests.Identity;

/// <summary>Limits on starting, refreshing and disconnecting: exact for a user, shared by nodes, and no obstacle while their database is away.</summary>
[Trait("category", "security")]
public sealed class CallLimitTests
{
    private static Dictionary<string, string?> Limits(params (string Name, string Value)[] limits) => limits.ToDictionary(limit => $"Grantkeeper:Limits:{limit.Name}", limit => (string?)limit.Value);

    private static Task<FlowReply> Start(FlowHost host, string user, string? token = null) => token is null
        ? host.Post("/api/v1/oauth/initiate", new { provider = "sandbox", user_id = user })
        : host.Post("/api/v1/oauth/initiate", new { provider = "sandbox" }, token);

    private static void IsTooMany(FlowReply reply)
    {
        (reply.Status, reply.Code).ShouldBe((HttpStatusCode.TooManyRequests, "identity.too_many_requests"), reply.Body);
        ((bool)reply.Json["retryable"]!).ShouldBeTrue();
        int.Parse(reply.Header("Retry-After")).ShouldBeInRange(1, 120);
        ((int)reply.Json["retry_after"]!).ShouldBe(int.Parse(reply.Header("Retry-After")));
    }

    [Fact]
    public async Task The_sixty_first_start_of_a_user_in_a_minute_waits_on_every_node_and_another_user_does_not()
    {
        await using var world = await FlowWorld.Start(HostKind.Server, new Dictionary<string, string?> { ["Grantkeeper:Limits:PerUser"] = null });
        var second = await world.AddNode();
        foreach (var n in Enumerable.Range(0, 60))
            (await Start(n % 2 == 0 ? world.Host : second, "busy")).Status.ShouldBe(HttpStatusCode.OK, $"{n}");
        IsTooMany(await Start(world.Host, "busy"));
        IsTooMany(await Start(second, "busy"));
        IsTooMany(await world.Host.Get("/oauth/sandbox/auth?user_id=busy"));
        IsTooMany(await world.Host.Post("/api/v1/oauth/connect-sessions", new { user_id = "busy" }));
        (await Start(world.Host, "idle")).Status.ShouldBe(HttpStatusCode.OK);
        (await world.Host.Post("/oauth/sandbox/disconnect", new { user_id = "busy" })).Status.ShouldBe(HttpStatusCode.OK, "what is counted apart is limited apart");
        (await world.Sql("SELECT count(*) FROM oauth_state WHERE user_id = 'busy'")).ShouldBe(60L);
    }

    [Fact]
    public async Task A_minute_later_the_counter_has_room_again()
    {
        await using var world = await FlowWorld.Start(HostKind.Server, Limits(("PerUser", "2")));
        foreach (var _ in Enumerable.Range(0, 2))
            (await Start(world.Host, "u")).Status.ShouldBe(HttpStatusCode.OK);
        IsTooMany(await Start(world.Host, "u"));
        var counted = await world.Sql("SELECT sum(hits) FROM rate_windows");
        foreach (var _ in Enumerable.Range(0, 5))
            IsTooMany(await Start(world.Host, "u"));
        (await world.Sql("SELECT sum(hits) FROM rate_windows")).ShouldBe(counted, "a storm costs the database nothing");
        await world.Sql("UPDATE rate_windows SET began_at = began_at - interval '2 minutes'");
        // The node that refused remembers how long; another one asks.
        (await Start(await world.AddNode(), "u")).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Refreshes_and_disconnects_are_limited_too()
    {
        await using var world = await FlowWorld.Start(HostKind.Server, Limits(("PerUser", "1")));
        var id = await world.Connect("u");
        (await world.Host.Post("/oauth/sandbox/refresh", new { user_id = "u" })).Status.ShouldBe(HttpStatusCode.OK);
        IsTooMany(await world.Host.Post("/oauth/sandbox/refresh", new { user_id = "u" }));
        IsTooMany(await world.Host.Post($"/api/v1/oauth/integrations/{id}/refresh"));
        IsTooMany(await world.Host.Post("/api/v1/oauth/monitoring/refresh-expired", new { user_id = "u" }));
        IsTooMany(await world.Host.Post($"/api/v1/oauth/integrations/{id}/sync", new { user_id = "u" }));
        IsTooMany(await world.Host.Post("/api/v1/oauth/integrations/sync", new { user_id = "u" }));
        IsTooMany(await world.Host.Post("/api/v1/oauth/bulk/refresh", new { user_id = "u" }));
        (await world.Host.Delete($"/api/v1/oauth/integrations/{id}")).Status.ShouldBe(HttpStatusCode.OK);
        IsTooMany(await world.Host.Delete($"/api/v1/oauth/integrations/{id}"));
        IsTooMany(await world.Host.Post("/api/v1/oauth/bulk/disconnect", new { user_id = "u" }));
    }

    [Fact]
    public async Task A_key_is_counted_in_blocks_and_its_row_is_touched_once_in_many()
    {
        await using var world = await FlowWorld.Start(HostKind.Server, Limits(("PerKey", "400"), ("PerUser", "0")));
        foreach (var n in Enumerable.Range(0, 8))
            (await Start(world.Host, $"u{n}")).Status.ShouldBe(HttpStatusCode.OK);
        (await world.Sql("SELECT sum(hits) FROM rate_windows")).ShouldBe(8L, "two blocks of four");
        await world.Sql("UPDATE rate_windows SET hits = 400");
        IsTooMany(await Start(world.Host, "another"));
    }

    [Fact]
    public async Task An_address_is_what_a_known_proxy_passes_on_and_nothing_that_anybody_else_writes()
    {
        var settings = Limits(("PerAddress", "3"));
        settings["Grantkeeper:Http:KnownProxies:0"] = "127.0.0.0/8";
        settings["Grantkeeper:Http:KnownProxies:1"] = "::1/128";
        settings["Grantkeeper:Http:KnownProxies:2"] = "10.0.0.0/8";
        await using var proxied = await FlowWorld.Start(HostKind.Server, settings);
        foreach (var _ in Enumerable.Range(0, 3))
            (await Browse(proxied, "198.51.100.7")).Status.ShouldBe(HttpStatusCode.NotFound);
        // What the client itself wrote stands left of what the proxies know.
        foreach (var forwarded in new[] { "198.51.100.7", "203.0.113.9, 198.51.100.7", "203.0.113.9, 198.51.100.7, 10.1.2.3" })
        {
            var refused = await Browse(proxied, forwarded);
            (refused.Status, PopupPage.CodeOf(refused)).ShouldBe((HttpStatusCode.TooManyRequests, "identity.too_many_requests"), forwarded);
            refused.Header("Retry-After").ShouldNotBe("");
        }

        (await Browse(proxied, "198.51.100.8")).Status.ShouldBe(HttpStatusCode.NotFound);
        foreach (var n in Enumerable.Range(0, 3))
            (await Browse(proxied, $"2001:db8:7:7::{n}")).Status.ShouldBe(HttpStatusCode.NotFound);
        (await Browse(proxied, "2001:db8:7:7:ffff::1")).Status.ShouldBe(HttpStatusCode.TooManyRequests, "one customer's network");

        // Without known proxies the header is anybody's word, and the proxy's own address nobody's.
        await using var open = await FlowWorld.Start(HostKind.Server, Limits(("PerAddress", "3")));
        foreach (var _ in Enumerable.Range(0, 5))
            (await Browse(open, "198.51.100.7")).Status.ShouldBe(HttpStatusCode.NotFound);
        (await open.Sql("SELECT count(*) FROM rate_windows")).ShouldBe(0L);
        await open.Host.Post("/api/v1/oauth/initiate", new { provider = "sandbox", user_id = "u" });
        (await open.Sql("SELECT count(*) FROM oauth_audit_log WHERE user_id = 'u' AND host(ip_address) IN ('127.0.0.1', '::1')")).ShouldBe(1L);
    }

    [Fact]
    public async Task A_connect_session_and_a_users_token_are_limited_by_their_user()
    {
        await using var issuer = await HostIssuer.Start();
        var settings = Limits(("PerUser", "2"));
        foreach (var (name, value) in issuer.Settings)
            settings[name] = value;
        await using var world = await FlowWorld.Start(HostKind.Server, settings);
        var session = await MadeSession.Make(world, "u");
        var token = issuer.Token("u");
        (await Start(world.Host, "u", token)).Status.ShouldBe(HttpStatusCode.OK);
        IsTooMany(await Start(world.Host, "u", session.Token));
        IsTooMany(await Start(world.Host, "u", token));
        using var browser = new FlowBrowser();
        await session.Redeem(browser);
        var page = await browser.Open($"{world.Host.Origin}/connect");
        var refused = await browser.Post($"{world.Host.Origin}/connect/start", ("provider", "sandbox"), ("__RequestVerificationToken", MadeSession.FormToken(page)));
        (refused.Status, refused.Header("Retry-After").Length > 0).ShouldBe((HttpStatusCode.TooManyRequests, true), refused.Body);
    }

    [Fact]
    public async Task Reads_of_a_user_are_limited_on_each_node_and_a_keys_only_when_asked()
    {
        await using var issuer = await HostIssuer.Start();
        var settings = Limits(("ReadsPerUser", "3"), ("ReadsPerKey", "5"));
        foreach (var (name, value) in issuer.Settings)
            settings[name] = value;
        await using var world = await FlowWorld.Start(HostKind.Server, settings);
        var token = issuer.Token("u");
        foreach (var _ in Enumerable.Range(0, 3))
            (await world.Host.Get("/oauth/sandbox/status", token)).Status.ShouldBe(HttpStatusCode.OK);
        IsTooMany(await world.Host.Get("/oauth/sandbox/status", token));
        (await world.Host.Get("/oauth/sandbox/status", issuer.Token("v"))).Status.ShouldBe(HttpStatusCode.OK);
        var second = await world.AddNode();
        (await second.Get("/oauth/sandbox/status", token)).Status.ShouldBe(HttpStatusCode.OK);
        foreach (var _ in Enumerable.Range(0, 5))
            (await world.Host.Get("/oauth/sandbox/token?user_id=u")).Code.ShouldBe("integrations.not_connected");
        IsTooMany(await world.Host.Get("/oauth/sandbox/token?user_id=u"));
        (await world.Sql("SELECT count(*) FROM rate_windows")).ShouldBe(0L, "reads write nothing");
    }

    [Fact]
    public async Task While_the_counters_are_away_everything_goes_on()
    {
        await using var platform = await TestCluster.Start();
        var settings = Limits(("PerUser", "1"));
        settings["PLATFORM_DATABASE_URL"] = (await platform.NewMigratedDatabase()).Url;
        await using var world = await FlowWorld.Start(HostKind.Server, settings);
        (await Start(world.Host, "u")).Status.ShouldBe(HttpStatusCode.OK);
        IsTooMany(await Start(await world.AddNode(), "u"));
        await platform.Stop();
        foreach (var _ in Enumerable.Range(0, 3))
            (await Start(world.Host, "u")).Status.ShouldBe(HttpStatusCode.OK, "counters keep noise down; they must not keep anybody from disconnecting");
        (await world.Host.Post("/oauth/sandbox/disconnect", new { user_id = "u" })).Status.ShouldBe(HttpStatusCode.OK);
        world.Host.Logs.Text.ShouldContain("no limit holds");
    }

    private static async Task<FlowReply> Browse(FlowWorld world, string forwardedFor)
    {
        using var browser = new FlowBrowser();
        var request = new HttpRequestMessage(HttpMethod.Get, $"{world.Host.Origin}/oauth/start/never-made");
        request.Headers.TryAddWithoutValidation("X-Forwarded-For", forwardedFor);
        return await browser.Send(request);
    }
}
