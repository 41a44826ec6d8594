using System.Diagnostics;
using Grantkeeper.Integrations;
using Grantkeeper.Storage;
using Npgsql;

namespace Grantkeeper.IntegrationTests.Storage;

[Trait("category", "models")]
public sealed class DbSessionTests : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private StoreKit _kit = null!;

    public async ValueTask InitializeAsync() => _kit = await StoreKit.New();

    public ValueTask DisposeAsync() => _kit.DisposeAsync();

    [Fact]
    public async Task A_statement_and_its_context_are_one_round_trip_from_the_first_to_the_prepared_one()
    {
        var row = await _kit.Connect();
        await using var proxy = new WireProxy(_kit.Db.Cluster.Port);
        await using var database = new Database(StoreKit.SourceOf(proxy.Url(_kit.Db.Url), builder => builder.MinPoolSize = 0), TimeProvider.System);
        var vault = new Tokens.TokenVault(database, _kit.Box, _kit.Audit, TimeProvider.System);
        await database.ForUser("u1").Read("SELECT 'warm'", reader => reader.GetString(0), None);
        for (var read = 0; read < 12; read++)
        {
            var before = proxy.RoundTrips;
            (await vault.Find(row.Integration.Id, "u1", None)).ShouldNotBeNull();
            (proxy.RoundTrips - before).ShouldBe(1, $"read {read}");
            (await vault.FindAt("google", "u1", null, None)).ShouldNotBeNull();
            (proxy.RoundTrips - before).ShouldBe(2, $"read {read}");
        }
    }

    [Fact]
    public async Task A_transaction_commits_what_it_did_or_nothing()
    {
        var session = _kit.Database.ForUser("u1");
        await session.Transaction(db => Storage.OwnerSalts(db, "u1"), None);
        await Should.ThrowAsync<InvalidTimeZoneException>(() => session.Transaction<int>(async db =>
        {
            await db.Execute("DELETE FROM owner_salts", None);
            throw new InvalidTimeZoneException();
        }, None));
        var error = await Should.ThrowAsync<PostgresException>(() => session.Transaction(async db =>
        {
            await db.Execute("DELETE FROM owner_salts", None);
            return await db.Execute("SELECT 1 / 0", None);
        }, None));
        error.SqlState.ShouldBe(PostgresErrorCodes.DivisionByZero);
        (await _kit.Ask("SELECT count(*) FROM owner_salts")).ShouldBe(1L);
    }

    [Fact]
    public async Task An_error_after_the_first_row_of_a_statement_is_not_missed() =>
        (await Should.ThrowAsync<PostgresException>(() => _kit.Database.ForUser("u1").One("SELECT (1 / (2 - n))::text FROM generate_series(1, 2) n", row => row.GetString(0), None)))
            .SqlState.ShouldBe(PostgresErrorCodes.DivisionByZero);

    [Fact]
    public async Task Reads_survive_a_pool_of_connections_that_the_server_ended()
    {
        await _kit.Connect();
        for (var round = 0; round < 3; round++)
        {
            await FillPool(6);
            (await Terminate()).ShouldBeGreaterThanOrEqualTo(6);
            (await _kit.Vault.FindAt("google", "u1", null, None)).ShouldNotBeNull();
            await FillPool(6);
            await Terminate();
            (await _kit.Integrations.List(new IntegrationFilter("u1", null, false, null, 10), None)).Count.ShouldBe(1);
        }
    }

    [Fact]
    public async Task A_write_on_a_connection_that_the_server_ended_says_so()
    {
        await FillPool(1);
        await Terminate();
        await Should.ThrowAsync<StorageUnavailableException>(() => _kit.Database.ForUser("u1").Execute("INSERT INTO owner_salts (user_id, salt) VALUES ('u1', '')", None));
        await FillPool(1);
        await Terminate();
        await Should.ThrowAsync<StorageUnavailableException>(() => _kit.Database.ForUser("u1").Transaction(db => db.Execute("SELECT 1", None), None));
        (await _kit.Ask("SELECT count(*) FROM owner_salts")).ShouldBe(0L);
    }

    [Fact]
    public async Task A_write_whose_answer_is_lost_is_not_repeated_and_a_read_once()
    {
        await _kit.Ask("INSERT INTO owner_salts (user_id, salt) VALUES ('u1', '')");
        await using var proxy = new WireProxy(_kit.Db.Cluster.Port) { LoseAnswerTo = "UPDATE owner_salts" };
        await using var database = new Database(StoreKit.SourceOf(proxy.Url(_kit.Db.Url), builder => builder.MinPoolSize = 0), TimeProvider.System);
        await Should.ThrowAsync<StorageUnavailableException>(() => database.ForUser("u1").Execute("UPDATE owner_salts SET salt = salt || '\\x01'", None));
        (await _kit.Ask("SELECT length(salt) FROM owner_salts")).ShouldBe(1);

        (proxy.LoseAnswerTo, proxy.Losses) = ("SELECT salt", 1);
        var before = proxy.Connections;
        (await database.ForUser("u1").Read("SELECT salt::text FROM owner_salts", row => row.GetString(0), None)).ShouldBe("\\x01");
        (proxy.Connections - before).ShouldBe(2);
        (proxy.LoseAnswerTo, proxy.Losses) = ("SELECT salt", 2);
        await Should.ThrowAsync<StorageUnavailableException>(() => database.ForUser("u1").Read("SELECT salt::text FROM owner_salts", row => row.GetString(0), None));
    }

    [Fact]
    public async Task A_read_that_took_too_long_is_not_repeated()
    {
        await using var proxy = new WireProxy(_kit.Db.Cluster.Port);
        await using var database = new Database(StoreKit.SourceOf(proxy.Url(_kit.Db.Url), builder => (builder.MinPoolSize, builder.CommandTimeout) = (0, 1)), TimeProvider.System);
        await database.ForUser("u1").Read("SELECT 'warm'", row => row.GetString(0), None);
        var before = proxy.RoundTrips;
        await Should.ThrowAsync<StorageUnavailableException>(() => database.ForUser("u1").Read("SELECT pg_sleep(20)::text AS slow", row => row.GetString(0), None));
        (proxy.RoundTrips - before).ShouldBe(1);
    }

    [Fact]
    public async Task A_caller_that_gives_up_is_told_that_and_not_that_the_database_is_away()
    {
        using var gaveUp = new CancellationTokenSource();
        await gaveUp.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => _kit.Database.ForUser("u1").Read("SELECT 'x'", row => row.GetString(0), gaveUp.Token));
    }

    [Fact]
    public async Task At_most_fifty_connections_are_made_and_who_waits_too_long_gets_a_clear_error()
    {
        await using var source = StoreKit.SourceOf(_kit.Db.Url, builder => builder.ApplicationName = "pool-test");
        var database = new Database(source, TimeProvider.System);
        await using var holder = new NpgsqlConnection(DatabaseUrl.ForMigration(DatabaseUrl.Parse(_kit.Db.SuperuserUrl).Value).ConnectionString);
        await holder.OpenAsync();
        await Execute(holder, "SELECT pg_advisory_lock(42)");
        var slow = Enumerable.Range(0, 60).Select(_ => database.AsService(ServiceReason.Worker)
            .One("SELECT 'done' FROM (SELECT pg_advisory_lock_shared(42), pg_advisory_unlock_shared(42)) q", row => row.GetString(0), None)).ToArray();
        await Until(async () => (long)(await _kit.Ask("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"))! == 50);

        var clock = Stopwatch.StartNew();
        await Should.ThrowAsync<StorageUnavailableException>(() => database.ForUser("u1").Read("SELECT 'x'", row => row.GetString(0), None));
        clock.Elapsed.ShouldBeInRange(TimeSpan.FromSeconds(4.5), TimeSpan.FromSeconds(20));
        (await _kit.Ask("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pool-test'")).ShouldBe(50L);
        await Execute(holder, "SELECT pg_advisory_unlock(42)");
        (await Task.WhenAll(slow)).ShouldAllBe(answer => answer == "done");
        (await database.ForUser("u1").Read("SELECT 'x'", row => row.GetString(0), None)).ShouldBe("x");
    }

    [Fact]
    public void The_pool_is_set_as_documented()
    {
        var pool = DatabaseUrl.ForApplication(DatabaseUrl.Parse("postgresql://u:p@h/d").Value);
        (pool.MinPoolSize, pool.MaxPoolSize, pool.Timeout, pool.ConnectionLifetime, pool.TcpKeepAlive).ShouldBe((20, 50, 30, 3600, true));
    }

    [Theory]
    [InlineData("postgresql://us%40er:p%3A%2F%40ss@db.test:6432/my%20db?sslmode=verify-full&connect_timeout=7", "us@er", "p:/@ss", "db.test", 6432, "my db")]
    [InlineData("postgres://u:p@[::1]/d", "u", "p", "::1", 5432, "d")]
    [InlineData("Host=db.test;Database=d;Username=u;Password=p", "u", "p", "db.test", 5432, "d")]
    public void A_database_url_is_read_with_its_escapes(string url, string user, string password, string host, int port, string database)
    {
        var parsed = DatabaseUrl.Parse(url).Value;
        (parsed.Username, parsed.Password, parsed.Host, parsed.Port, parsed.Database).ShouldBe((user, password, host, port, database));
        if (url.Contains("verify-full", StringComparison.Ordinal))
            (parsed.SslMode, parsed.Timeout).ShouldBe((SslMode.VerifyFull, 7));
    }

    [Theory]
    [InlineData("")]
    [InlineData("postgresql://u:secret-word@")]
    [InlineData("postgresql://u:secret-word@host:port/d")]
    [InlineData("postgresql://u:secret-word@host/d?sslmode=whatever")]
    [InlineData("postgresql://u:secret-word@host/d?no_such_setting=1")]
    public void A_url_that_cannot_be_read_is_refused_without_repeating_it(string url)
    {
        var failure = DatabaseUrl.Parse(url).Failure.ShouldNotBeNull();
        failure.Code.Code.ShouldBe("storage.url_invalid");
        failure.ToString().ShouldNotContain("secret-word");
    }

    private async Task FillPool(int count)
    {
        var connections = await Task.WhenAll(Enumerable.Range(0, count).Select(_ => _kit.Source.OpenConnectionAsync().AsTask()));
        foreach (var connection in connections)
            await connection.DisposeAsync();
    }

    // Waits until the backends are gone, so that the next use surely meets a dead connection.
    private async Task<long> Terminate()
    {
        var ended = (long)(await _kit.Ask("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'grantkeeper'"))!;
        await Until(async () => (long)(await _kit.Ask("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'grantkeeper'"))! == 0);
        return ended;
    }

    private static async Task Until(Func<Task<bool>> holds)
    {
        var clock = Stopwatch.StartNew();
        while (!await holds())
            clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(60));
    }

    private static async Task Execute(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static class Storage
    {
        public static Task<byte[]> OwnerSalts(IDb db, string user) => Grantkeeper.Storage.OwnerSalts.Get(db, user, None);
    }
}
