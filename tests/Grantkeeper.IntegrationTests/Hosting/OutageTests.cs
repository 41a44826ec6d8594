using System.Net;
using Grantkeeper.Errors;
using Grantkeeper.Failpoints;
using Grantkeeper.IntegrationTests.Flows;
using Grantkeeper.IntegrationTests.Peers;
using Grantkeeper.Sandbox.Control;
using Grantkeeper.Sandbox.Faults;
using Grantkeeper.Storage;
using Grantkeeper.Testing.Peers;
using Grantkeeper.Testing.Postgres;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Grantkeeper.IntegrationTests.Hosting;

/// <summary>A database that is away at the start, goes away later, or dies in the middle of a refresh; and an orderly stop.</summary>
[Trait("category", "manager")]
public sealed class OutageTests
{
    [Fact]
    public async Task Server_waits_for_its_database_and_recovers_without_a_restart()
    {
        await using var cluster = await TestCluster.Start();
        var database = await cluster.NewMigratedDatabase();
        await cluster.Stop();
        await using var host = await FlowHost.Start(HostKind.Server, database.Url, new Dictionary<string, string?>());

        await IsAway(host);
        using (var browser = new FlowBrowser())
        {
            var page = await browser.Open($"{host.Origin}/oauth/sandbox/callback?code=a&state=b");
            page.Status.ShouldBe(HttpStatusCode.ServiceUnavailable);
            page.Body.ShouldContain("storage.unavailable");
        }

        await cluster.Restart();
        await host.Services.GetRequiredService<Readiness>().Ready.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System, TestContext.Current.CancellationToken);
        (await host.Get("/health/ready", key: null)).Status.ShouldBe(HttpStatusCode.OK);
        (await host.Get("/api/v1/oauth/integrations?user_id=user_1")).Status.ShouldBe(HttpStatusCode.OK);

