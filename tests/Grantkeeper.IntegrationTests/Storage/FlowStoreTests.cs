using Grantkeeper.Connect;
using Grantkeeper.Encryption;

namespace Grantkeeper.IntegrationTests.Storage;

[Trait("category", "models")]
public sealed class FlowStoreTests : IAsyncLifetime
{
    private const string Mine = "cookie of the browser that opened the link";
    private static readonly CancellationToken None = CancellationToken.None;
    private StoreKit _kit = null!;

    public async ValueTask InitializeAsync() => _kit = await StoreKit.New();

    public ValueTask DisposeAsync() => _kit.DisposeAsync();

    [Fact]
    public async Task A_flow_is_read_back_as_it_was_stored()
    {
        var flow = await _kit.AddFlow(completion: Completion.Confirm, reconnect: Guid.CreateVersion7(), replace: true);
        foreach (var found in (PendingFlow?[])[await _kit.Flows.FindByHandle(flow.HandleHash, None), await _kit.Flows.FindByState(flow.StateHash, None), await _kit.Flows.Find(flow.Id, "u1", None)])
        {
            var read = found.ShouldNotBeNull();
            (read with { ExpiresAt = default, Scopes = flow.Scopes }).ShouldBe(flow);
            read.Scopes.ShouldBe(flow.Scopes);
            read.CodeVerifier.Reveal().ShouldBe("verifier-canary");
            read.AuthorizationUrl.Reveal().ShouldContain("url-canary");
            (read.ExpiresAt - TimeProvider.System.GetUtcNow()).TotalMinutes.ShouldBeInRange(9.5, 10);
        }

        (await _kit.Flows.Find(flow.Id, "u2", None)).ShouldBeNull();
    }

    [Fact]
    public async Task A_link_binds_the_browser_that_opens_it_first_which_may_come_again()
    {
        var flow = await _kit.AddFlow();
        var browsers = Enumerable.Range(0, 50).Select(n => RandomHandle.HashOf($"cookie {n}")).ToArray();
        var bound = await Task.WhenAll(browsers.Select(browser => Task.Run(() => _kit.Flows.Bind(flow.HandleHash, browser, null, None))));
        var winner = bound.Single(one => one is not null)!.BindingHash;
        (await _kit.Flows.Bind(flow.HandleHash, RandomHandle.HashOf("a new cookie"), winner, None)).ShouldNotBeNull().BindingHash.ShouldBe(winner);
        (await _kit.Flows.Bind(flow.HandleHash, RandomHandle.HashOf("a new cookie"), RandomHandle.HashOf("stranger"), None)).ShouldBeNull();
        (await _kit.Flows.Bind(RandomHandle.HashOf("unknown"), winner!, winner, None)).ShouldBeNull();
        (await _kit.Flows.Bind(flow.StateHash, winner!, winner, None)).ShouldBeNull("the state is not the handle");
    }

