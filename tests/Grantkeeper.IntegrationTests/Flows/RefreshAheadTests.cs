using Grantkeeper.Client.Contracts;
using Grantkeeper.Monitoring;
using Grantkeeper.Sandbox.Control;
using Grantkeeper.Sandbox.Faults;
using Grantkeeper.Settings;
using Grantkeeper.Testing.Time;
using Grantkeeper.Tokens;
using Microsoft.Extensions.DependencyInjection;

namespace Grantkeeper.IntegrationTests.Flows;

/// <summary>Tokens are renewed before they end, by one node, without anybody asking.</summary>
[Trait("category", "services")]
public sealed class RefreshAheadTests
{
    private const string AllAreDue = "UPDATE oauth_tokens SET next_refresh_at = now() - interval '1 second', claimed_until = NULL";

    [Fact]
    public async Task Due_grant_is_renewed_without_a_reader()
    {
        await using var world = await FlowWorld.Start(HostKind.Server, new Dictionary<string, string?> { ["Grantkeeper:Refresh:Ahead"] = "true" });
        var id = await world.Connect("user_1");
        await world.Sql(AllAreDue);
        await world.Until("SELECT generation = 2 AND claimed_until IS NULL AND next_refresh_at > now() FROM oauth_tokens");
        world.Counters[Counter.RefreshRequests].ShouldBe(1);
        (await world.Sql("SELECT caller IS NULL FROM oauth_audit_log WHERE action = 'refresh'")).ShouldBe(true, "nobody asked");
        ((long)(await world.Host.Get($"/api/v1/oauth/integrations/{id}/token")).Json["generation"]!).ShouldBe(2);
    }

    [Fact]
    public async Task Two_nodes_renew_each_due_grant_once()
    {
        await using var world = await FlowWorld.Start(HostKind.Server);
        var other = await world.AddNode();
        for (var n = 0; n < 12; n++)
            await world.Connect($"user_{n}");
        await world.Sql(AllAreDue);
        RefreshWorker[] workers = [Worker(world.Host), Worker(other)];
        var claimed = await Task.WhenAll(workers.SelectMany(worker => new[] { worker, worker }).Select(worker => worker.Round(CancellationToken.None)));
        claimed.Sum().ShouldBe(12);
        await Task.WhenAll(workers.Select(worker => worker.Idle()));
        world.Counters[Counter.RefreshRequests].ShouldBe(12);
        world.Counters[Counter.ReuseDetected].ShouldBe(0);
        (await world.Sql("SELECT bool_and(generation = 2) FROM oauth_tokens")).ShouldBe(true);
    }

    [Fact]
    public async Task Refused_grant_is_asked_about_once()
    {
        await using var world = await FlowWorld.Start(HostKind.Server);
        await world.Connect("user_1");
        world.Sandbox.Grants.RevokeUser(world.Sandbox.Grants.All.Single().Subject);
        for (var round = 0; round < 3; round++)
        {
            await world.Sql(AllAreDue);
            await Worker(world.Host).Round(CancellationToken.None);
            await Worker(world.Host).Idle();
        }

        world.Counters[Counter.RefreshRequests].ShouldBe(1, "a dead grant is not tried again");
        (await world.Sql("SELECT status || ' ' || reason FROM oauth_integrations")).ShouldBe("error reauthorization_required");
    }

    [Fact]
    public async Task Client_that_the_provider_refuses_is_no_storm_and_costs_no_grant()
    {
        await using var world = await FlowWorld.Start(HostKind.Server);
        for (var n = 0; n < 12; n++)
            await world.Connect($"user_{n}");
        world.Break(new Fault(FaultEndpoint.Refresh, FaultMode.Html, 401, Count: 0));
        for (var round = 0; round < 5; round++)
        {
            await world.Sql("UPDATE oauth_tokens SET next_refresh_at = now() - interval '1 second', claimed_until = NULL WHERE user_id = 'user_" + round + "'");
            await Worker(world.Host).Round(CancellationToken.None);
            await Worker(world.Host).Idle();
        }

        world.Counters[Counter.RefreshRequests].ShouldBe(3, "after three refusals it is left alone");
        (await world.Host.Post("/oauth/sandbox/refresh", new { user_id = "user_9" })).Json["error"]!["code"]!.GetValue<string>().ShouldBe("providers.client_rejected");
        world.Counters[Counter.RefreshRequests].ShouldBe(3);
        (await world.Sql("SELECT bool_and(status = 'active') FROM oauth_integrations")).ShouldBe(true, "a wrong client condemns no grant");
        (await world.Sql("SELECT count(*) FROM oauth_audit_log WHERE action = 'refresh_failed'")).ShouldBe(3L);
    }

