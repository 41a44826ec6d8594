using Grantkeeper.Audit;
using Grantkeeper.Encryption;
using Grantkeeper.IntegrationTests.Flows;
using Grantkeeper.Integrations;
using Grantkeeper.OAuth;
using Grantkeeper.Tokens;

namespace Grantkeeper.IntegrationTests.Storage;

/// <summary>What the refresh engine relies on in its store; the product's and the simulator's pass the same.</summary>
public abstract class VaultConformance : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private IVaultStand _stand = null!;

    internal abstract Task<IVaultStand> NewStand();

    public async ValueTask InitializeAsync() => _stand = await NewStand();

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return _stand.DisposeAsync();
    }

    [Fact]
    public async Task Grant_is_found_by_its_own_user_alone()
    {
        var row = await _stand.Connect();
        (await _stand.Vault.Find(row.Integration.Id, row.Integration.UserId, None))!.Tokens!.Generation.ShouldBe(1);
        (await _stand.Vault.Find(row.Integration.Id, null, None)).ShouldNotBeNull();
        (await _stand.Vault.Find(row.Integration.Id, "somebody", None)).ShouldBeNull();
        (await _stand.Vault.FindAt("sandbox", row.Integration.UserId, null, None))!.Integration.Id.ShouldBe(row.Integration.Id);
        (await _stand.Vault.FindAt("sandbox", row.Integration.UserId, row.Integration.AccountId, None))!.Integration.Id.ShouldBe(row.Integration.Id);
        (await _stand.Vault.FindAt("sandbox", "somebody", null, None)).ShouldBeNull();
    }

    [Fact]
    public async Task Lease_is_one_nodes_until_it_ends_and_the_next_one_is_told_what_was_left_open()
    {
        var row = await _stand.Connect();
        var first = (await Lease(row, "a")).ShouldNotBeNull();
        first.Earlier.ShouldBeNull();
        (await Lease(row, "b")).ShouldBeNull();
        await _stand.LetTimePass();
        var second = (await Lease(row, "b")).ShouldNotBeNull();
        second.Row.Tokens!.Fence.ShouldBe(first.Row.Tokens!.Fence + 1);
        second.Earlier!.Holders.ShouldBe(["a"]);
        second.Earlier.Retries.ShouldBe(1);
        second.Earlier.Age.ShouldBeGreaterThan(TimeSpan.Zero);
        (await _stand.Vault.Extend(first.Row, None)).ShouldBeFalse();
        (await _stand.Vault.Extend(second.Row, None)).ShouldBeTrue();
        (await _stand.Vault.TakeLease(row.Integration.UserId, row.Integration.Id, 2, Guid.NewGuid(), "c", None)).ShouldBeNull("another epoch");
    }

    [Fact]
    public async Task Lease_that_is_given_back_takes_its_own_intent_with_it()
    {
        var row = await _stand.Connect();
        var (one, two) = (Guid.NewGuid(), Guid.NewGuid());
        var first = (await Lease(row, "a", one))!;
        await _stand.Vault.Release(first.Row, one, None);
        var second = (await Lease(row, "a", one)).ShouldNotBeNull();
        second.Earlier.ShouldBeNull();
        await _stand.LetTimePass();
        var third = (await Lease(row, "b", two))!;
        await _stand.Vault.Release(second.Row, one, None);
        (await Lease(row, "c")).ShouldBeNull("a late release ends nobody else's lease");
        await _stand.Vault.Release(third.Row, two, None);
        (await Lease(row, "c"))!.Earlier!.Retries.ShouldBe(1, "a lease that was given back was no attempt");
    }

    [Fact]
    public async Task Attempt_that_follows_an_open_one_is_waited_for_too()
    {
        var row = await _stand.Connect();
        await Lease(row, "a");
        await _stand.LetTimePass();
        var attempt = Guid.NewGuid();
        var second = (await Lease(row, "b", attempt))!;
        (await _stand.Vault.TakeOver(second.Row, attempt, ["b", "a"], None)).ShouldBeTrue();
        await _stand.LetTimePass();
        (await _stand.Vault.TakeOver(second.Row, attempt, ["b"], None)).ShouldBeFalse("its lease is over");
        var third = (await Lease(row, "c"))!;
        third.Earlier!.Holders.ShouldBe(["b", "a"], ignoreOrder: true);
        await _stand.Vault.AnnounceReplay("a", None);
        await _stand.LetTimePass();
        (await Lease(row, "c"))!.Earlier!.Holders.ShouldBe(["b"]);
    }

    [Fact]
    public async Task Success_is_written_once_on_its_own_epoch_and_generation_whoever_holds_the_lease()
    {
        var row = await _stand.Connect();
        var (first, attempt) = ((await Lease(row, "a"))!.Row, Guid.NewGuid());
        await _stand.LetTimePass();
        await Lease(row, "b");
        (await Save(first, attempt, "2")).ShouldBe(SaveOutcome.Saved, "the only copy of a rotated token is not refused");
        (await Save(first, attempt, "2")).ShouldBe(SaveOutcome.StoredBefore);
        (await Save(first, Guid.NewGuid(), "3")).ShouldBe(SaveOutcome.Lost);
        var now = await Now(row);
        (now.Tokens!.Generation, now.OpenAccessToken(_stand.Box)!.Value.Reveal(), now.OpenRefreshToken(_stand.Box)!.Value.Reveal()).ShouldBe((2, "access-2", "refresh-2"));
        (now.Tokens.IntentId, now.Tokens.FailureCount).ShouldBe((null, 0));
        var otherEpoch = now with { Tokens = now.Tokens with { Epoch = now.Tokens.Epoch + 1 } };
        (await Save(otherEpoch, Guid.NewGuid(), "3")).ShouldBe(SaveOutcome.Lost);
    }

    [Fact]
    public async Task Failure_needs_the_fence_and_keeps_an_intent_whose_end_is_unknown()
    {
        var row = await _stand.Connect();
        var (first, attempt) = ((await Lease(row, "a"))!.Row, Guid.NewGuid());
        await _stand.LetTimePass();
        var second = (await Lease(row, "b", attempt))!.Row;
        (await Fail(first, Guid.NewGuid(), "a", mayHaveRotated: false)).ShouldBeFalse("its fence is old");
        await _stand.Vault.TakeOver(second, attempt, ["b", "a"], None);
        (await Fail(second, attempt, "b", mayHaveRotated: true)).ShouldBeTrue();
        (await Now(row)).Tokens!.FailureCount.ShouldBe(1);
        var third = (await Lease(row, "c"))!;
        third.Earlier!.Holders.ShouldBe(["a"], "b has said that it holds nothing");
    }

    [Fact]
    public async Task Failure_that_surely_changed_nothing_leaves_nothing_open()
    {
        var row = await _stand.Connect();
        var attempt = Guid.NewGuid();
        (await Fail((await Lease(row, "a", attempt))!.Row, attempt, "a", mayHaveRotated: false)).ShouldBeTrue();
        (await Lease(row, "b"))!.Earlier.ShouldBeNull();
    }

    [Fact]
    public async Task Refused_grant_is_off_until_an_answer_comes()
    {
        var row = await _stand.Connect();
        var attempt = Guid.NewGuid();
        var leased = (await Lease(row, "a", attempt))!.Row;
        (await Fail(leased, attempt, "a", mayHaveRotated: false, Reasons.InvalidGrant)).ShouldBeTrue();
        var refused = await Now(row);
        (refused.Integration.Status, refused.Integration.Reason, refused.Integration.ReasonDetail).ShouldBe((IntegrationStatus.Error, Reasons.ReauthorizationRequired, Reasons.InvalidGrant));
        (await Lease(row, "b")).ShouldBeNull();
        (await Save(refused, Guid.NewGuid(), "2")).ShouldBe(SaveOutcome.Saved);
        (await Now(row)).Integration.Status.ShouldBe(IntegrationStatus.Active);
        (await Lease(row, "b")).ShouldNotBeNull();
    }

    [Fact]
    public async Task Grant_of_another_account_is_thawed_by_no_answer()
    {
        var row = await _stand.Connect();
        var attempt = Guid.NewGuid();
        var leased = (await Lease(row, "a", attempt))!.Row;
        (await Fail(leased, attempt, "a", mayHaveRotated: false, Reasons.AccountChanged)).ShouldBeTrue();
        // Of another node's attempt, which nobody knew of.
        (await Save(leased, Guid.NewGuid(), "2")).ShouldBe(SaveOutcome.Saved, "the only copy of a rotated token is not refused");
        var frozen = await Now(row);
        (frozen.Integration.Status, frozen.Integration.ReasonDetail).ShouldBe((IntegrationStatus.Error, Reasons.AccountChanged));
        (await Lease(row, "b")).ShouldBeNull();
    }

    [Fact]
    public async Task Generation_is_reported_once()
    {
        const string Claims = "{\"access_token\":{}}";
        var row = await _stand.Connect();
        (await _stand.Vault.Suspect(row, 2, null, AuditSource.Background, None)).ShouldBeFalse("it is not the current one");
        (await _stand.Vault.Suspect(row, 1, Claims, AuditSource.Background, None)).ShouldBeTrue();
        (await _stand.Vault.Suspect(row, 1, null, AuditSource.Background, None)).ShouldBeFalse();
        (await Now(row)).Tokens!.ClaimsChallenge.ShouldBe(Claims);
        (await Save(row, Guid.NewGuid(), "2")).ShouldBe(SaveOutcome.Saved);
        ((await Now(row)).Tokens!.SuspectGeneration, (await Now(row)).Tokens!.ClaimsChallenge).ShouldBe((null, null));
    }

    [Fact]
    public async Task Due_grants_are_claimed_by_one_worker()
    {
        var row = await _stand.Connect();
        (await _stand.Due.Claim([new DueLane("another", 10), new DueLane("sandbox", 10)], 10, None)).ShouldBeEmpty();
        await _stand.LetTimePass();
        (await _stand.Due.Claim([new DueLane("another", 10), new DueLane("sandbox", 10)], 10, None)).ShouldHaveSingleItem().IntegrationId.ShouldBe(row.Integration.Id);
        (await _stand.Due.Claim([new DueLane("another", 10), new DueLane("sandbox", 10)], 10, None)).ShouldBeEmpty();
        await _stand.LetTimePass();
        (await _stand.Due.Claim([new DueLane("another", 10), new DueLane("sandbox", 10)], 10, None)).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Answer_that_lost_is_kept_until_the_winner_was_used()
    {
        var row = await _stand.Connect();
        (await Save(row, Guid.NewGuid(), "2")).ShouldBe(SaveOutcome.Saved);
        await _stand.Late.Handle(row, Answer(row, "late"), AuditSource.Background, None);
        var winner = await Now(row);
        (await _stand.Late.Newest(winner, None))!.Tokens.RefreshToken.Reveal().ShouldBe("refresh-late");
        (await _stand.Revocations(row)).ShouldBe(0, "a revocation might end the winner too");
        (await Save(winner, Guid.NewGuid(), "3")).ShouldBe(SaveOutcome.Saved);
        (await _stand.Late.Newest(await Now(row), None)).ShouldBeNull();
    }

    [Fact]
    public async Task Answer_whose_winner_was_used_already_is_dropped()
    {
        var row = await _stand.Connect();
        (await Save(row, Guid.NewGuid(), "2")).ShouldBe(SaveOutcome.Saved);
        (await Save(await Now(row), Guid.NewGuid(), "3")).ShouldBe(SaveOutcome.Saved);
        await _stand.Late.Handle(row, Answer(row, "late"), AuditSource.Background, None);
        (await _stand.Late.Newest(await Now(row), None)).ShouldBeNull();
        (await _stand.Revocations(row)).ShouldBe(0);
    }

    [Fact]
    public async Task Answer_that_comes_after_a_disconnect_is_revoked()
    {
        var row = await _stand.Connect();
        await _stand.Disconnect(row);
        var before = await _stand.Revocations(row);
        (await Save(row, Guid.NewGuid(), "2")).ShouldBe(SaveOutcome.Lost);
        (await Lease(row, "a")).ShouldBeNull();
        await _stand.Late.Handle(row, Answer(row, "late"), AuditSource.Background, None);
        (await _stand.Revocations(row)).ShouldBe(before + 1);
        var now = await Now(row);
        (now.Tokens, now.Integration.Status).ShouldBe((null, IntegrationStatus.Revoked));
    }

    [Fact]
    public async Task Answer_that_is_kept_is_revoked_when_the_grant_ends()
    {
        var row = await _stand.Connect();
        (await Save(row, Guid.NewGuid(), "2")).ShouldBe(SaveOutcome.Saved);
        await _stand.Late.Handle(row, Answer(row, "late"), AuditSource.Background, None);
        await _stand.Disconnect(row);
        (await _stand.Revocations(row)).ShouldBe(2, "the provider may hold to either of them");
    }

    private Task<Leased?> Lease(GrantRow row, string node, Guid? owner = null) =>
        _stand.Vault.TakeLease(row.Integration.UserId, row.Integration.Id, row.Tokens!.Epoch, owner ?? Guid.NewGuid(), node, None);

    private async Task<GrantRow> Now(GrantRow row) => (await _stand.Vault.Find(row.Integration.Id, null, None)).ShouldNotBeNull();

    private Task<SaveOutcome> Save(GrantRow row, Guid attempt, string name)
    {
        var answer = Answer(row, name);
        return _stand.Vault.SaveRefreshed(row, answer.Tokens, attempt, answer.Attempt, AuditSource.Background, "a", None);
    }

    private Task<bool> Fail(GrantRow row, Guid attempt, string node, bool mayHaveRotated, string? detail = null) => _stand.Vault.SaveFailure(
        row, attempt, new RefreshAttempt("transient", "http_500", "ambiguous", Moment, TimeSpan.Zero, Moment), new FailedRefresh(mayHaveRotated, detail, false), AuditSource.Background, node, None);

    private static SpooledAnswer Answer(GrantRow row, string name) => SpooledAnswer.Of(
        Guid.NewGuid(), row, new TokenSet(new Secret($"access-{name}"), new Secret($"refresh-{name}"), Moment.AddHours(1), TimeSpan.FromHours(1), ScopeSet.Of(["openid"])), Moment, TimeSpan.FromMilliseconds(7));

    private static DateTimeOffset Moment => TimeProvider.System.GetUtcNow();
}

/// <summary>The product's store.</summary>
[Trait("category", "models")]
public sealed class PostgresVaultConformanceTests : VaultConformance
{
    internal override async Task<IVaultStand> NewStand() => new PostgresStand(await FlowWorld.Start(HostKind.Server));
}

/// <summary>The simulator's.</summary>
[Trait("category", "kit")]
public sealed class TwinVaultConformanceTests : VaultConformance
{
    internal override Task<IVaultStand> NewStand() => Task.FromResult<IVaultStand>(new TwinStand());
}
