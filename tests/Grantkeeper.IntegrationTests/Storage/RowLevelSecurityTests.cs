using Grantkeeper.Encryption;
using Grantkeeper.Storage;
using Grantkeeper.Tokens;
using Npgsql;

namespace Grantkeeper.IntegrationTests.Storage;

[Trait("category", "security")]
public sealed class RowLevelSecurityTests : IAsyncLifetime
{
    private StoreKit _kit = null!;
    private string[] _tables = [];

    public async ValueTask InitializeAsync()
    {
        _kit = await StoreKit.New();
        // Whatever carries a user is meant, also what later releases add.
        _tables = [.. (await _kit.Rows("SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'user_id' ORDER BY 1")).Select(row => (string)row[0]!)];
        foreach (var user in (string[])["alice", "bob"])
        {
            var row = await _kit.Connect(user, account: user);
            var leased = (await _kit.Vault.TakeLease(user, row.Integration.Id, 1, Guid.NewGuid(), "node", default))!.Row;
            await _kit.Vault.SaveFailure(leased, Guid.NewGuid(), new RefreshAttempt("transient", "timeout", null, DateTimeOffset.UnixEpoch, TimeSpan.Zero, null), new FailedRefresh(false, null, false), StoreKit.Caller, "node", default);
            await _kit.Database.ForUser(user).Transaction(db => _kit.Outbox.Add(db, "kind", user, "google", row.Integration.Id, new Secret("payload"), false, default), default);
            await _kit.Database.ForUser(user).Execute(
                "INSERT INTO superseded_answers (user_id, id, integration_id, epoch, generation, answer) VALUES ($1, $2, $3, 1, 1, 'sealed')", default, user, Guid.CreateVersion7(), row.Integration.Id);
            await _kit.Database.ForUser(user).Execute("INSERT INTO bulk_operations (user_id, id, action, total) VALUES ($1, $2, 'refresh', 1)", default, user, Guid.CreateVersion7());
            await _kit.Database.ForUser(user).Execute("INSERT INTO onboarding_completions (user_id, platforms) VALUES ($1, $2)", default, user, new[] { "gsc" });
            await _kit.Sessions.Create(new() { UserId = user, Id = _kit.Sessions.NewId(), ReturnTo = "https://app.example/", Confirm = true }, StoreKit.Caller, default);
        }
    }

    public ValueTask DisposeAsync() => _kit.DisposeAsync();

    [Fact]
    public async Task Every_table_with_a_user_forces_row_level_security_also_on_its_owner()
    {
        _tables.Length.ShouldBeGreaterThanOrEqualTo(8);
        (await _kit.Rows("""
            SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'user_id'
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
            """)).ShouldBeEmpty();
        foreach (var table in _tables)
            (await _kit.Ask($"SELECT count(DISTINCT user_id) FROM {table}")).ShouldBe(2L, $"the test has no rows of both users in {table}");
    }

    [Theory]
    [InlineData(DatabaseUrl.ApplicationRole)]
    [InlineData(DatabaseUrl.OwnerRole)]
    public async Task Without_a_context_no_row_is_seen_or_changed(string role)
    {
        await using var source = StoreKit.SourceOf(_kit.Db.Url, builder => builder.Options = $"-c role={role}");
        await using var connection = await source.OpenConnectionAsync();
        foreach (var table in _tables)
        {
            (await Scalar(connection, $"SELECT count(*) FROM {table}")).ShouldBe(0L, table);
            (await Changed(connection, $"DELETE FROM {table}")).ShouldBe(Refused(role, table) ? null : 0, table);
            (await Changed(connection, $"UPDATE {table} SET user_id = user_id")).ShouldBe(Refused(role, table) ? null : 0, table);
            (await Changed(connection, Copy(table, "mallory"))).ShouldBe(0, table);
            (await Changed(connection, $"INSERT INTO {table} (user_id) VALUES ('mallory')")).ShouldBeNull(table);
        }
    }

    [Fact]
    public async Task A_users_context_reaches_that_users_rows_only()
    {
        foreach (var table in _tables)
        {
            var alice = _kit.Database.ForUser("alice");
            var seen = await alice.List($"SELECT user_id FROM {table}", row => row.GetString(0), default);
            seen.ShouldNotBeEmpty(table);
            seen.ShouldAllBe(user => user == "alice");
            (await alice.List($"SELECT user_id FROM {table} WHERE user_id = $1", row => row.GetString(0), default, "bob")).ShouldBeEmpty(table);
            (await Denied(() => alice.Execute(Copy(table, "bob"), default))).ShouldBeTrue($"{table}: insert for another user");
            if (Refused(DatabaseUrl.ApplicationRole, table))
                continue;
            (await Denied(() => alice.Execute($"UPDATE {table} SET user_id = 'bob'", default))).ShouldBeTrue($"{table}: hand over to another user");
            (await alice.Execute($"UPDATE {table} SET user_id = user_id WHERE user_id = 'bob'", default)).ShouldBe(0, table);
        }

        // Deleting goes from the leaves to the root.
        foreach (var table in _tables.Except(["oauth_integrations", "oauth_audit_log"]).Append("oauth_integrations"))
        {
            (await _kit.Database.ForUser("alice").Execute($"DELETE FROM {table}", default)).ShouldBeGreaterThan(0, table);
            (await _kit.Ask($"SELECT string_agg(DISTINCT user_id, ',') FROM {table}")).ShouldBe("bob", table);
        }
    }

