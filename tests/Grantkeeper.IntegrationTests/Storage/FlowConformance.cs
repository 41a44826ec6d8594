using Grantkeeper.Audit;
using Grantkeeper.Connect;
using Grantkeeper.Encryption;
using Grantkeeper.Errors;
using Grantkeeper.Providers;
using Grantkeeper.Testing.Twins;
using Grantkeeper.Tokens;

namespace Grantkeeper.IntegrationTests.Storage;

/// <summary>Flows behind their seam, and a clock.</summary>
internal interface IFlowStand : IAsyncDisposable
{
    IFlows Flows { get; }

    IGrantWrites Writes { get; }

    Task<GrantRow?> Find(Guid integrationId);

    /// <summary>Lets every flow and every parked code be too old.</summary>
    Task LetTimePass();
}

/// <summary>What a connect relies on in its store; the product's and the simulator's pass the same.</summary>
public abstract class FlowConformance : IAsyncLifetime
{
    private const string Mine = "cookie of the browser that opened the link";
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly string Ticket = RandomHandle.HashOf("ticket");
    private IFlowStand _stand = null!;

    internal abstract Task<IFlowStand> NewStand();

    public async ValueTask InitializeAsync() => _stand = await NewStand();

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return _stand.DisposeAsync();
    }

    [Fact]
    public async Task A_flow_is_read_back_as_it_was_stored()
    {
        var flow = await Add(completion: Completion.Confirm, reconnect: Guid.CreateVersion7(), replace: true);
        foreach (var found in (PendingFlow?[])[await _stand.Flows.FindByHandle(flow.HandleHash, None), await _stand.Flows.FindByState(flow.StateHash, None), await _stand.Flows.Find(flow.Id, "u1", None)])
        {
            var read = found.ShouldNotBeNull();
            (read with { ExpiresAt = default, Scopes = flow.Scopes }).ShouldBe(flow);
            read.Scopes.ShouldBe(flow.Scopes);
            read.CodeVerifier.Reveal().ShouldBe("verifier-canary");
            read.AuthorizationUrl.Reveal().ShouldContain("url-canary");
        }

        (await _stand.Flows.Find(flow.Id, "u2", None)).ShouldBeNull();
    }

    [Fact]
    public async Task A_link_binds_the_browser_that_opens_it_first_which_may_come_again()
    {
        var flow = await Add();
        var browsers = Enumerable.Range(0, 50).Select(n => RandomHandle.HashOf($"cookie {n}")).ToArray();
        var bound = await Task.WhenAll(browsers.Select(browser => Task.Run(() => _stand.Flows.Bind(flow.HandleHash, browser, null, None))));
        var winner = bound.Single(one => one is not null)!.BindingHash;
        (await _stand.Flows.Bind(flow.HandleHash, RandomHandle.HashOf("a new cookie"), winner, None)).ShouldNotBeNull().BindingHash.ShouldBe(winner);
        (await _stand.Flows.Bind(flow.HandleHash, RandomHandle.HashOf("a new cookie"), RandomHandle.HashOf("stranger"), None)).ShouldBeNull();
        (await _stand.Flows.Bind(RandomHandle.HashOf("unknown"), winner!, winner, None)).ShouldBeNull();
        (await _stand.Flows.Bind(flow.StateHash, winner!, winner, None)).ShouldBeNull("the state is not the handle");
    }

    [Fact]
    public async Task A_state_is_redeemed_once_however_many_callbacks_arrive()
    {
        var flow = await Bound();
        var redeemed = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => Task.Run(() => _stand.Flows.Redeem(flow.StateHash, "google", RandomHandle.HashOf(Mine), null, None))));
        var once = redeemed.Single(one => one is not null)!;
        (once.Id, once.Status, once.IsUsed, once.CodeVerifier.Reveal()).ShouldBe((flow.Id, FlowStatus.Redeemed, true, "verifier-canary"));
        (await _stand.Flows.FindByState(flow.StateHash, None)).ShouldNotBeNull("it is kept, so that a replay is known as one").IsUsed.ShouldBeTrue();
        (await _stand.Flows.Bind(flow.HandleHash, RandomHandle.HashOf(Mine), RandomHandle.HashOf(Mine), None)).ShouldBeNull("a used link binds nobody");
    }

    [Theory]
    [InlineData("wrong cookie", "google", "stranger", null)]
    [InlineData("no cookie", "google", null, null)]
    [InlineData("other provider", "microsoft", Mine, null)]
    [InlineData("other user", "google", null, "u2")]
    public async Task A_state_is_not_redeemed_for_the_wrong_browser_provider_or_user(string because, string provider, string? cookie, string? user)
    {
        var flow = await Bound();
        (await _stand.Flows.Redeem(flow.StateHash, provider, cookie is null ? null : RandomHandle.HashOf(cookie), user, None)).ShouldBeNull(because);
        (await _stand.Flows.Redeem(flow.StateHash, "google", RandomHandle.HashOf(Mine), null, None)).ShouldNotBeNull("and it is still good for the right one");
    }

    [Fact]
    public async Task A_state_that_no_browser_opened_is_redeemed_by_its_user_only()
    {
        var flow = await Add();
        (await _stand.Flows.Redeem(flow.StateHash, "google", null, null, None)).ShouldBeNull();
        (await _stand.Flows.Redeem(flow.StateHash, "google", RandomHandle.HashOf(Mine), null, None)).ShouldBeNull();
        (await _stand.Flows.Redeem(flow.StateHash, null, null, "u1", None)).ShouldNotBeNull();
    }

    [Fact]
    public async Task A_flow_that_ended_by_time_is_neither_bound_nor_redeemed()
    {
        var flow = await Bound();
        await _stand.LetTimePass();
        (await _stand.Flows.Bind(flow.HandleHash, RandomHandle.HashOf(Mine), RandomHandle.HashOf(Mine), None)).ShouldBeNull();
        (await _stand.Flows.Redeem(flow.StateHash, "google", RandomHandle.HashOf(Mine), "u1", None)).ShouldBeNull();
        (await _stand.Flows.FindByState(flow.StateHash, None)).ShouldNotBeNull().IsUsed.ShouldBeFalse();
    }

    [Fact]
    public async Task A_parked_code_is_taken_once_by_its_user_with_the_ticket()
    {
        var flow = await Parked();
        (await _stand.Flows.Find(flow.Id, "u1", None))!.Status.ShouldBe(FlowStatus.Parked);
        (await _stand.Flows.TakeParked(flow.Id, Ticket, "u2", None)).ShouldBeNull("another user");
        (await _stand.Flows.TakeParked(flow.Id, RandomHandle.HashOf("another ticket"), "u1", None)).ShouldBeNull();
        (await _stand.Flows.TakeParked(Guid.CreateVersion7(), Ticket, "u1", None)).ShouldBeNull();
        var taken = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(() => _stand.Flows.TakeParked(flow.Id, Ticket, "u1", None))));
        var once = taken.Single(one => one is not null)!;
        (once.ParkedCode.Reveal(), once.CodeVerifier.Reveal(), once.Status).ShouldBe(("code-canary", "verifier-canary", FlowStatus.Redeemed));
        (await _stand.Flows.Find(flow.Id, "u1", None))!.ParkedCode.IsEmpty.ShouldBeTrue();
    }

    [Fact]
    public async Task A_parked_code_dies_with_its_time()
    {
        var flow = await Parked();
        await _stand.LetTimePass();
        (await _stand.Flows.TakeParked(flow.Id, Ticket, "u1", None)).ShouldBeNull();
    }

    [Fact]
    public async Task A_parked_code_is_destroyed_for_the_wrong_user_with_the_right_ticket()
    {
        var flow = await Parked();
        (await _stand.Flows.DestroyParked(flow.Id, RandomHandle.HashOf("another ticket"), StoreKit.Caller, None)).ShouldBeNull();
        var destroyed = (await _stand.Flows.DestroyParked(flow.Id, Ticket, StoreKit.Caller, None)).ShouldNotBeNull();
        (destroyed.UserId, destroyed.Status, destroyed.ErrorCode, destroyed.ParkedCode.IsEmpty).ShouldBe(("u1", FlowStatus.Failed, "connect.subject_mismatch", true));
        (await _stand.Flows.TakeParked(flow.Id, Ticket, "u1", None)).ShouldBeNull();
        (await _stand.Flows.DestroyParked(flow.Id, Ticket, StoreKit.Caller, None)).ShouldBeNull();
    }

    [Fact]
    public async Task A_code_is_parked_only_behind_a_redeemed_state()
    {
        var flow = await Add(completion: Completion.Confirm);
        await _stand.Flows.Park(flow, new Secret("code"), Ticket, TimeSpan.FromMinutes(5), None);
        var now = (await _stand.Flows.Find(flow.Id, "u1", None))!;
        (now.Status, now.ParkedCode.IsEmpty).ShouldBe((FlowStatus.Started, true));
    }

    [Theory]
    [InlineData("ConnectDenied", "Denied")]
    [InlineData("ConnectFailed", "Failed")]
    public async Task A_flow_that_failed_holds_no_secret_but_how_it_ended(string action, string status)
    {
        var flow = await Parked();
        await _stand.Flows.Fail(flow, Enum.Parse<AuditAction>(action), ErrorCatalogue.Connect.AccessDenied, StoreKit.Caller, None);
        var now = (await _stand.Flows.Find(flow.Id, "u1", None))!;
        (now.Status, now.ErrorCode, now.CodeVerifier.IsEmpty, now.ParkedCode.IsEmpty).ShouldBe((Enum.Parse<FlowStatus>(status), "connect.access_denied", true, true));
    }

    [Fact]
    public async Task A_grant_ends_its_flow_and_is_one_integration_of_its_user_at_an_account()
    {
        var (first, again, other) = (await Write("u1", "acc-1", "1"), await Write("u1", "acc-1", "2"), await Write("u2", "acc-1", "3"));
        (await Write("u1", "acc-2", "4")).Integration.Id.ShouldNotBe(first.Integration.Id, "another account");
        (again.Integration.Id, other.Integration.UserId).ShouldBe((first.Integration.Id, "u2"));
        other.Integration.Id.ShouldNotBe(first.Integration.Id);
        (again.Tokens!.Epoch, again.Tokens.Generation).ShouldBe((first.Tokens!.Epoch + 1, first.Tokens.Generation + 1));
        (again.Integration.AccountId, again.Integration.IsActive).ShouldBe(("acc-1", true));
    }

    private async Task<GrantRow> Write(string user, string account, string name)
    {
        var flow = await Bound(user: user);
        (await _stand.Flows.Redeem(flow.StateHash, "google", RandomHandle.HashOf(Mine), null, None)).ShouldNotBeNull();
        var sentAt = (await _stand.Flows.Find(flow.Id, user, None))!.ExpiresAt;
        var id = (await _stand.Writes.Write(flow, StoreKit.ProviderOf("google"), new Account(account, null, null, null), StoreKit.AnswerOf($"access-{name}", $"refresh-{name}"), sentAt, TimeSpan.Zero, StoreKit.Caller, None)).Value;
        var now = (await _stand.Flows.Find(flow.Id, user, None))!;
        (now.Status, now.IntegrationId, now.CodeVerifier.IsEmpty).ShouldBe((FlowStatus.Completed, id, true));
        return (await _stand.Find(id)).ShouldNotBeNull();
    }

    private async Task<PendingFlow> Add(string user = "u1", Completion completion = Completion.Direct, Guid? reconnect = null, bool replace = false)
    {
        var flow = StoreKit.NewFlow(user, "google", completion, reconnect, replace);
        await _stand.Flows.Add(flow, ConnectFlow.Lifetime, StoreKit.Caller, None);
        return flow;
    }

    private async Task<PendingFlow> Bound(Completion completion = Completion.Direct, string user = "u1")
    {
        var flow = await Add(user, completion);
        return (await _stand.Flows.Bind(flow.HandleHash, RandomHandle.HashOf(Mine), null, None)).ShouldNotBeNull();
    }

    private async Task<PendingFlow> Parked()
    {
        var bound = await Bound(Completion.Confirm);
        var flow = (await _stand.Flows.Redeem(bound.StateHash, "google", RandomHandle.HashOf(Mine), null, None)).ShouldNotBeNull();
        await _stand.Flows.Park(flow, new Secret("code-canary"), Ticket, TimeSpan.FromMinutes(5), None);
        return flow;
    }
}

