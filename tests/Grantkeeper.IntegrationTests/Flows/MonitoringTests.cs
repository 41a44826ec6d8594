using System.Net;
using Grantkeeper.Sandbox.Control;
using Grantkeeper.Sandbox.Faults;

namespace Grantkeeper.IntegrationTests.Flows;

/// <summary>What an operator asks for by hand: renewals, a sweep, figures.</summary>
[Trait("category", "manager")]
public sealed class MonitoringTests
{
    private const string RefreshExpired = "/api/v1/oauth/monitoring/refresh-expired";

    [Fact]
    public async Task One_renewal_that_fails_does_not_stop_the_others()
    {
        await using var world = await FlowWorld.Start(HostKind.Server);
        foreach (var n in new[] { 1, 2, 3, 4 })
        {
            await world.Connect($"user_{n}");
            await world.Sql($"UPDATE oauth_tokens SET expires_at = now() + interval '{n * 10} minutes' WHERE user_id = 'user_{n}'");
        }

        await world.Sql("UPDATE oauth_tokens SET expires_at = now() + interval '2 hours' WHERE user_id = 'user_4'");
        await world.Sql("UPDATE oauth_tokens SET refresh_token = 'gk1.AAAA' WHERE user_id = 'user_2'");
        var before = world.Counters[Counter.RefreshRequests];
        var reply = await world.Host.Post(RefreshExpired);
        reply.Status.ShouldBe(HttpStatusCode.OK, reply.Body);
        ((int)reply.Json["total_tokens"]!, (int)reply.Json["succeeded"]!, (int)reply.Json["failed"]!, (bool)reply.Json["has_more"]!).ShouldBe((3, 2, 1, false));
        var results = reply.Json["refresh_results"]!.AsArray();
        results.Select(result => ((string)result!["user_id"]!, (bool)result["success"]!)).ShouldBe([("user_1", true), ("user_2", false), ("user_3", true)]);
        ((string)results[1]!["error"]!["code"]!).ShouldBe("encryption.unreadable");
        results[0]!["error"].ShouldBeNull();
        (world.Counters[Counter.RefreshRequests] - before).ShouldBe(2, "what ends later than the buffer is left alone");
        ((DateTimeOffset)results[0]!["expires_at"]!).ShouldBeGreaterThan(TimeProvider.System.GetUtcNow().AddMinutes(30));

        // A user's own, a longer buffer, one provider.
        ((int)(await world.Host.Post(RefreshExpired, new { user_id = "user_4" })).Json["total_tokens"]!).ShouldBe(0);
        ((int)(await world.Host.Post(RefreshExpired, new { user_id = "user_4", buffer_hours = 3 })).Json["succeeded"]!).ShouldBe(1);
        ((int)(await world.Host.Post(RefreshExpired, new { provider = "google", buffer_hours = 168 })).Json["total_tokens"]!).ShouldBe(0);
    }

    [Fact]
    public async Task Renewals_refuse_what_makes_no_sense()
    {
        await using var world = await FlowWorld.Start(HostKind.Server);
        (await world.Host.Post(RefreshExpired, new { buffer_hours = 169 })).Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await world.Host.Post(RefreshExpired, new { buffer_hours = -1 })).Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await world.Host.Post(RefreshExpired, new { provider = "nobody" })).Status.ShouldBe(HttpStatusCode.NotFound);
        (await world.Host.Post(RefreshExpired, new { user_id = "" })).Status.ShouldNotBe(HttpStatusCode.OK);
        var key = (string)(await world.Host.Post("/api/v1/oauth/admin/api-keys", new { name = "service", permissions = new[] { "oauth:refresh" } })).Json["key"]!;
        ((string)(await world.Host.Post(RefreshExpired, key: key)).Json["code"]!).ShouldBe("identity.user_required");
        (await world.Host.Post(RefreshExpired, new { user_id = "user_1" }, key)).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_sweep_by_hand_tells_what_it_removed()
    {
        await using var world = await FlowWorld.Start(HostKind.Server);
        await world.Connect("user_1");
        await world.Sql("UPDATE oauth_state SET expires_at = now() - interval '2 days'");
        var reply = await world.Host.Post("/api/v1/oauth/admin/cleanup");
        ((int)reply.Json["states"]!, (int)reply.Json["tokens"]!, (int)reply.Json["total"]!).ShouldBe((1, 0, 1));
    }

    [Fact]
    public async Task A_provider_that_refuses_our_client_says_so_in_its_health()
    {
        await using var world = await FlowWorld.Start(HostKind.Server);
        (await world.Host.Get("/oauth/sandbox/health")).Json["client_refused_for"].ShouldBeNull();
        for (var n = 0; n < 3; n++)
        {
            var id = await world.Connect($"user_{n}");
            world.Break(new Fault(FaultEndpoint.Refresh, FaultMode.Html, 401));
            await world.Host.Post($"/api/v1/oauth/integrations/{id}/refresh");
        }

        var health = (await world.Host.Get("/oauth/sandbox/health")).Json;
        ((double)health["client_refused_for"]!).ShouldBeGreaterThan(0);
        ((int)health["score"]!).ShouldBe(0);
    }

    /// <summary>
    /// Meters are heard by their names, so a node counts what all nodes of its process do, and this process has many at once:
    /// at least the one refresh is asked for here. <see cref="ProviderFiguresTests"/> counts exactly.
    /// </summary>
    [Fact]
    public async Task Metrics_name_refreshes_by_provider_and_end()
    {
        await using var world = await FlowWorld.Start(HostKind.Server);
        var id = await world.Connect("user_1");
        await world.Host.Post($"/api/v1/oauth/integrations/{id}/refresh");
        var metrics = await world.Host.Get("/metrics", key: null);
        metrics.Status.ShouldBe(HttpStatusCode.OK);
        metrics.Header("Content-Type").ShouldStartWith("text/plain");
        metrics.Body.ShouldMatch("""(?m)^grantkeeper_refreshes_total\{end="refreshed",provider="sandbox"\} [1-9]""");
        foreach (var family in new[] { "grantkeeper_refresh_duration_seconds_bucket{", "grantkeeper_circuit_state{", "http_server_request_duration_seconds_count{", "dotnet_gc_", "db_client_connection_max{db_client_connection_pool_name=\"user_data\"} 50" })
            metrics.Body.ShouldContain(family);
        foreach (var told in new[] { "user_1", "Username", world.Database.Name })
            metrics.Body.ShouldNotContain(told);
    }

    [Fact]
    public async Task Metrics_are_for_this_machine_or_a_key()
    {
        await using var world = await FlowWorld.Start(HostKind.Server);
        async Task<HttpStatusCode> Ask(params (string Name, string Value)[] headers)
        {
            using var browser = new FlowBrowser();
            var request = new HttpRequestMessage(HttpMethod.Get, world.Host.Origin + "/metrics");
            foreach (var (name, value) in headers)
                request.Headers.TryAddWithoutValidation(name, value);
            return (await browser.Send(request)).Status;
        }

        (await Ask()).ShouldBe(HttpStatusCode.OK);
        (await Ask(("X-Forwarded-For", "203.0.113.7"))).ShouldBe(HttpStatusCode.Unauthorized);
        (await Ask(("X-Forwarded-For", "203.0.113.7"), ("Authorization", "Bearer gk_dev_wrong-but-long-enough-to-be-looked-up-0123"))).ShouldBe(HttpStatusCode.Unauthorized);
        (await Ask(("X-Forwarded-For", "203.0.113.7"), ("Authorization", "Bearer " + FlowHost.ApiKey))).ShouldBe(HttpStatusCode.OK);
    }
}