        // The pages too: their keys lie in the database.
        var link = (string)(await host.Post("/api/v1/oauth/admin/sign-in-links")).Json["url"]!;
        using var person = new FlowBrowser();
        (await person.Open(link)).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Killed_database_costs_503s_and_nothing_else()
    {
        // What was confirmed must outlive a crash, which the usual test server does not promise.
        await using var cluster = await TestCluster.Start(("synchronous_commit", "on"));
        await using var world = await FlowWorld.Start(HostKind.Server, null, await cluster.NewMigratedDatabase());
        var id = await world.Connect("user_1");
        await cluster.Kill();

        await IsAway(world.Host);
        var read = await world.Host.Get($"/api/v1/oauth/integrations/{id}/token");
        (read.Status, read.Code).ShouldBe((HttpStatusCode.ServiceUnavailable, "storage.unavailable"));

        await cluster.Restart();
        var back = await world.Host.Get($"/api/v1/oauth/integrations/{id}/token");
        back.Status.ShouldBe(HttpStatusCode.OK, back.Body);
        (await world.Host.Get("/health/ready", key: null)).Status.ShouldBe(HttpStatusCode.OK);
        (await world.Host.Post("/oauth/sandbox/refresh", new { user_id = "user_1" })).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Refresh_whose_database_dies_before_the_answer_comes_is_stored_when_it_is_back()
    {
        // What was confirmed must outlive a crash, which the usual test server does not promise.
        await using var cluster = await TestCluster.Start(("synchronous_commit", "on"));
        await using var world = await PeerWorld.Start(database: await cluster.NewMigratedDatabase());
        await world.Connect();
        await world.Expire();
        await world.Peer.Fault(OidcProviderPeer.TokenPath, PeerFault.HeldRequest());
        var read = world.ReadToken();
        await world.Peer.WaitForHeld(cancellationToken: TestContext.Current.CancellationToken);
        await cluster.Kill();
        await world.Peer.Release();
        await cluster.Restart();

        await read;
        var after = await Eventually(() => world.ReadToken(), reply => reply.Status == HttpStatusCode.OK);
        ((long)after.Json["generation"]!).ShouldBe(2);
        await world.Expire();
        (await world.ReadToken()).Status.ShouldBe(HttpStatusCode.OK, "the rotated refresh token was kept");
        var stats = await world.Peer.Stats();
        (stats.Refreshes, stats.RefusedRefreshes, stats.RevokedGrants).ShouldBe((2, 0, 0));
    }

    [Fact]
    [Trait("category", "security")]
    public async Task Freeze_that_cannot_be_written_is_written_when_the_database_is_back()
    {
        var cut = new Cut();
        await using var world = await FlowWorld.Start(HostKind.Server, services: services => services.AddSingleton<IFailpoints>(cut));
        cut.World = world;
        var id = await world.Connect("user_1");
        world.Break(new Fault(FaultEndpoint.Refresh, FaultMode.OtherSubject, Count: 1));
        cut.IsArmed = true;

        var refresh = world.Host.Post($"/api/v1/oauth/integrations/{id}/refresh");
        await world.Host.Logs.Until($"The failed attempt for integration {id} could not be stored");
        await world.Sql($"ALTER DATABASE {world.Database.Name} CONNECTION LIMIT -1");

        var ended = await refresh;
        ((bool)ended.Json["success"]!, (string)ended.Json["error"]!["code"]!).ShouldBe((false, "tokens.reauthorization_required"), ended.Body);
        (await world.Sql($"SELECT status || ' ' || reason_detail FROM oauth_integrations WHERE id = '{id}'")).ShouldBe("error account_changed");
        world.Counters[Counter.RefreshRequests].ShouldBe(1, "the provider was not asked again");
    }

    /// <summary>Takes the database away from the node when the provider's refusal is about to be written.</summary>
    private sealed class Cut : IFailpoints
    {
        public FlowWorld? World { get; set; }

        public bool IsArmed { get; set; }

        public async ValueTask Reach(string point)
        {
            if (point != Points.RefreshFailed || !IsArmed)
                return;
            IsArmed = false;
            await World!.Sql($"ALTER DATABASE {World.Database.Name} CONNECTION LIMIT 0");
            await World.Sql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'grantkeeper'");
        }
    }

    [Fact]
    public async Task Orderly_stop_finishes_and_stores_the_refresh_that_is_under_way()
    {
        var database = await (await TestCluster.Shared()).NewMigratedDatabase();
        await using var world = await PeerWorld.Start(database: database);
        await world.Connect();
        await world.Expire();
        await world.Peer.Fault(OidcProviderPeer.TokenPath, PeerFault.HeldRequest());
        using var impatient = new CancellationTokenSource();
        var refresh = world.Host.Services.GetRequiredService<Tokens.ITokens>().Get(PeerWorld.Provider, PeerWorld.User, cancellation: impatient.Token);
        await world.Peer.WaitForHeld(cancellationToken: TestContext.Current.CancellationToken);
        await impatient.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => refresh);

        var stopped = world.Host.Services.GetRequiredService<IHost>().StopAsync(TestContext.Current.CancellationToken);
        await world.Peer.Release();
        await stopped;

        (await world.Sql("SELECT generation FROM oauth_tokens")).ShouldBe(2L);
        (await world.Sql("SELECT count(*) FROM oauth_tokens WHERE intent_id IS NULL AND expires_at > now()")).ShouldBe(1L);
        (await world.Peer.Stats()).Refreshes.ShouldBe(1);
    }

    private static async Task IsAway(FlowHost host)
    {
        (await host.Get("/health/live", key: null)).Status.ShouldBe(HttpStatusCode.OK);
        (await host.Get("/health/ready", key: null)).Status.ShouldBe(HttpStatusCode.ServiceUnavailable);
        var refused = await host.Get("/api/v1/oauth/integrations?user_id=user_1");
        (refused.Status, refused.Code).ShouldBe((HttpStatusCode.ServiceUnavailable, ErrorCatalogue.Storage.Unavailable.Code));
        ((bool)refused.Json["retryable"]!).ShouldBeTrue();
        refused.Header("Retry-After").ShouldNotBeEmpty();
    }

    private static async Task<FlowReply> Eventually(Func<Task<FlowReply>> ask, Func<FlowReply, bool> good)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var reply = await ask();
            if (good(reply) || TimeProvider.System.GetElapsedTime(began) > TimeSpan.FromSeconds(30))
                return reply;
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }
}
