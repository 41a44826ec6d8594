using System.Net;
using Grantkeeper.Sandbox.Control;
using Grantkeeper.Testing.Postgres;
using Grantkeeper.Tokens;
using Microsoft.Extensions.DependencyInjection;

namespace Grantkeeper.IntegrationTests.Flows;

/// <summary>PostgreSQL dies while a provider's answer is on its way: what the provider gave is stored when it is back.</summary>
[Trait("category", "services")]
public sealed class DatabaseCrashTests
{
    /// <summary>A commit that was confirmed outlives the server's process, as in production.</summary>
    private static readonly (string, string) Durable = ("synchronous_commit", "on");

    [Fact]
    public async Task Token_that_came_while_the_database_was_dead_is_stored_when_it_is_back()
    {
        await using var cluster = await TestCluster.Start(Durable);
        await using var world = await FlowWorld.Start(HostKind.Server, database: await cluster.NewMigratedDatabase());
        var id = await world.Connect("user_1");
        await world.Expire(id);
        var held = world.Tap.Hold(ProviderTap.Token);
        var read = world.Host.Get($"/api/v1/oauth/integrations/{id}/token");
        await held.Arrived;
        var answered = world.Tap.Calls.Last(call => call.Value("grant_type") == "refresh_token").Answered("access_token");

        await cluster.Kill();
        held.Release();
        await world.Host.Logs.Until("waits for the database; it is kept");
        (await world.Host.Get($"/api/v1/oauth/integrations/{id}/token")).Code.ShouldBe("storage.unavailable");
        (await world.Host.Get("/health/ready", key: null)).Status.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await world.Host.Get("/health/live", key: null)).Status.ShouldBe(HttpStatusCode.OK);
        await cluster.Restart();

        await world.Host.Services.GetRequiredService<TokenRefresher>().Drained();
        _ = await read;
        var after = await world.Host.Get($"/api/v1/oauth/integrations/{id}/token");
        after.Status.ShouldBe(HttpStatusCode.OK, after.Body);
        ((long)after.Json["generation"]!).ShouldBe(2);
        ((string)after.Json["access_token"]!).ShouldBe(answered);
        after.Json["warning"].ShouldBeNull();
        world.Counters[Counter.RefreshRequests].ShouldBe(1);
        ((bool)(await world.Host.Post($"/api/v1/oauth/integrations/{id}/refresh")).Json["success"]!).ShouldBeTrue("the rotated refresh token was stored too");
        world.Counters[Counter.ReuseDetected].ShouldBe(0);
    }

    [Fact]
    public async Task Grant_that_came_while_the_database_was_dead_is_stored_when_it_is_back()
    {
        await using var cluster = await TestCluster.Start(Durable);
        await using var world = await FlowWorld.Start(HostKind.Server, database: await cluster.NewMigratedDatabase());
        var (browser, callback, flowId) = await world.ReachCallback("user_1", confirm: false);
        using var _b = browser;
        var held = world.Tap.Hold(ProviderTap.Token);
        var opened = browser.Open(callback);
        await held.Arrived;
        await cluster.Kill();
        held.Release();
        await cluster.Restart();

        var page = await opened;
        page.Status.ShouldBe(HttpStatusCode.OK, page.Body);
        ((string)PopupPage.MessageOf(page)["status"]!).ShouldBe("completed");
        ((string)(await world.Flow(flowId, "user_1")).Json["status"]!).ShouldBe("completed");
        (await world.Host.Get("/oauth/sandbox/token?user_id=user_1")).Status.ShouldBe(HttpStatusCode.OK);
        world.Counters.ExchangesOf(callback.Get("code")).ShouldBe(1);
    }
}
