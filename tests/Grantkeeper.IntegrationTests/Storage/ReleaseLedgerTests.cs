using Grantkeeper.Storage;
using Grantkeeper.Tokens;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Grantkeeper.IntegrationTests.Storage;

[Trait("category", "models")]
public sealed class ReleaseLedgerTests : IAsyncLifetime
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
    public async Task Reads_are_written_as_one_row_for_each_caller_with_a_count_and_a_batch_number()
    {
        using var ledger = Ledger();
        for (var read = 0; read < 60; read++)
            ledger.Count(_row, "key-1");
        for (var read = 0; read < 40; read++)
            ledger.Count(_row, "key-2");
        await ledger.Flush(false, None);
        (await Written()).ShouldBe(["key-1 60 1", "key-2 40 1"]);
        await ledger.Flush(false, None);
        (await Written()).Length.ShouldBe(2, "nothing was counted, so nothing is written");
        ledger.Count(_row, "key-1");
        await ledger.Flush(false, None);
        (await Written()).ShouldBe(["key-1 1 2", "key-1 60 1", "key-2 40 1"]);
        (await _kit.Rows("SELECT DISTINCT user_id, integration_id, provider, node, success FROM oauth_audit_log WHERE action = 'token_read'")).ShouldHaveSingleItem()
            .ShouldBe(["u1", _row.Integration.Id, "google", "node-1", true]);
    }

    [Fact]
    public async Task What_the_database_refuses_is_kept_and_ends_no_node()
    {
        using var ledger = Ledger();
        await _kit.Ask("ALTER TABLE oauth_audit_log ADD CONSTRAINT refusal CHECK (action <> 'token_read')");
        ledger.Count(_row, "key-1");
        await ledger.Flush(false, None);
        await _kit.Ask("ALTER TABLE oauth_audit_log DROP CONSTRAINT refusal");
        ledger.Count(_row, "key-1");
        await ledger.Flush(false, None);
        (await Written()).ShouldBe(["key-1 2 1"]);
    }

    [Fact]
    public async Task Usage_is_written_less_often_and_adds_up()
    {
        using var ledger = Ledger();
        for (var round = 0; round < 3; round++)
        {
            ledger.Count(_row, "key-1");
            ledger.Count(_row, "key-2");
            await ledger.Flush(false, None);
        }

        (await _kit.Rows("SELECT usage_count, last_used_at FROM oauth_tokens")).ShouldHaveSingleItem().ShouldBe([0L, null]);
        await ledger.Flush(true, None);
        (await _kit.Ask("SELECT usage_count FROM oauth_tokens WHERE last_used_at BETWEEN now() - interval '1 min' AND now() + interval '1 s'")).ShouldBe(6L);
        await ledger.Flush(true, None);
        (await _kit.Ask("SELECT usage_count FROM oauth_tokens")).ShouldBe(6L);
    }

    [Fact]
    public async Task A_read_writes_nothing_until_the_flush()
    {
        await using var kit = await StoreKit.New(db: _kit.Db, change: builder => (builder.MinPoolSize, builder.MaxPoolSize) = (0, 1));
        using var ledger = Ledger(kit);
        var (counters, rows) = (await Counters(kit), await Rows());
        for (var read = 0; read < 100; read++)
        {
            var row = (await kit.Vault.FindAt("google", "u1", null, None))!;
            row.OpenAccessToken(kit.Box)!.Value.Reveal().ShouldBe("access-1");
            ledger.Count(row, "key-1");
        }

        (await Counters(kit)).ShouldBe(counters);
        (await Rows()).ShouldBe(rows);
        await ledger.Flush(true, None);
        (await Counters(kit)).ShouldBe(counters + 2, "one audit row and one usage update");
        (await Rows()).ShouldNotBe(rows);
        (await _kit.Ask("SELECT usage_count FROM oauth_tokens")).ShouldBe(100L);
    }

    [Fact]
    public async Task No_read_is_lost_between_counting_and_flushing()
    {
        using var ledger = Ledger();
        var counting = Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (var read = 0; read < 100_000; read++)
                ledger.Count(_row, "key-1");
        })));
        while (!counting.IsCompleted)
            await ledger.Flush(false, None);
        await counting;
        await ledger.Flush(true, None);
        (await _kit.Ask("SELECT sum(event_count) FROM oauth_audit_log WHERE action = 'token_read'")).ShouldBe(400_000L);
        (await _kit.Ask("SELECT usage_count FROM oauth_tokens")).ShouldBe(400_000L);
        var sequences = (await _kit.Rows("SELECT DISTINCT node_sequence FROM oauth_audit_log WHERE action = 'token_read' ORDER BY 1")).Select(row => (long)row[0]!).ToList();
        sequences.ShouldBe(Enumerable.Range(1, sequences.Count).Select(n => (long)n));
    }

    [Fact]
    public async Task Counts_are_kept_while_the_database_is_away()
    {
        using var ledger = Ledger();
        ledger.Count(_row, "key-1");
        await Close();
        await ledger.Flush(true, None);
        ledger.Count(_row, "key-1");
        await ledger.Flush(true, None);
        await Reopen();
        await ledger.Flush(true, None);
        (await Written()).ShouldBe(["key-1 2 1"]);
        (await _kit.Ask("SELECT usage_count FROM oauth_tokens")).ShouldBe(2L);
    }

    [Fact]
    public async Task Usage_is_kept_while_only_its_own_write_fails()
    {
        using var ledger = Ledger();
        ledger.Count(_row, "key-1");
        await ledger.Flush(false, None);
        await Close();
        await ledger.Flush(true, None);
        await Reopen();
        await ledger.Flush(true, None);
        (await Written()).ShouldBe(["key-1 1 1"]);
        (await _kit.Ask("SELECT usage_count FROM oauth_tokens")).ShouldBe(1L);
    }

    [Fact]
    public async Task What_a_stop_interrupts_is_written_by_the_last_flush()
    {
        using var ledger = Ledger();
        ledger.Count(_row, "key-1");
        await using var other = new NpgsqlConnection(DatabaseUrl.ForMigration(DatabaseUrl.Parse(_kit.Db.SuperuserUrl).Value).ConnectionString);
        await other.OpenAsync();
        await using (var transaction = await other.BeginTransactionAsync())
        {
            await using var command = new NpgsqlCommand("LOCK TABLE oauth_audit_log", other);
            await command.ExecuteNonQueryAsync();
            using var stop = new CancellationTokenSource();
            var flushing = ledger.Flush(false, stop.Token);
            while ((long)(await _kit.Ask("SELECT count(*) FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"))! == 0)
                flushing.IsCompleted.ShouldBeFalse();
            await stop.CancelAsync();
            await Should.ThrowAsync<OperationCanceledException>(() => flushing);
        }

        await ledger.Flush(true, None);
        (await Written()).ShouldBe(["key-1 1 1"]);
    }

    private ReleaseLedger Ledger(StoreKit? kit = null) => new(
        (kit ?? _kit).Database, _kit.Audit, new Readiness(),
        Node(), TimeProvider.System, NullLogger<ReleaseLedger>.Instance);

    private static Grantkeeper.Spool.NodeIdentity Node()
    {
        var node = new Grantkeeper.Spool.NodeIdentity();
        node.Take("node-1");
        return node;
    }

    private async Task<string[]> Written() => [.. (await _kit.Rows(
        "SELECT caller || ' ' || sum(event_count) || ' ' || node_sequence FROM oauth_audit_log WHERE action = 'token_read' GROUP BY caller, node_sequence ORDER BY 1")).Select(row => (string)row[0]!)];

    // Every tuple that was written since the database was made, as the pool's only backend knows it.
    private async Task<long> Counters(StoreKit kit)
    {
        await using (var command = kit.Source.CreateCommand("SELECT pg_stat_force_next_flush()"))
            await command.ExecuteNonQueryAsync();
        return (long)(decimal)(await _kit.Ask("SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables"))!;
    }

    // Rows with their versions: also a lock on a row would show.
    private Task<object?> Rows() => _kit.Ask("""
        SELECT md5((SELECT string_agg(t.xmin || '/' || t.xmax || '/' || t.ctid || t::text, '|' ORDER BY t.ctid) FROM oauth_tokens t)
            || (SELECT string_agg(i.xmin || '/' || i.xmax || '/' || i.ctid || i::text, '|' ORDER BY i.ctid) FROM oauth_integrations i)
            || (SELECT string_agg(a.xmin || '/' || a.ctid || a::text, '|' ORDER BY a.ctid) FROM oauth_audit_log a))
        """);

    private async Task Close()
    {
        await _kit.Ask($"ALTER DATABASE {_kit.Db.Name} CONNECTION LIMIT 0");
        await _kit.Ask("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'grantkeeper'");
    }

    private Task Reopen() => _kit.Ask($"ALTER DATABASE {_kit.Db.Name} CONNECTION LIMIT -1");
}
