using Grantkeeper.Encryption;
using Grantkeeper.Integrations;
using Grantkeeper.OAuth;
using Grantkeeper.Storage;
using Grantkeeper.Tokens;
using Npgsql;

namespace Grantkeeper.IntegrationTests.Storage;

/// <summary>Leases and answers of many users in one statement: each row ends as it would alone.</summary>
[Trait("category", "models")]
public sealed class GroupedGrantsTests : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private StoreKit _kit = null!;

    public async ValueTask InitializeAsync() => _kit = await StoreKit.New(change: builder => builder.MinPoolSize = 0);

    public ValueTask DisposeAsync() => _kit.DisposeAsync();

    [Fact]
    public async Task Leases_asked_for_together_are_one_statement_and_each_asker_gets_its_own_row()
    {
        var rows = await Connect(6);
        await _kit.Ask($"UPDATE oauth_tokens SET is_active = false WHERE integration_id = '{rows[4].Integration.Id}'");
        var blocker = await _kit.Connect("blocker");
        var owners = rows.Select(_ => Guid.NewGuid()).ToList();
        List<Task<Leased?>> asked;
        Task<Leased?> second, wrongEpoch;
        await using (await Held("LOCK TABLE nodes"))
        {
            _ = Lease(blocker, Guid.NewGuid());
            asked = rows.ConvertAll(row => Lease(row, owners[rows.IndexOf(row)]));
            second = Lease(rows[0], Guid.NewGuid());
            wrongEpoch = _kit.Vault.TakeLease(rows[5].Integration.UserId, rows[5].Integration.Id, 7, Guid.NewGuid(), "node", None);
        }

        var leased = await Task.WhenAll(asked);
        leased.Select(lease => lease?.Row.Integration.UserId).ShouldBe(["u0", "u1", "u2", "u3", null, "u5"]);
        leased[0]!.Row.Tokens!.IntentId.ShouldBe(owners[0]);
        leased[0]!.Earlier.ShouldBeNull();
        (await second, await wrongEpoch).ShouldBe((null, null));
        (await _kit.Ask("SELECT count(DISTINCT xmin::text) FROM oauth_tokens WHERE fence = 1 AND user_id <> 'blocker'")).ShouldBe(1L, "one transaction wrote them");
    }

    [Fact]
    public async Task Answers_that_come_together_end_as_each_would_alone()
    {
        var rows = await Connect(8);
        // One was stored by this attempt before, one has moved on, one is gone, one has a healed integration, one is kept for a while by somebody else.
        var (before, moved, gone, broken, held) = (rows[1], rows[2], rows[3], rows[4], rows[5]);
        var attempts = rows.Select(_ => Guid.NewGuid()).ToList();
        (await Save(before, attempts[1], "access-before")).ShouldBe(SaveOutcome.Saved);
        (await Save(moved, Guid.NewGuid(), "access-of-another")).ShouldBe(SaveOutcome.Saved);
        await _kit.Ask($"DELETE FROM oauth_tokens WHERE integration_id = '{gone.Integration.Id}'");
        await _kit.Ask($"UPDATE oauth_integrations SET status = 'error', reason = 'reauthorization_required', error_count = 3 WHERE id = '{broken.Integration.Id}'");
        await _kit.Ask($"INSERT INTO superseded_answers (user_id, id, integration_id, epoch, generation, answer) SELECT 'u0', gen_random_uuid(), '{rows[0].Integration.Id}', 1, g, 'x' FROM generate_series(0, 1) g");

        var blocker = await _kit.Connect("blocker");
        var holder = await Held($"SELECT FROM oauth_tokens WHERE integration_id = '{held.Integration.Id}' FOR UPDATE");
        Task<SaveOutcome>[] saving;
        await using (await Held("LOCK TABLE refresh_attempts"))
        {
            _ = Save(blocker, Guid.NewGuid(), "access");
            saving = [.. rows.Select((row, index) => Save(row, attempts[index], $"access-of-{row.Integration.UserId}"))];
            // Two answers for one row: one of them is stored.
            saving = [.. saving, Save(rows[7], Guid.NewGuid(), "access-of-the-second")];
        }

        (await Task.WhenAll(saving.Where((_, index) => index != 5))).ShouldBe(
            [SaveOutcome.Saved, SaveOutcome.StoredBefore, SaveOutcome.Lost, SaveOutcome.Lost, SaveOutcome.Saved, SaveOutcome.Saved, SaveOutcome.Saved, SaveOutcome.Lost]);
        saving[5].IsCompleted.ShouldBeFalse("it waits for the row, and nobody waits with it");
        await holder.DisposeAsync();
        (await saving[5]).ShouldBe(SaveOutcome.Saved);
        (await _kit.Ask($"SELECT count(DISTINCT xmin::text) FROM oauth_tokens WHERE user_id IN ('u0', 'u4', 'u6', 'u7')")).ShouldBe(1L, "one transaction wrote them");
        foreach (var index in new[] { 0, 4, 5, 6, 7 })
            (await Now(rows[index])).OpenAccessToken(_kit.Box)!.Value.Reveal().ShouldBe($"access-of-u{index}");
        (await Now(moved)).OpenAccessToken(_kit.Box)!.Value.Reveal().ShouldBe("access-of-another");
        (await Now(broken)).Integration.Status.ShouldBe(IntegrationStatus.Active);
        (await _kit.Rows("SELECT user_id FROM oauth_audit_log WHERE action = 'refresh' AND user_id <> 'blocker' ORDER BY 1")).Select(row => row[0]).ShouldBe(["u0", "u1", "u2", "u4", "u5", "u6", "u7"]);
        (await _kit.Rows("SELECT user_id FROM refresh_attempts WHERE user_id <> 'blocker' ORDER BY 1")).Select(row => row[0]).ShouldBe(["u0", "u1", "u2", "u4", "u5", "u6", "u7"]);
        (await _kit.Rows("SELECT generation FROM superseded_answers")).ShouldHaveSingleItem().ShouldBe([1L], "what lost against the generation that has been used is gone");
    }

    [Fact]
    public async Task Value_that_PostgreSQL_refuses_costs_nobody_else_an_answer()
    {
        var rows = await Connect(4);
        var blocker = await _kit.Connect("blocker");
        Task<SaveOutcome>[] saving;
        await using (await Held("LOCK TABLE refresh_attempts"))
        {
            _ = Save(blocker, Guid.NewGuid(), "access");
            saving = [.. rows.Select((row, index) => Save(row, Guid.NewGuid(), "access-2", node: index == 2 ? new string('n', 100) : "node"))];
        }

        (await Task.WhenAll(saving[0], saving[1], saving[3])).ShouldAllBe(outcome => outcome == SaveOutcome.Saved);
        (await Should.ThrowAsync<PostgresException>(() => saving[2])).SqlState.ShouldBe("22001");
        (await _kit.Ask("SELECT count(*) FROM oauth_audit_log WHERE action = 'refresh' AND user_id <> 'blocker'")).ShouldBe(3L);
        (await Now(rows[2])).Tokens!.Generation.ShouldBe(1, "half an answer is none");
    }

    [Fact]
    public async Task Write_tells_the_grant_as_a_read_would()
    {
        var row = (await Connect(1))[0];
        await _kit.Ask("UPDATE oauth_integrations SET status = 'pending', reason = 'x', reason_detail = 'y', scopes = '{old}'");
        var leased = (await Lease(row, Guid.NewGuid()))!.Row;
        var tokens = Tokens("access-2");
        var (outcome, now) = await _kit.Vault.SaveAndFind(leased, tokens, Guid.NewGuid(), Attempt(), StoreKit.Caller, "node", None);
        outcome.ShouldBe(SaveOutcome.Saved);
        var found = await Now(row);
        now!.Tokens.ShouldBe(found.Tokens);
        now.Integration.Scopes.ToArray().ShouldBe(found.Integration.Scopes.ToArray());
        (now.Integration.Status, now.Integration.Reason, now.Integration.ReasonDetail).ShouldBe((IntegrationStatus.Active, null, null));
        (now.Integration.ExpiresAt, now.Integration.Id, now.Integration.AccountId).ShouldBe((found.Integration.ExpiresAt, found.Integration.Id, found.Integration.AccountId));
        now.OpenRefreshToken(_kit.Box)!.Value.Reveal().ShouldBe("refresh-2");
    }

    [Fact]
    public async Task Claim_brings_the_grant_as_a_read_would()
    {
        var row = (await Connect(1))[0];
        await _kit.Ask("UPDATE oauth_tokens SET next_refresh_at = now()");
        var claimed = (await new DueQueue(_kit.Database).Claim([new DueLane("google", 10)], 10, None)).ShouldHaveSingleItem();
        (claimed.UserId, claimed.IntegrationId, claimed.Generation).ShouldBe(("u0", row.Integration.Id, 1L));
        claimed.Row!.Tokens.ShouldBe((await Now(row)).Tokens);
        claimed.Row.OpenRefreshToken(_kit.Box)!.Value.Reveal().ShouldBe("refresh-1");
    }

    private async Task<List<GrantRow>> Connect(int count)
    {
        var rows = new List<GrantRow>();
        for (var index = 0; index < count; index++)
            rows.Add(await _kit.Connect($"u{index}"));
        return rows;
    }

    private Task<Leased?> Lease(GrantRow row, Guid owner) => _kit.Vault.TakeLease(row.Integration.UserId, row.Integration.Id, 1, owner, "node", None);

    private Task<SaveOutcome> Save(GrantRow row, Guid attempt, string access, string node = "node") => _kit.Vault.SaveRefreshed(row, Tokens(access), attempt, Attempt(), StoreKit.Caller, node, None);

    private static TokenSet Tokens(string access) =>
        new(new Secret(access), new Secret("refresh-2"), TimeProvider.System.GetUtcNow().AddHours(1), TimeSpan.FromHours(1), ScopeSet.Of(["openid", "mail"]));

    private static RefreshAttempt Attempt() => new("refreshed", null, null, TimeProvider.System.GetUtcNow(), TimeSpan.FromMilliseconds(7), TimeProvider.System.GetUtcNow().AddMinutes(50));

    private async Task<GrantRow> Now(GrantRow row) => (await _kit.Vault.Find(row.Integration.Id, row.Integration.UserId, None)).ShouldNotBeNull();

    /// <summary>Holds a lock until it is disposed of; a locked table keeps the first statement busy while the others gather.</summary>
    private async Task<NpgsqlConnection> Held(string sql)
    {
        var connection = new NpgsqlConnection(DatabaseUrl.ForMigration(DatabaseUrl.Parse(_kit.Db.SuperuserUrl).Value).ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"BEGIN; {sql}", connection);
        await command.ExecuteNonQueryAsync();
        return connection;
    }
}