/// <summary>The product's store.</summary>
[Trait("category", "models")]
public sealed class PostgresFlowConformanceTests : FlowConformance
{
    internal override async Task<IFlowStand> NewStand() => new Stand(await StoreKit.New());

    private sealed class Stand(StoreKit kit) : IFlowStand
    {
        public IFlows Flows => kit.Flows;

        public IGrantWrites Writes => kit.Writes;

        public Task<GrantRow?> Find(Guid integrationId) => kit.Vault.Find(integrationId, null, default);

        public Task LetTimePass() => kit.Ask("UPDATE oauth_state SET expires_at = expires_at - interval '1 hour', parked_until = parked_until - interval '1 hour'");

        public ValueTask DisposeAsync() => kit.DisposeAsync();
    }
}

/// <summary>The simulator's.</summary>
[Trait("category", "kit")]
public sealed class TwinFlowConformanceTests : FlowConformance
{
    internal override Task<IFlowStand> NewStand() => Task.FromResult<IFlowStand>(new Stand());

    private sealed class Stand : IFlowStand
    {
        private readonly StoreTwin _store;
        private readonly FlowTwin _flows;
        private DateTimeOffset _now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

        public Stand()
        {
            var keys = new KeyRing();
            keys.Use(new Dictionary<int, byte[]> { [1] = new byte[32] });
            var box = new SecretBox(keys);
            _store = new StoreTwin(box, () => _now);
            _flows = new FlowTwin(new FlowTable(_store, box, () => _now, Guid.NewGuid), new VaultTwin.AtOnce());
        }

        public IFlows Flows => _flows;

        public IGrantWrites Writes => _flows;

        public Task<GrantRow?> Find(Guid integrationId) => Task.FromResult(_store.Find(integrationId, null));

        public Task LetTimePass()
        {
            _now += TimeSpan.FromHours(1);
            return Task.CompletedTask;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
