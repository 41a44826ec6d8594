using System.Net;
using Grantkeeper.Monitoring;
using Grantkeeper.Sandbox.Control;
using Grantkeeper.Sandbox.Faults;
using Grantkeeper.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Grantkeeper.IntegrationTests.Flows;

/// <summary>Grants that nothing renews are looked at, at WordPress.com's simulation: withdrawn there, they end here.</summary>
[Trait("category", "providers")]
public sealed class LiveCheckTests : IAsyncLifetime
{
    private const string Path = "/api/v1/oauth/integrations";
    private const string AllAreDue = "UPDATE oauth_tokens SET next_check_at = now() - interval '1 second'";
    private const string NextIsADayAway = "SELECT bool_and(next_check_at BETWEEN now() + interval '21 hours' AND now() + interval '27 hours') FROM oauth_tokens";

    private FlowWorld _world = null!;

    public async ValueTask InitializeAsync() => _world = await FlowWorld.Start(HostKind.Server, new Dictionary<string, string?> { ["Grantkeeper:Cache:Life"] = "00:00:05" }, platforms: true);

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task A_grant_that_was_withdrawn_is_found_in_the_background_and_served_by_no_node()
    {
        var other = await _world.AddNode();
        await Heard(other);
        var (withdrawn, kept) = (await Connect("user_1", "alice"), await Connect("user_2", "bob"));
        (await other.Get(Token("user_1"))).Status.ShouldBe(HttpStatusCode.OK, "the other node has it in memory");
        (await _world.Host.Get("/oauth/wordpress/status?user_id=user_1")).Json["warnings"]!.AsArray().Select(word => (string)word!).ShouldBe(["ends_unannounced"]);
        _world.Platform("wordpress").Grants.RevokeUser("alice");
        await _world.Sql(AllAreDue);
        (await Worker(_world.Host).Round(CancellationToken.None)).ShouldBe(2);

        var integration = (await _world.Host.Get($"{Path}/{withdrawn}")).Json;
        ((string)integration["status"]!, (string)integration["reason"]!, (string)integration["reason_detail"]!).ShouldBe(("error", "reauthorization_required", "provider_revoked"));
        (await other.Get(Token("user_1"))).Code.ShouldBe("tokens.reauthorization_required");
        (await _world.Host.Get(Token("user_1"))).Code.ShouldBe("tokens.reauthorization_required");
        (await _world.Sql($"SELECT count(*) FROM oauth_tokens WHERE integration_id = '{withdrawn}'")).ShouldBe(0L);
        (await _world.Sql($"SELECT count(*) FROM oauth_audit_log WHERE integration_id = '{withdrawn}' AND action = 'withdrawn' AND caller IS NULL")).ShouldBe(1L, "nobody asked");
        ((string)(await _world.Host.Get($"{Path}/{kept}")).Json["status"]!).ShouldBe("active");
        (await _world.Sql(NextIsADayAway)).ShouldBe(true);

        // A new consent brings back the same integration.
        (await Connect("user_1", "alice")).ShouldBe(withdrawn);
        (await other.Get(Token("user_1"))).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task What_another_node_is_claiming_is_passed_over_and_not_waited_for()
    {
        var (claimed, free) = (await Connect("user_1", "alice"), await Connect("user_2", "bob"));
        await _world.Sql(AllAreDue);
        await using var connection = new Npgsql.NpgsqlConnection(Grantkeeper.Storage.DatabaseUrl.ForMigration(Grantkeeper.Storage.DatabaseUrl.Parse(_world.Database.Url).Value).ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var other = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using var command = new Npgsql.NpgsqlCommand($"SELECT set_config('gk.scope', 'service', true); SELECT 1 FROM oauth_tokens WHERE integration_id = '{claimed}' FOR UPDATE", connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        (await Worker(_world.Host).Round(CancellationToken.None)).ShouldBe(1);
        (await _world.Sql($"SELECT next_check_at > now() + interval '20 hours' FROM oauth_tokens WHERE integration_id = '{free}'")).ShouldBe(true);
        await other.RollbackAsync(TestContext.Current.CancellationToken);
        (await Worker(_world.Host).Round(CancellationToken.None)).ShouldBe(1);
    }

    [Theory]
    [InlineData(FaultMode.Status, 500), InlineData(FaultMode.Status, 400), InlineData(FaultMode.Status, 401), InlineData(FaultMode.RetryAfter, 429), InlineData(FaultMode.Cut, null), InlineData(FaultMode.Html, 400)]
    public async Task Trouble_changes_nothing_and_is_tried_again_within_the_hour(FaultMode mode, int? status)
    {
        var id = await Connect("user_1", "alice");
        await _world.Sql(AllAreDue);
        _world.Platform("wordpress").Faults.Add(new Fault(FaultEndpoint.Userinfo, mode, status, Count: 0));
        (await Worker(_world.Host).Round(CancellationToken.None)).ShouldBe(1);
        var integration = (await _world.Host.Get($"{Path}/{id}")).Json;
        ((string)integration["status"]!, (string?)integration["reason"]).ShouldBe(("active", null));
        (await _world.Host.Get(Token("user_1"))).Status.ShouldBe(HttpStatusCode.OK);
        (await _world.Sql("SELECT next_check_at BETWEEN now() + interval '50 minutes' AND now() + interval '60 minutes' FROM oauth_tokens")).ShouldBe(true);
    }

    [Fact]
    public async Task Two_nodes_ask_about_each_grant_once_and_a_new_one_waits_for_its_place_in_the_day()
    {
        var other = await _world.AddNode();
        for (var n = 0; n < 12; n++)
            await Connect($"user_{n}", "alice");
        var before = _world.Platform("wordpress").Counters[Counter.UserinfoCalls];
        (await Worker(_world.Host).Round(CancellationToken.None)).ShouldBe(0);
        (await _world.Sql("SELECT count(DISTINCT next_check_at) = 12 AND bool_and(next_check_at BETWEEN now() - interval '1 minute' AND now() + interval '1 day') FROM oauth_tokens")).ShouldBe(true);

        await _world.Sql(AllAreDue);
        var claimed = await Task.WhenAll(new[] { Worker(_world.Host), Worker(other), Worker(_world.Host), Worker(other) }.Select(worker => worker.Round(CancellationToken.None)));
        claimed.Sum().ShouldBe(12);
        (_world.Platform("wordpress").Counters[Counter.UserinfoCalls] - before).ShouldBe(12);
        (await _world.Sql(NextIsADayAway)).ShouldBe(true);
    }

    [Fact]
    public async Task A_sync_finds_it_on_demand()
    {
        var id = await Connect("user_1", "alice");
        ((bool)(await _world.Host.Post($"{Path}/{id}/sync", new { })).Json["success"]!).ShouldBeTrue();
        (await _world.Sql(NextIsADayAway)).ShouldBe(true, "the sync was a look");
        _world.Platform("wordpress").Grants.RevokeUser("alice");
        var synced = (await _world.Host.Post($"{Path}/{id}/sync", new { })).Json;
        ((bool)synced["success"]!, (string)synced["error"]!["code"]!, (string)synced["integration"]!["status"]!, (string)synced["integration"]!["reason_detail"]!)
            .ShouldBe((false, "tokens.reauthorization_required", "error", "provider_revoked"), synced.ToJsonString());
        (await _world.Host.Get(Token("user_1"))).Code.ShouldBe("tokens.reauthorization_required");
        (await _world.Sql("SELECT string_agg(action, ' ' ORDER BY id) FROM oauth_audit_log WHERE action IN ('sync', 'withdrawn')")).ShouldBe("sync withdrawn sync");
        ((string)(await _world.Host.Get("/oauth/wordpress/status?user_id=user_1")).Json["error"]!["code"]!).ShouldBe("tokens.reauthorization_required");
    }

    [Fact]
    public async Task An_answer_about_a_token_that_was_replaced_meanwhile_ends_nothing()
    {
        var id = await Connect("user_1", "alice");
        await _world.Sql(AllAreDue);
        _world.Platform("wordpress").Grants.RevokeUser("alice");
        // The refusal is on its way while a new consent is stored.
        _world.Platform("wordpress").Faults.Add(new Fault(FaultEndpoint.Userinfo, FaultMode.HoldAnswer));
        var round = Worker(_world.Host).Round(CancellationToken.None);
        await _world.Platform("wordpress").Held.WaitFor(1, TestContext.Current.CancellationToken);
        (await Connect("user_1", "alice")).ShouldBe(id);
        await _world.Platform("wordpress").Held.Release(deliver: true);
        (await round).ShouldBe(1);
        ((string)(await _world.Host.Get($"{Path}/{id}")).Json["status"]!).ShouldBe("active");
        (await _world.Host.Get(Token("user_1"))).Status.ShouldBe(HttpStatusCode.OK);
    }

    /// <summary>A node serves from memory only once it hears of changes elsewhere.</summary>
    private static async Task Heard(FlowHost node)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!node.Services.GetRequiredService<INodeSignals>().IsHeard)
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
    }

    private Task<Guid> Connect(string user, string hint) => _world.Connect(user, $"{hint}+auto", "wordpress");

    private static string Token(string user) => $"/oauth/wordpress/token?user_id={user}";

    private static LiveCheckWorker Worker(FlowHost host) => host.Services.GetRequiredService<LiveCheckWorker>();
}
