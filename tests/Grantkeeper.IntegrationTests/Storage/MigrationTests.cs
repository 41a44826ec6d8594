using Grantkeeper.Storage;
using Grantkeeper.Testing.Postgres;
using Npgsql;

namespace Grantkeeper.IntegrationTests.Storage;

[Trait("category", "models")]
public sealed class MigrationTests
{
    private static readonly string[] SixTables = ["oauth_audit_log", "oauth_consents", "oauth_integrations", "oauth_scopes", "oauth_state", "oauth_tokens"];

    /// <summary>Every migration of a source that this release carries, as <c>source/version</c>.</summary>
    private static string[] Numbered(string source) =>
    [
        .. typeof(Migrator).Assembly.GetManifestResourceNames().Where(name => name.StartsWith($"migrations/{source}/", StringComparison.Ordinal))
            .Select(name => $"{source}/{int.Parse(name.Split('/')[^1].Split('_')[0])}").Order(StringComparer.Ordinal),
    ];

    [Fact]
    public async Task An_empty_database_gets_the_six_tables_by_these_names_and_a_second_run_changes_nothing()
    {
        var (cluster, db) = await Empty();
        (await StoreKit.Migrate(db.Url)).Failure.ShouldBeNull();
        (await StoreKit.Migrate(db.Url, Migrator.Platform)).Failure.ShouldBeNull();
        var first = await Dump(db);
        Texts(await cluster.ListAsSuperuser(db, "SELECT tablename FROM pg_tables WHERE tablename LIKE 'oauth%' ORDER BY 1")).ShouldBe(SixTables);
        Texts(await cluster.ListAsSuperuser(db, "SELECT source || '/' || version FROM grantkeeper_migrations ORDER BY 1")).ShouldBe([.. Numbered(Migrator.Platform), .. Numbered(Migrator.UserData)]);

        (await StoreKit.Migrate(db.Url)).Failure.ShouldBeNull();
        (await StoreKit.Migrate(db.Url, Migrator.Platform)).Failure.ShouldBeNull();
        Different(first, await Dump(db)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Migrators_that_run_at_once_apply_every_migration_once()
    {
        var (cluster, db) = await Empty();
        var results = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => StoreKit.Migrate(db.Url))));
        results.ShouldAllBe(result => result.IsSuccess);
        (await cluster.ExecuteAsSuperuser(db, "SELECT count(*) FROM grantkeeper_migrations")).ShouldBe((long)Numbered(Migrator.UserData).Length);
    }

    [Fact]
    public async Task A_migration_that_ran_with_another_text_is_refused()
    {
        var (cluster, db) = await Migrated();
        await cluster.ExecuteAsSuperuser(db, "UPDATE grantkeeper_migrations SET checksum = repeat('0', 64) WHERE source = 'user_data'");
        var failure = (await StoreKit.Migrate(db.Url)).Failure.ShouldNotBeNull();
        failure.Code.Code.ShouldBe("storage.migration_changed");
        failure.Message.ShouldContain("0001_initial.sql");
    }

    [Fact]
    public async Task A_database_of_a_newer_release_is_refused()
    {
        var (cluster, db) = await Migrated();
        await cluster.ExecuteAsSuperuser(db, "INSERT INTO grantkeeper_migrations (source, version, name, checksum) VALUES ('user_data', 999, 'later', repeat('0', 64))");
        (await StoreKit.Migrate(db.Url)).Failure.ShouldNotBeNull().Code.Code.ShouldBe("storage.schema_newer");
    }

    [Fact]
    public async Task A_table_of_another_product_with_the_usual_name_for_migrations_is_left_alone()
    {
        var (cluster, db) = await Empty();
        await cluster.ExecuteAsSuperuser(db, "CREATE TABLE schema_migrations (version varchar PRIMARY KEY); INSERT INTO schema_migrations VALUES ('20260101')");
        (await StoreKit.Migrate(db.Url)).Failure.ShouldBeNull();
        (await cluster.ExecuteAsSuperuser(db, "SELECT version FROM schema_migrations")).ShouldBe("20260101");
    }

    [Fact]
    public async Task A_login_that_may_not_use_the_roles_is_told_what_to_do()
    {
        var (cluster, db) = await Empty();
        await cluster.ExecuteAsSuperuser(db, $"CREATE ROLE stranger LOGIN PASSWORD 'pw'; ALTER DATABASE {db.Name} OWNER TO stranger");
        var failure = (await StoreKit.Migrate($"postgresql://stranger:pw@127.0.0.1:{cluster.Port}/{db.Name}")).Failure.ShouldNotBeNull();
        failure.Code.Code.ShouldBe("storage.roles_missing");
        failure.Message.ShouldStartWith("PostgreSQL refused to prepare the roles:");
        failure.Code.Remedy.ShouldContain("administrator");
        (await cluster.ListAsSuperuser(db, "SELECT 1 FROM pg_class WHERE relnamespace = 'public'::regnamespace")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Roles_are_made_by_a_login_that_may_make_them_and_missed_otherwise()
    {
        await using var cluster = await TestCluster.Start();
        var db = await cluster.NewDatabase();
        await cluster.ExecuteAsSuperuser(db, "DROP ROLE grantkeeper_app; DROP ROLE grantkeeper_owner; CREATE ROLE plain LOGIN PASSWORD 'pw'; CREATE ROLE maker LOGIN CREATEROLE PASSWORD 'pw'");
        foreach (var name in (string[])["plain", "maker", "root"])
            await cluster.ExecuteAsSuperuser(db, $"CREATE DATABASE {name} OWNER {(name == "root" ? "postgres" : name)}");

        (await StoreKit.Migrate($"postgresql://plain:pw@127.0.0.1:{cluster.Port}/plain")).Failure.ShouldNotBeNull().Code.Code.ShouldBe("storage.roles_missing");
        var made = $"postgresql://maker:pw@127.0.0.1:{cluster.Port}/maker";
        (await StoreKit.Migrate(made)).Failure.ShouldBeNull();
        (await StoreKit.Migrate(made)).Failure.ShouldBeNull();
        (await CurrentUser(made)).ShouldBe(DatabaseUrl.ApplicationRole);
        var root = new TestDatabase(cluster, "root").SuperuserUrl;
        (await StoreKit.Migrate(root)).Failure.ShouldBeNull();
        (await CurrentUser(root)).ShouldBe(DatabaseUrl.ApplicationRole);
    }

    [Theory]
    [InlineData("CREATE TABLE oauth_integrations (id uuid PRIMARY KEY, service_name text, access_token text)")]
    [InlineData("CREATE TABLE oauth_tokens (user_id integer, provider text, access_token text)")]
    [InlineData("CREATE TABLE oauth_states (id serial PRIMARY KEY, state_value text)")]
    public async Task Tables_of_an_unknown_layout_are_refused_and_nothing_is_changed(string tables)
    {
        var (cluster, db) = await Empty();
        await cluster.ExecuteAsSuperuser(db, $"SET ROLE grantkeeper; {tables}");
        var before = await Dump(db);
        var failure = (await StoreKit.Migrate(db.Url)).Failure.ShouldNotBeNull();
        failure.Code.Code.ShouldBe("storage.layout_unknown");
        Different(before, await Dump(db)).ShouldBeEmpty();
    }

    [Fact]
    public async Task The_token_table_has_the_documented_columns_types_and_defaults()
    {
        var (cluster, db) = await Migrated();
        var columns = (await cluster.ListAsSuperuser(db, """
            SELECT column_name, data_type || coalesce('(' || character_maximum_length || ')', ''), is_nullable, column_default
            FROM information_schema.columns WHERE table_name = 'oauth_tokens'
            """)).ToDictionary(row => (string)row[0]!, row => $"{row[1]} {((string)row[2]! == "NO" ? "NOT NULL" : "NULL")} {row[3]}".Trim());
        (string Name, string Shape)[] expected =
        [
            ("id", "uuid NOT NULL"), ("user_id", "character varying(255) NOT NULL"), ("access_token", "text NOT NULL"), ("refresh_token", "text NULL"),
            ("token_type", "character varying(50) NOT NULL 'bearer'::character varying"), ("expires_at", "timestamp with time zone NULL"), ("scope", "text NULL"),
            ("created_at", "timestamp with time zone NOT NULL now()"), ("updated_at", "timestamp with time zone NOT NULL now()"),
            ("is_active", "boolean NOT NULL true"), ("last_used_at", "timestamp with time zone NULL"), ("usage_count", "bigint NOT NULL 0"),
        ];
        foreach (var (name, shape) in expected)
            columns[name].ShouldBe(shape, name);
    }

    [Fact]
    public async Task Times_carry_a_zone_and_ids_are_uuids_everywhere()
    {
        var (cluster, db) = await Migrated();
        (await cluster.ListAsSuperuser(db, "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' AND data_type = 'timestamp without time zone'")).ShouldBeEmpty();
        (await cluster.ListAsSuperuser(db, "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name IN ('id', 'integration_id') AND data_type <> 'uuid'"))
            // A node's id is the name that it gives itself.
            .Select(row => row[0]).Except(["nodes"]).ShouldBeEmpty();
    }

    [Fact]
    public async Task The_documented_indexes_are_there_and_the_partial_one_has_its_predicate()
    {
        var (cluster, db) = await Migrated();
        var indexes = (await cluster.ListAsSuperuser(db, "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'")).ToDictionary(row => (string)row[0]!, row => (string)row[1]!);
        indexes["idx_oauth_tokens_user_id"].ShouldEndWith("ON public.oauth_tokens USING btree (user_id)");
        indexes["idx_oauth_tokens_expires_at"].ShouldEndWith("ON public.oauth_tokens USING btree (expires_at)");
        indexes["idx_oauth_tokens_active"].ShouldEndWith("WHERE (is_active = true)");
    }

    [Theory]
    [InlineData("SELECT * FROM oauth_state WHERE handle_hash = $1")]
    [InlineData("SELECT * FROM oauth_state WHERE state_token = $1")]
    [InlineData("SELECT * FROM api_keys WHERE key_hash = $1")]
    [InlineData("SELECT * FROM sign_in_links WHERE handle_hash = $1")]
    [InlineData("SELECT * FROM oauth_integrations WHERE user_id = $1 AND provider = 'google' AND is_primary")]
    [InlineData("SELECT * FROM oauth_integrations WHERE user_id = $1 AND provider = 'google' AND provider_account_id = 'a'")]
    [InlineData("SELECT * FROM oauth_audit_log WHERE user_id = $1 ORDER BY created_at DESC LIMIT 50")]
    public async Task Lookups_by_a_text_use_an_index(string query)
    {
        var (cluster, db) = await Migrated();
        // The driver sends texts as type text.
        var plan = string.Join("\n", Texts(await cluster.ListAsSuperuser(db, $"SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan; PREPARE q (text) AS {query}; EXPLAIN EXECUTE q ('x')")));
        plan.ShouldContain("Index Cond:");
        plan.ShouldNotContain("Seq Scan");
        plan.ShouldNotMatch(@"Filter: .*\$1");
    }

    [Fact]
    public async Task An_orphan_token_is_refused_and_audit_rows_outlive_their_integration()
    {
        var (cluster, db) = await Migrated();
        var orphan = await Should.ThrowAsync<PostgresException>(() => cluster.ExecuteAsSuperuser(db,
            "INSERT INTO oauth_tokens (user_id, id, integration_id, access_token, provider) VALUES ('u', gen_random_uuid(), gen_random_uuid(), 'x', 'google')"));
        orphan.SqlState.ShouldBe(PostgresErrorCodes.ForeignKeyViolation);
        var stranger = await Should.ThrowAsync<PostgresException>(() => cluster.ExecuteAsSuperuser(db, """
            INSERT INTO oauth_integrations (user_id, id, provider) VALUES ('u', '00000000-0000-7000-8000-000000000001', 'google');
            INSERT INTO oauth_tokens (user_id, id, integration_id, access_token, provider) VALUES ('other', gen_random_uuid(), '00000000-0000-7000-8000-000000000001', 'x', 'google')
            """));
        stranger.SqlState.ShouldBe(PostgresErrorCodes.ForeignKeyViolation);

        await cluster.ExecuteAsSuperuser(db, """
            INSERT INTO oauth_integrations (user_id, id, provider) VALUES ('u', '00000000-0000-7000-8000-000000000001', 'google');
            INSERT INTO oauth_audit_log (user_id, id, integration_id, action) VALUES ('u', gen_random_uuid(), '00000000-0000-7000-8000-000000000001', 'connect');
            DELETE FROM oauth_integrations
            """);
        (await cluster.ExecuteAsSuperuser(db, "SELECT count(*) FROM oauth_audit_log")).ShouldBe(1L);
    }

    [Fact]
    public async Task Tables_belong_to_the_owner_role_and_the_application_may_only_add_to_the_audit_log()
    {
        var (cluster, db) = await Migrated();
        (await cluster.ListAsSuperuser(db, "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tableowner <> 'grantkeeper_owner'")).ShouldBeEmpty();
        Texts(await cluster.ListAsSuperuser(db, "SELECT p FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) p WHERE has_table_privilege('grantkeeper_app', 'oauth_audit_log', p)"))
            .ShouldBe(["SELECT", "INSERT"]);
        (await cluster.ListAsSuperuser(db, "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND has_table_privilege('grantkeeper_app', to_regclass(tablename), 'TRUNCATE, REFERENCES, TRIGGER')")).ShouldBeEmpty();
        (await cluster.ExecuteAsSuperuser(db, "SELECT has_schema_privilege('grantkeeper_app', 'public', 'CREATE') OR has_table_privilege('grantkeeper_app', 'data_keys', 'UPDATE, DELETE') OR has_table_privilege('grantkeeper_app', 'grantkeeper_migrations', 'INSERT, UPDATE, DELETE')")).ShouldBe(false);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Queries_run_as_the_application_role_whether_the_login_owns_the_database_or_is_a_superuser(bool superuser)
    {
        var (_, db) = await Empty();
        var url = superuser ? db.SuperuserUrl : db.Url;
        (await StoreKit.Migrate(url)).Failure.ShouldBeNull();
        (await CurrentUser(url)).ShouldBe(DatabaseUrl.ApplicationRole);
        await using var database = new Database(StoreKit.SourceOf(url), TimeProvider.System);
        (await RoleCheck.Run(database, production: false, default)).Failure.ShouldBeNull();
    }

    private static async Task<string> CurrentUser(string url)
    {
        await using var source = StoreKit.SourceOf(url);
        await using var command = source.CreateCommand("SELECT current_user::text");
        return (string)(await command.ExecuteScalarAsync())!;
    }

    private static async Task<(TestCluster Cluster, TestDatabase Db)> Empty()
    {
        var cluster = await TestCluster.Shared();
        return (cluster, await cluster.NewDatabase());
    }

    private static async Task<(TestCluster Cluster, TestDatabase Db)> Migrated()
    {
        var cluster = await TestCluster.Shared();
        return (cluster, await cluster.NewMigratedDatabase());
    }

    private static Task<string> Dump(TestDatabase db) => db.Cluster.Dump(db);

    private static string[] Different(string before, string after) => [.. after.Split('\n').Except(before.Split('\n')), .. before.Split('\n').Except(after.Split('\n'))];

    private static string[] Texts(List<object?[]> rows) => [.. rows.Select(row => (string)row[0]!)];
}
