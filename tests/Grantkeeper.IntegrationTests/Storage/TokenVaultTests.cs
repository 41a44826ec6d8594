using Grantkeeper.Encryption;
using Grantkeeper.Integrations;
using Grantkeeper.OAuth;
using Grantkeeper.Storage;
using Grantkeeper.Tokens;
using Npgsql;

namespace Grantkeeper.IntegrationTests.Storage;

[Trait("category", "models")]
public sealed class TokenVaultTests : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private StoreKit _kit = null!;
    private GrantRow _row = null!;

    public async ValueTask InitializeAsync()
    {
        _kit = await StoreKit.New();
        _row = await _kit.Connect();
    }

    public ValueTask DisposeAsync() => _kit.DisposeAsync();

    [Fact]
    public async Task A_grant_is_read_back_by_id_and_by_account_with_tokens_that_open()
    {
        foreach (var found in (GrantRow?[])
            [await _kit.Vault.Find(Id, "u1", None), await _kit.Vault.Find(Id, null, None), await _kit.Vault.FindAt("google", "u1", null, None), await _kit.Vault.FindAt("google", "u1", "acc-1", None)])
        {
            var row = found.ShouldNotBeNull();
            row.OpenAccessToken(_kit.Box)!.Value.Reveal().ShouldBe("access-1");
            row.OpenRefreshToken(_kit.Box)!.Value.Reveal().ShouldBe("refresh-1");
            (row.Tokens!.Epoch, row.Tokens.Generation, row.Tokens.Fence, row.Tokens.FailureCount).ShouldBe((1, 1L, 0L, 0));
            row.Tokens.Lifetime.ShouldBe(TimeSpan.FromHours(1));
            (row.Tokens.ExpiresAt!.Value - TimeProvider.System.GetUtcNow()).TotalMinutes.ShouldBeInRange(58, 60);
            (row.Integration.UserId, row.Integration.Provider, row.Integration.AccountId, row.Integration.Status, row.Integration.IsPrimary)
                .ShouldBe(("u1", "google", "acc-1", IntegrationStatus.Active, true));
            row.Integration.Scopes.ToArray().ShouldBe(["openid", "mail"]);
        }

        (await _kit.Vault.Find(Id, "u2", None)).ShouldBeNull();
        (await _kit.Vault.FindAt("google", "u2", null, None)).ShouldBeNull();
        (await _kit.Vault.FindAt("google", "u1", "acc-2", None)).ShouldBeNull();
    }

    [Fact]
    public async Task Of_fifty_takers_one_gets_the_lease()
    {
        var taken = await Task.WhenAll(Enumerable.Range(0, 50).Select(n => Task.Run(() => Take($"node-{n}"))));
        taken.Count(row => row is not null).ShouldBe(1);
        taken.Single(row => row is not null)!.Tokens!.Fence.ShouldBe(1);
        (await _kit.Ask("SELECT fence FROM oauth_tokens")).ShouldBe(1L);
        (await _kit.Ask("SELECT lease_until BETWEEN now() + interval '10 s' AND now() + interval '15 s' FROM oauth_tokens")).ShouldBe(true);
    }

    [Fact]
    public async Task A_lease_that_ended_is_taken_over_with_a_higher_fence_and_the_open_intent_stays_visible()
    {
        var (first, second) = (Guid.NewGuid(), Guid.NewGuid());
        var one = (await Take("node-1", first)).ShouldNotBeNull();
        (one.Tokens!.IntentId, one.Tokens.IntentGeneration).ShouldBe((first, 1L));
        (await Take("node-2", second)).ShouldBeNull();
        await EndLease();
        var two = (await Take("node-2", second)).ShouldNotBeNull();
        (two.Tokens!.Fence, two.Tokens.IntentId, two.Tokens.IntentGeneration).ShouldBe((2L, first, 1L));
        (await _kit.Ask("SELECT array_to_string(intent_nodes, ' ') FROM oauth_tokens")).ShouldBe("node-1");
    }

    [Fact]
    public async Task A_lease_is_not_given_for_another_epoch_another_user_or_a_grant_that_is_off()
    {
        (await _kit.Vault.TakeLease("u1", Id, 2, Guid.NewGuid(), "node", None)).ShouldBeNull();
        (await _kit.Vault.TakeLease("u2", Id, 1, Guid.NewGuid(), "node", None)).ShouldBeNull();
        await _kit.Ask("UPDATE oauth_tokens SET is_active = false");
        (await Take()).ShouldBeNull();
        await _kit.Ask("DELETE FROM oauth_tokens");
        (await Take()).ShouldBeNull();
    }

    [Fact]
    public async Task A_released_lease_is_free_and_takes_its_own_intent_with_it_but_nobody_elses()
    {
        var (first, second) = (Guid.NewGuid(), Guid.NewGuid());
        var one = (await Take("node-1", first))!;
        await _kit.Vault.Release(one, first, None);
        (await _kit.Ask("SELECT lease_until IS NULL AND intent_id IS NULL AND intent_generation IS NULL AND intent_nodes IS NULL AND intent_at IS NULL FROM oauth_tokens")).ShouldBe(true);

        one = (await Take("node-1", first))!;
        await EndLease();
        var two = (await Take("node-2", second))!;
        await _kit.Vault.Release(one, first, None);
        (await _kit.Ask("SELECT lease_until > now() FROM oauth_tokens")).ShouldBe(true, "a late release ends nobody else's lease");
        await _kit.Vault.Release(two, second, None);
        (await _kit.Ask("SELECT lease_until IS NULL AND intent_nodes = ARRAY['node-1'] FROM oauth_tokens")).ShouldBe(true);
    }

    [Fact]
    public async Task What_an_earlier_attempt_left_open_is_told_to_the_next_one()
    {
        (await Lease("node-1")).ShouldNotBeNull().Earlier.ShouldBeNull("it is its own");
        await EndLease();
        var earlier = (await Lease("node-2")).ShouldNotBeNull().Earlier.ShouldNotBeNull();
        (string.Join(' ', earlier.Holders), earlier.Retries).ShouldBe(("node-1", 1));
        earlier.Age.ShouldBeGreaterThan(TimeSpan.Zero);

        // A lease that is given back unused was no retry.
        await EndLease();
        var owner = Guid.NewGuid();
        await _kit.Vault.Release((await Lease("node-2", owner))!.Row, owner, None);
        (await Lease("node-2"))!.Earlier!.Retries.ShouldBe(2);

        await _kit.Ask("INSERT INTO nodes (node, spool_replayed_at) VALUES ('node-1', clock_timestamp())");
        await EndLease();
        (await Lease("node-2"))!.Earlier!.Holders.ShouldBeEmpty();
        await _kit.Ask("UPDATE nodes SET spool_replayed_at = clock_timestamp() - interval '1 hour'");
        await EndLease();
        (await Lease("node-2"))!.Earlier!.Holders.ShouldBe(["node-1"], "it came back before that attempt");
    }

    [Fact]
    public async Task An_attempt_that_is_stored_already_is_recognised_whatever_came_after_it()
    {
        var (leased, attempt) = ((await Take())!, Guid.NewGuid());
        (await Save(leased, attempt, "access-2")).ShouldBe(SaveOutcome.Saved);
        (await Save(leased, attempt, "access-2")).ShouldBe(SaveOutcome.StoredBefore);
        (await Save(leased, Guid.NewGuid(), "access-3")).ShouldBe(SaveOutcome.Lost);
        (await Now()).Tokens!.Generation.ShouldBe(2);
        (await _kit.Ask("SELECT count(*) FROM refresh_attempts")).ShouldBe(1L);
    }

    [Fact]
    public async Task An_access_token_that_may_have_died_with_its_refresh_token_is_suspect()
    {
        (await Fail((await Take())!, ambiguous: true, suspect: true)).ShouldBeTrue();
        (await Now()).Tokens!.SuspectGeneration.ShouldBe(1);
    }

    [Fact]
    public async Task A_refresh_stores_the_next_generation_with_everything_sealed_anew()
    {
        var leased = (await Take())!;
        (await Save(leased, "access-2", "refresh-1")).ShouldBeTrue();
        var row = await Now();
        (row.Tokens!.Generation, row.Tokens.Epoch, row.Tokens.FailureCount, row.Tokens.IntentId, row.Tokens.IntentGeneration).ShouldBe((2L, 1, 0, null, null));
        row.OpenAccessToken(_kit.Box)!.Value.Reveal().ShouldBe("access-2");
        row.OpenRefreshToken(_kit.Box)!.Value.Reveal().ShouldBe("refresh-1");
        row.Tokens.RefreshToken.ShouldNotBe(_row.Tokens!.RefreshToken);
        row.Tokens.LastRefreshedAt.ShouldNotBeNull();
        (await _kit.Ask("SELECT lease_until IS NULL FROM oauth_tokens")).ShouldBe(true);
        (await _kit.Rows("SELECT class, generation, duration_ms FROM refresh_attempts")).ShouldHaveSingleItem().ShouldBe(["refreshed", 1L, 7]);
        (await _kit.Rows("SELECT action, success, duration_ms, node, host(ip_address) FROM oauth_audit_log WHERE action = 'refresh'")).ShouldHaveSingleItem().ShouldBe(["refresh", true, 7, "node", "203.0.113.9"]);
    }

    [Fact]
    public async Task A_success_counts_although_the_lease_was_taken_over_and_a_failure_does_not()
    {
        var late = (await Take("node-1"))!;
        await EndLease();
        var holder = (await Take("node-2"))!;
        (await Fail(late, rejected: Reasons.InvalidGrant)).ShouldBeFalse();
        (await Now()).Integration.Status.ShouldBe(IntegrationStatus.Active);
        (await Now()).Tokens!.FailureCount.ShouldBe(0);
        (await _kit.Ask("SELECT lease_until > now() FROM oauth_tokens")).ShouldBe(true);
        (await _kit.Ask("SELECT count(*) FROM refresh_attempts")).ShouldBe(1L, "the timeline tells of it");
        (await _kit.Ask("SELECT count(*) FROM oauth_audit_log WHERE action = 'refresh_failed'")).ShouldBe(0L);

        (await Save(late, "access-2")).ShouldBeTrue();
        (await Save(holder, "access-of-the-holder")).ShouldBeFalse();
        (await Fail(holder, rejected: Reasons.InvalidGrant)).ShouldBeFalse();
        var row = await Now();
        row.OpenAccessToken(_kit.Box)!.Value.Reveal().ShouldBe("access-2");
        (row.Tokens!.Generation, row.Integration.Status).ShouldBe((2L, IntegrationStatus.Active));
    }

    [Fact]
    public async Task A_success_is_refused_once_the_grant_has_moved_on()
    {
        var leased = (await Take())!;
        await _kit.Connect(access: "access-of-a-new-consent");
        (await Save(leased, "late")).ShouldBeFalse();
        (await Now()).OpenAccessToken(_kit.Box)!.Value.Reveal().ShouldBe("access-of-a-new-consent");
        await _kit.Ask("DELETE FROM oauth_tokens");
        (await Save(leased, "late")).ShouldBeFalse();
        (await _kit.Ask("SELECT count(*) FROM oauth_audit_log WHERE action = 'refresh'")).ShouldBe(0L);
    }

    [Fact]
    public async Task Of_many_successes_of_one_generation_one_is_stored()
    {
        var leased = (await Take())!;
        var saved = await Task.WhenAll(Enumerable.Range(0, 20).Select(n => Task.Run(() => Save(leased, $"access-{n}"))));
        saved.Count(won => won).ShouldBe(1);
        (await Now()).Tokens!.Generation.ShouldBe(2);
        (await _kit.Ask("SELECT count(*) FROM oauth_audit_log WHERE action = 'refresh'")).ShouldBe(1L);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_attempt_whose_end_is_unknown_leaves_its_intent_open(bool ambiguous)
    {
        var attempt = Guid.NewGuid();
        var leased = (await Take("node", attempt))!;
        (await Fail(leased, ambiguous: ambiguous, next: TimeSpan.FromMinutes(3))).ShouldBeTrue();
        var row = await Now();
        (row.Tokens!.IntentId, row.Tokens.IntentGeneration).ShouldBe(ambiguous ? (attempt, 1L) : (null, null));
        row.Tokens.FailureCount.ShouldBe(1);
        (row.Tokens.NextRefreshAt!.Value - TimeProvider.System.GetUtcNow()).TotalMinutes.ShouldBeInRange(2.5, 3);
        (row.Integration.Status, row.Integration.Reason).ShouldBe((IntegrationStatus.Active, null));
        (await _kit.Rows("SELECT error_count, error_message FROM oauth_integrations")).ShouldHaveSingleItem().ShouldBe([1, "timeout"]);
        var next = (await Take("node", Guid.NewGuid())).ShouldNotBeNull("the lease was given back");
        (await Save(next, "access-2")).ShouldBeTrue();
        (await Now()).Tokens!.IntentId.ShouldBeNull();
        (await _kit.Rows("SELECT error_count, error_message FROM oauth_integrations")).ShouldHaveSingleItem().ShouldBe([0, null]);
    }

    [Fact]
    public async Task A_rejected_grant_needs_its_user_and_keeps_its_tokens()
    {
        (await Fail((await Take())!, rejected: Reasons.AmbiguousRefresh)).ShouldBeTrue();
        var row = await Now();
        (row.Integration.Status, row.Integration.Reason, row.Integration.ReasonDetail).ShouldBe((IntegrationStatus.Error, "reauthorization_required", "ambiguous_refresh"));
        row.OpenRefreshToken(_kit.Box).ShouldNotBeNull();
        (await _kit.Rows("SELECT success, code FROM oauth_audit_log WHERE action = 'refresh_failed'")).ShouldHaveSingleItem().ShouldBe([false, "ambiguous_refresh"]);
    }

    [Fact]
    public async Task A_rejected_grant_is_leased_to_nobody_also_not_to_one_who_waited_for_the_lease()
    {
        var leased = (await Take("node-1"))!;
        var waiting = Enumerable.Range(0, 8).Select(n => Task.Run(async () =>
        {
            for (var attempt = 0; attempt < 40; attempt++)
            {
                if (await Take($"node-{n}") is { } taken)
                    return taken;
            }

            return null;
        })).ToList();
        (await Fail(leased, rejected: Reasons.InvalidGrant)).ShouldBeTrue();
        (await Task.WhenAll(waiting)).ShouldAllBe(taken => taken == null);
        (await _kit.Ask("SELECT is_active FROM oauth_tokens")).ShouldBe(false);

        // A late success of the same generation shows that the grant is good after all.
        (await Save(leased, "access-2")).ShouldBeTrue();
        (await Now()).Integration.Status.ShouldBe(IntegrationStatus.Active);
        (await Take()).ShouldNotBeNull();
    }

    [Fact]
    public async Task A_new_consent_makes_a_rejected_grant_leasable_again()
    {
        await Fail((await Take())!, rejected: Reasons.InvalidGrant);
        await _kit.Connect(access: "access-2");
        (await _kit.Vault.TakeLease("u1", Id, 2, Guid.NewGuid(), "node", None)).ShouldNotBeNull();
    }

    [Theory]
    [InlineData("pending", "active", null)]
    [InlineData("expired", "active", null)]
    [InlineData("error", "active", null)]
    [InlineData("inactive", "inactive", "switched_off")]
    public async Task A_success_makes_a_grant_active_unless_it_is_switched_off(string before, string after, string? reason)
    {
        await _kit.Ask($"UPDATE oauth_integrations SET status = '{before}', reason = 'reauthorization_required', reason_detail = 'invalid_grant'");
        (await Save((await Take())!, "access-2")).ShouldBeTrue();
        (await _kit.Rows("SELECT status, reason, reason_detail FROM oauth_integrations")).ShouldHaveSingleItem().ShouldBe([after, reason, null]);
    }

    [Fact]
    public async Task A_grant_that_is_refused_while_it_is_switched_off_stays_off_and_remembers_why()
    {
        var leased = (await Take())!;
        await _kit.Ask("UPDATE oauth_integrations SET status = 'inactive', reason = 'switched_off'");
        (await Fail(leased, rejected: Reasons.InvalidGrant)).ShouldBeTrue();
        (await _kit.Rows("SELECT status, reason, reason_detail FROM oauth_integrations")).ShouldHaveSingleItem().ShouldBe(["inactive", "switched_off", "invalid_grant"]);
    }

    [Fact]
    public async Task A_generation_is_suspected_once_and_only_the_current_one()
    {
        (await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Task.Run(() => _kit.Vault.Suspect(_row, 1, null, StoreKit.Caller, None))))).Count(counts => counts).ShouldBe(1);
        (await _kit.Vault.Suspect(_row, 2, null, StoreKit.Caller, None)).ShouldBeFalse();
        (await Now()).Tokens!.SuspectGeneration.ShouldBe(1);
        (await _kit.Ask("SELECT count(*) FROM oauth_audit_log WHERE action = 'token_rejected'")).ShouldBe(1L);

        (await Save((await Take())!, "access-2")).ShouldBeTrue();
        (await Now()).Tokens!.SuspectGeneration.ShouldBeNull();
        (await _kit.Vault.Suspect(_row, 1, null, StoreKit.Caller, None)).ShouldBeFalse();
        (await _kit.Vault.Suspect(_row, 2, null, StoreKit.Caller, None)).ShouldBeTrue();
    }

    [Fact]
    public async Task Whoever_changes_tokens_and_integration_locks_the_tokens_first()
    {
        // A refresh that commits locks the tokens, then the integration; the other way round would end one of the two.
        await using var refresh = new NpgsqlConnection(DatabaseUrl.ForMigration(DatabaseUrl.Parse(_kit.Db.SuperuserUrl).Value).ConnectionString);
        await refresh.OpenAsync();
        await using var transaction = await refresh.BeginTransactionAsync();
        await Execute(refresh, "SELECT 1 FROM oauth_tokens FOR UPDATE");
        var locking = _kit.Database.ForUser("u1").Transaction(db => TokenVault.Lock(db, Id, "u1", None), None);
        await Waiting();
        await Execute(refresh, "SELECT 1 FROM oauth_integrations FOR UPDATE NOWAIT");
        await transaction.CommitAsync();
        (await locking).ShouldNotBeNull();
    }

    [Fact]
    public async Task The_loser_of_a_deadlock_is_told_to_try_again()
    {
        var other = await _kit.Connect(account: "acc-2");
        using var both = new Barrier(2);
        Task Cross(Guid first, Guid second) => Task.Run(() => _kit.Database.ForUser("u1").Transaction(async db =>
        {
            await db.Execute("UPDATE oauth_tokens SET updated_at = now() WHERE integration_id = $1", None, first);
            both.SignalAndWait();
            return await db.Execute("UPDATE oauth_tokens SET updated_at = now() WHERE integration_id = $1", None, second);
        }, None));
        Task[] crossing = [Cross(Id, other.Integration.Id), Cross(other.Integration.Id, Id)];
        await Should.ThrowAsync<StorageUnavailableException>(() => Task.WhenAll(crossing));
        crossing.Count(task => task.IsCompletedSuccessfully).ShouldBe(1);
    }

    private Guid Id => _row.Integration.Id;

    private async Task<GrantRow?> Take(string node = "node", Guid? owner = null) => (await Lease(node, owner))?.Row;

    private Task<Leased?> Lease(string node = "node", Guid? owner = null) => _kit.Vault.TakeLease("u1", Id, 1, owner ?? Guid.NewGuid(), node, None);

    private async Task<GrantRow> Now() => (await _kit.Vault.Find(Id, "u1", None)).ShouldNotBeNull();

    private Task EndLease() => _kit.Ask("UPDATE oauth_tokens SET lease_until = clock_timestamp() - interval '1 ms'");

    private async Task<bool> Save(GrantRow row, string access, string refresh = "refresh-2") => await Save(row, Guid.NewGuid(), access, refresh) == SaveOutcome.Saved;

    private Task<SaveOutcome> Save(GrantRow row, Guid attempt, string access, string refresh = "refresh-2") => _kit.Vault.SaveRefreshed(
        row, new TokenSet(new Secret(access), new Secret(refresh), TimeProvider.System.GetUtcNow().AddHours(1), TimeSpan.FromHours(1), ScopeSet.Of(["openid", "mail"])),
        attempt, new RefreshAttempt("refreshed", null, null, TimeProvider.System.GetUtcNow(), TimeSpan.FromMilliseconds(7), null), StoreKit.Caller, "node", None);

    private Task<bool> Fail(GrantRow row, bool ambiguous = false, string? rejected = null, TimeSpan? next = null, bool suspect = false) => _kit.Vault.SaveFailure(
        row, row.Tokens!.IntentId!.Value, new RefreshAttempt("transient", "timeout", "ambiguous", TimeProvider.System.GetUtcNow(), TimeSpan.FromMilliseconds(7), TimeProvider.System.GetUtcNow() + next),
        new FailedRefresh(ambiguous, rejected, suspect), StoreKit.Caller, "node", None);

    private async Task Waiting()
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        while ((long)(await _kit.Ask("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"))! == 0)
            clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(60));
    }

    private static async Task Execute(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