    [Fact]
    public async Task A_state_is_redeemed_once_however_many_callbacks_arrive()
    {
        var flow = await Bound();
        var redeemed = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => Task.Run(() => _kit.Flows.Redeem(flow.StateHash, "google", RandomHandle.HashOf(Mine), null, None))));
        var once = redeemed.Single(one => one is not null)!;
        (once.Id, once.Status, once.IsUsed, once.CodeVerifier.Reveal()).ShouldBe((flow.Id, FlowStatus.Redeemed, true, "verifier-canary"));
        (await _kit.Ask("SELECT is_used AND used_at IS NOT NULL FROM oauth_state")).ShouldBe(true, "it is kept, so that a replay is known as one");
        (await _kit.Flows.Bind(flow.HandleHash, RandomHandle.HashOf(Mine), RandomHandle.HashOf(Mine), None)).ShouldBeNull("a used link binds nobody");
    }

    [Theory]
    [InlineData("wrong cookie", "google", "stranger", null)]
    [InlineData("no cookie", "google", null, null)]
    [InlineData("other provider", "microsoft", Mine, null)]
    [InlineData("other user", "google", null, "u2")]
    public async Task A_state_is_not_redeemed_for_the_wrong_browser_provider_or_user(string because, string provider, string? cookie, string? user)
    {
        var flow = await Bound();
        (await _kit.Flows.Redeem(flow.StateHash, provider, cookie is null ? null : RandomHandle.HashOf(cookie), user, None)).ShouldBeNull(because);
        (await _kit.Flows.Redeem(flow.StateHash, "google", RandomHandle.HashOf(Mine), null, None)).ShouldNotBeNull("and it is still good for the right one");
    }

    [Fact]
    public async Task A_state_that_no_browser_opened_is_redeemed_by_its_user_only()
    {
        var flow = await _kit.AddFlow();
        (await _kit.Flows.Redeem(flow.StateHash, "google", null, null, None)).ShouldBeNull();
        (await _kit.Flows.Redeem(flow.StateHash, "google", RandomHandle.HashOf(Mine), null, None)).ShouldBeNull();
        (await _kit.Flows.Redeem(flow.StateHash, null, null, "u1", None)).ShouldNotBeNull();
    }

    [Fact]
    public async Task A_flow_that_ended_by_time_is_neither_bound_nor_redeemed()
    {
        var flow = await Bound();
        await _kit.Ask("UPDATE oauth_state SET expires_at = now() - interval '1 ms'");
        (await _kit.Flows.Bind(flow.HandleHash, RandomHandle.HashOf(Mine), RandomHandle.HashOf(Mine), None)).ShouldBeNull();
        (await _kit.Flows.Redeem(flow.StateHash, "google", RandomHandle.HashOf(Mine), "u1", None)).ShouldBeNull();
    }

    [Fact]
    public async Task A_parked_code_is_taken_once_by_its_user_with_the_ticket()
    {
        var (flow, ticket) = await Parked();
        (await _kit.Ask("SELECT parked_code LIKE 'gk1.%' AND ticket_hash IS NOT NULL FROM oauth_state")).ShouldBe(true);
        (await _kit.Flows.TakeParked(flow.Id, ticket, "u2", None)).ShouldBeNull("another user");
        (await _kit.Flows.TakeParked(flow.Id, RandomHandle.HashOf("another ticket"), "u1", None)).ShouldBeNull();
        (await _kit.Flows.TakeParked(Guid.CreateVersion7(), ticket, "u1", None)).ShouldBeNull();
        var taken = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(() => _kit.Flows.TakeParked(flow.Id, ticket, "u1", None))));
        var once = taken.Single(one => one is not null)!;
        (once.ParkedCode.Reveal(), once.CodeVerifier.Reveal()).ShouldBe(("code-canary", "verifier-canary"));
        (await _kit.Ask("SELECT parked_code IS NULL AND ticket_hash IS NULL FROM oauth_state")).ShouldBe(true);
    }

    [Fact]
    public async Task A_parked_code_dies_with_its_time()
    {
        var (flow, ticket) = await Parked(TimeSpan.FromMilliseconds(-1));
        (await _kit.Flows.TakeParked(flow.Id, ticket, "u1", None)).ShouldBeNull();
    }

    [Fact]
    public async Task A_parked_code_is_destroyed_for_the_wrong_user_with_the_right_ticket()
    {
        var (flow, ticket) = await Parked();
        (await _kit.Flows.DestroyParked(flow.Id, RandomHandle.HashOf("another ticket"), "connect.subject_mismatch", None)).ShouldBeNull();
        var destroyed = (await _kit.Flows.DestroyParked(flow.Id, ticket, "connect.subject_mismatch", None)).ShouldNotBeNull();
        (destroyed.UserId, destroyed.Status, destroyed.ErrorCode).ShouldBe(("u1", FlowStatus.Failed, "connect.subject_mismatch"));
        (await _kit.Flows.TakeParked(flow.Id, ticket, "u1", None)).ShouldBeNull();
        (await _kit.Ask("SELECT parked_code IS NULL FROM oauth_state")).ShouldBe(true);
    }

    [Fact]
    public async Task A_code_is_parked_only_behind_a_redeemed_state()
    {
        var flow = await _kit.AddFlow(completion: Completion.Confirm);
        await _kit.Flows.Park(flow, new Secret("code"), RandomHandle.HashOf("ticket"), TimeSpan.FromMinutes(5), None);
        (await _kit.Ask("SELECT parked_code FROM oauth_state")).ShouldBeNull();
    }

    [Fact]
    public async Task A_finished_flow_holds_no_secret_but_how_it_ended()
    {
        var (flow, _) = await Parked();
        await FlowStore.Finish(_kit.Database.ForUser("u1"), flow, FlowStatus.Denied, null, "connect.access_denied", None);
        (await _kit.Rows("SELECT status, error_code, code_verifier, parked_code FROM oauth_state")).ShouldHaveSingleItem().ShouldBe(["denied", "connect.access_denied", null, null]);
    }

    private async Task<PendingFlow> Bound(Completion completion = Completion.Direct)
    {
        var flow = await _kit.AddFlow(completion: completion);
        return (await _kit.Flows.Bind(flow.HandleHash, RandomHandle.HashOf(Mine), null, None)).ShouldNotBeNull();
    }

    private async Task<(PendingFlow Flow, string Ticket)> Parked(TimeSpan? lifetime = null)
    {
        var bound = await Bound(Completion.Confirm);
        var flow = (await _kit.Flows.Redeem(bound.StateHash, "google", RandomHandle.HashOf(Mine), null, None)).ShouldNotBeNull();
        var ticket = RandomHandle.HashOf("ticket");
        await _kit.Flows.Park(flow, new Secret("code-canary"), ticket, lifetime ?? TimeSpan.FromMinutes(5), None);
        return (flow, ticket);
    }
}
