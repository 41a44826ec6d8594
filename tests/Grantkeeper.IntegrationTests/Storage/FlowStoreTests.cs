using Grantkeeper.Connect;
using Grantkeeper.Encryption;

namespace Grantkeeper.IntegrationTests.Storage;

/// <summary>What is particular to flows in PostgreSQL; the rest is <see cref="FlowConformance"/>.</summary>
[Trait("category", "models")]
public sealed class FlowStoreTests : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private StoreKit _kit = null!;

    public async ValueTask InitializeAsync() => _kit = await StoreKit.New();

    public ValueTask DisposeAsync() => _kit.DisposeAsync();

    [Fact]
    public async Task A_flow_lives_as_long_as_it_is_told_by_the_databases_clock()
    {
        var flow = await _kit.AddFlow();
        ((await _kit.Flows.Find(flow.Id, "u1", None))!.ExpiresAt - TimeProvider.System.GetUtcNow()).TotalMinutes.ShouldBeInRange(9.5, 10);
    }

    [Fact]
    public async Task A_redeemed_state_says_when()
    {
        var flow = await _kit.AddFlow();
        (await _kit.Flows.Redeem(flow.StateHash, "google", null, "u1", None)).ShouldNotBeNull();
        (await _kit.Ask("SELECT is_used AND used_at IS NOT NULL FROM oauth_state")).ShouldBe(true);
    }

    [Fact]
    public async Task A_parked_code_is_sealed_until_it_is_taken_and_gone_afterwards()
    {
        var (flow, ticket) = await Parked();
        (await _kit.Ask("SELECT parked_code LIKE 'gk1.%' AND ticket_hash IS NOT NULL FROM oauth_state")).ShouldBe(true);
        (await _kit.Flows.TakeParked(flow.Id, ticket, "u1", None)).ShouldNotBeNull().ParkedCode.Reveal().ShouldBe("code-canary");
        (await _kit.Ask("SELECT parked_code IS NULL AND ticket_hash IS NULL FROM oauth_state")).ShouldBe(true);
    }

    [Fact]
    public async Task A_destroyed_code_is_gone_and_its_owner_finds_it_in_the_audit_log()
    {
        var (flow, ticket) = await Parked();
        (await _kit.Flows.DestroyParked(flow.Id, ticket, StoreKit.Caller, None)).ShouldNotBeNull();
        (await _kit.Ask("SELECT parked_code IS NULL AND ticket_hash IS NULL FROM oauth_state")).ShouldBe(true);
        (await _kit.Rows("SELECT user_id, success, code FROM oauth_audit_log WHERE action = 'subject_mismatch'")).ShouldHaveSingleItem().ShouldBe(["u1", false, "connect.subject_mismatch"]);
        (await _kit.Flows.DestroyParked(flow.Id, ticket, StoreKit.Caller, None)).ShouldBeNull();
        (await _kit.Ask("SELECT count(*) FROM oauth_audit_log WHERE action = 'subject_mismatch'")).ShouldBe(1L);
    }

    [Fact]
    public async Task A_finished_flow_holds_no_secret_but_how_it_ended()
    {
        var (flow, _) = await Parked();
        await FlowStore.Finish(_kit.Database.ForUser("u1"), flow, FlowStatus.Denied, null, "connect.access_denied", None);
        (await _kit.Rows("SELECT status, error_code, code_verifier, parked_code FROM oauth_state")).ShouldHaveSingleItem().ShouldBe(["denied", "connect.access_denied", null, null]);
    }

    private async Task<(PendingFlow Flow, string Ticket)> Parked()
    {
        var added = await _kit.AddFlow(completion: Completion.Confirm);
        var flow = (await _kit.Flows.Redeem(added.StateHash, "google", null, "u1", None)).ShouldNotBeNull();
        var ticket = RandomHandle.HashOf("ticket");
        await _kit.Flows.Park(flow, new Secret("code-canary"), ticket, TimeSpan.FromMinutes(5), None);
        return (flow, ticket);
    }
}