    [Fact]
    public async Task The_service_context_sees_all_rows_and_an_empty_user_none()
    {
        foreach (var table in _tables)
        {
            (await _kit.Database.AsService(ServiceReason.Worker).List($"SELECT DISTINCT user_id FROM {table} ORDER BY 1", row => row.GetString(0), default)).ShouldBe(["alice", "bob"], table);
            (await _kit.Database.ForUser("").List($"SELECT user_id FROM {table}", row => row.GetString(0), default)).ShouldBeEmpty(table);
            (await _kit.Database.ForUser("service").List($"SELECT user_id FROM {table}", row => row.GetString(0), default)).ShouldBeEmpty(table);
        }
    }

    [Theory]
    [InlineData("read")]
    [InlineData("write")]
    [InlineData("commit")]
    [InlineData("rollback")]
    [InlineData("error")]
    public async Task Nothing_of_a_context_is_left_on_the_pooled_connection(string use)
    {
        await using var source = StoreKit.SourceOf(_kit.Db.Url, builder => (builder.MinPoolSize, builder.MaxPoolSize) = (0, 1));
        var database = new Database(source, TimeProvider.System);
        foreach (var session in (DbSession[])[database.ForUser("alice"), database.AsService(ServiceReason.Worker)])
        {
            // Often enough that the statements are prepared too.
            for (var round = 0; round < 8; round++)
            {
                await Use(session, use);
                await using var connection = await source.OpenConnectionAsync();
                (await Scalar(connection, "SELECT coalesce(current_setting('gk.user', true), '') || coalesce(current_setting('gk.scope', true), '')")).ShouldBe("");
                (await Scalar(connection, "SELECT count(*) FROM oauth_tokens")).ShouldBe(0L);
            }
        }
    }

    [Theory]
    [InlineData("", "a superuser")]
    [InlineData("-c role=grantkeeper_owner", "the owner")]
    [InlineData("-c role=rls_bypasser", "a role with BYPASSRLS")]
    [InlineData("-c role=rls_owner_member", "a member of the owner")]
    public async Task A_role_that_looks_past_the_policies_is_refused(string options, string because)
    {
        await _kit.Ask("""
            DO $$ BEGIN
                CREATE ROLE rls_bypasser BYPASSRLS; CREATE ROLE rls_owner_member IN ROLE grantkeeper_owner;
            EXCEPTION WHEN duplicate_object THEN NULL; END $$
            """);
        await using var database = new Database(StoreKit.SourceOf(_kit.Db.SuperuserUrl, builder => builder.Options = options), TimeProvider.System);
        (await RoleCheck.Run(database, production: false, default)).Failure.ShouldNotBeNull(because).Code.Code.ShouldBe("storage.role_unsafe");
    }

    [Fact]
    public async Task The_role_that_the_product_uses_is_accepted_but_the_private_cluster_not_in_production()
    {
        (await RoleCheck.Run(_kit.Database, production: false, default)).Failure.ShouldBeNull();
        (await RoleCheck.Run(_kit.Database, production: true, default)).Failure.ShouldNotBeNull().Code.Code.ShouldBe("storage.private_cluster_in_production");
    }

    private static async Task Use(DbSession session, string use)
    {
        switch (use)
        {
            case "read":
                (await session.List("SELECT user_id FROM oauth_tokens", row => row.GetString(0), default)).ShouldNotBeEmpty();
                break;
            case "write":
                (await session.Execute("UPDATE oauth_tokens SET updated_at = now()", default)).ShouldBeGreaterThan(0);
                break;
            case "commit":
                (await session.Transaction(db => db.Execute("UPDATE oauth_tokens SET updated_at = now()", default), default)).ShouldBeGreaterThan(0);
                break;
            case "rollback":
                await Should.ThrowAsync<InvalidTimeZoneException>(() => session.Transaction<int>(
                    async db => await db.Execute("UPDATE oauth_tokens SET updated_at = now()", default) > 0 ? throw new InvalidTimeZoneException() : 0, default));
                break;
            default:
                await Should.ThrowAsync<PostgresException>(() => session.Execute("SELECT 1 / 0", default));
                break;
        }
    }

    // The application may not change audit rows at all; nobody else is refused by privilege.
    private static bool Refused(string role, string table) => role == DatabaseUrl.ApplicationRole && table == "oauth_audit_log";

    private static string Copy(string table, string user) =>
        $$"""INSERT INTO {{table}} SELECT (jsonb_populate_record(NULL::{{table}}, to_jsonb(t) || '{"user_id": "{{user}}"}')).* FROM {{table}} t""";

    private static async Task<bool> Denied(Func<Task> action)
    {
        try
        {
            await action();
            return false;
        }
        catch (PostgresException exception)
        {
            return exception.SqlState == PostgresErrorCodes.InsufficientPrivilege;
        }
    }

    private static async Task<object?> Scalar(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }

    private static async Task<int?> Changed(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        try
        {
            return await command.ExecuteNonQueryAsync();
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            return null;
        }
    }
}