    [Fact]
    public async Task Grant_whose_token_has_no_end_is_renewed_before_its_provider_forgets_it()
    {
        await using var world = await FlowWorld.Start(HostKind.Server, new Dictionary<string, string?> { ["Grantkeeper:Providers:sandbox:refresh_token_idle_days"] = "10" });
        world.Break(new Fault(FaultEndpoint.Token, FaultMode.NoExpiresIn));
        var id = await world.Connect("user_1");
        (await world.Sql($"SELECT expires_at IS NULL AND next_refresh_at BETWEEN now() + interval '4 days' AND now() + interval '5 days' FROM oauth_tokens WHERE integration_id = '{id}'")).ShouldBe(true);
        await world.Sql(AllAreDue);
        await Worker(world.Host).Round(CancellationToken.None);
        await Worker(world.Host).Idle();
        world.Counters[Counter.RefreshRequests].ShouldBe(1);
        (await world.Sql($"SELECT generation = 2 AND next_refresh_at > now() FROM oauth_tokens WHERE integration_id = '{id}'")).ShouldBe(true);
    }

    [Fact]
    public async Task Claim_keeps_other_workers_away_until_it_ends_and_takes_only_what_can_be_renewed()
    {
        await using var world = await FlowWorld.Start(HostKind.Server);
        for (var n = 0; n < 5; n++)
            await world.Connect($"user_{n}");
        await world.Sql(AllAreDue);
        await world.Sql("UPDATE oauth_tokens SET refresh_token = NULL WHERE user_id = 'user_0'");
        await world.Sql("UPDATE oauth_tokens SET is_active = false WHERE user_id = 'user_1'");
        await world.Sql("UPDATE oauth_tokens SET next_refresh_at = now() + interval '1 minute' WHERE user_id = 'user_2'");
        var queue = world.Host.Services.GetRequiredService<IDueQueue>();
        (await queue.Claim([new DueLane("sandbox", 10)], 1, CancellationToken.None)).Count.ShouldBe(1);
        (await queue.Claim([new DueLane("another", 10)], 10, CancellationToken.None)).ShouldBeEmpty();
        (await queue.Claim([new DueLane("another", 10), new DueLane("sandbox", 1)], 10, CancellationToken.None)).Count.ShouldBe(1);
        (await queue.Claim([new DueLane("sandbox", 10)], 10, CancellationToken.None)).ShouldBeEmpty();
        await world.Sql("UPDATE oauth_tokens SET claimed_until = now() - interval '1 second'");
        (await queue.Claim([new DueLane("sandbox", 10)], 10, CancellationToken.None)).Select(grant => grant.UserId).Order().ShouldBe(["user_3", "user_4"]);
    }

    [Fact]
    public async Task Worker_that_does_not_come_round_is_told_of()
    {
        await using var world = await FlowWorld.Start(HostKind.Server);
        var (queue, time) = (new HeldQueue(), new ManualTimeProvider());
        time.Advance(TimeSpan.FromSeconds(1));
        using var worker = ActivatorUtilities.CreateInstance<RefreshWorker>(world.Host.Services, queue, time);
        worker.SinceRound.ShouldBeNull("it has not begun");
        var round = worker.Round(CancellationToken.None);
        queue.Claimed.SetResult([]);
        await round;
        worker.SinceRound.ShouldBe(TimeSpan.Zero);
        queue.Claimed = new();
        var stuck = worker.Round(CancellationToken.None);
        time.Advance(TimeSpan.FromMinutes(3));
        var options = world.Host.Services.GetRequiredService<GrantkeeperOptions>() with { RefreshAhead = true };
        Components.OfWorkers(options, worker.SinceRound).ShouldBe(new HealthComponent("degraded", null, "The worker that renews tokens has not come round for 3 minutes."));
        queue.Claimed.SetResult([]);
        await stuck;
        Components.OfWorkers(options, worker.SinceRound).Status.ShouldBe("healthy");
    }

    /// <summary>A queue that answers when it is told to.</summary>
    private sealed class HeldQueue : IDueQueue
    {
        public TaskCompletionSource<List<DueGrant>> Claimed { get; set; } = new();

        public Task<List<DueGrant>> Claim(IReadOnlyList<DueLane> lanes, int limit, CancellationToken cancellation) => Claimed.Task;
    }

    private static RefreshWorker Worker(FlowHost host) => host.Services.GetRequiredService<RefreshWorker>();
}
