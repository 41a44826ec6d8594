using System.Text;
using Grantkeeper.Encryption;
using Grantkeeper.Startup;
using Grantkeeper.Storage;
using Grantkeeper.Testing.Postgres;
using Grantkeeper.Tokens;
using Npgsql;

namespace Grantkeeper.IntegrationTests.Storage;

/// <summary>A database of the earlier service is taken over in place: rows kept, tokens sealed, nothing plain left.</summary>
[Trait("category", "models")]
public sealed class AdoptionTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Rows_ids_and_times_are_kept(bool plural)
    {
        await using var kit = await Adopted(plural);
        (await kit.Ask("SELECT count(*) FROM oauth_integrations")).ShouldBe(8L);
        (await kit.Ask("SELECT count(*) FROM oauth_consents")).ShouldBe(2L);
        (await kit.Ask("SELECT count(*) FROM oauth_audit_log")).ShouldBe(3L);
        (await kit.Ask("SELECT count(*) FROM oauth_scopes")).ShouldBe(2L);
        (await kit.Ask("SELECT count(*) FROM oauth_state")).ShouldBe(0L);
        (await kit.Ask("SELECT count(*) FROM users")).ShouldBe(7L);
        (await kit.Ask("SELECT string_agg(legacy_id::text, ',' ORDER BY legacy_id) FROM oauth_integrations")).ShouldBe("11,12,13,14,15,16,17,18");
        (await kit.Ask("SELECT string_agg(user_id, ',' ORDER BY legacy_id) FROM oauth_integrations")).ShouldBe("1,2,3,4,5,6,1,5");
        (await kit.Ask("SELECT created_at = '2025-01-01T10:00:00Z' AND updated_at = '2025-01-02T10:00:00Z' FROM oauth_integrations WHERE legacy_id = 11")).ShouldBe(true);
        (await kit.Ask("SELECT string_agg(user_id, ',' ORDER BY legacy_id) FROM oauth_audit_log")).ShouldBe("1,1,~system");
        (await kit.Ask("SELECT count(*) FROM oauth_audit_log a JOIN oauth_integrations i ON i.id = a.integration_id AND i.legacy_id = 11")).ShouldBe(2L);
        (await kit.Ask("SELECT count(*) FROM oauth_consents c JOIN oauth_integrations i ON (i.user_id, i.id) = (c.user_id, c.integration_id) AND i.legacy_id = 11")).ShouldBe(2L);
        (await kit.Ask("SELECT host(ip_address) FROM oauth_consents WHERE is_revoked")).ShouldBe("203.0.113.4");
        (await kit.Ask("SELECT usage_count FROM oauth_tokens t JOIN oauth_integrations i ON i.id = t.integration_id WHERE i.legacy_id = 11")).ShouldBe(7L);
    }

    [Fact]
    public async Task Ids_are_version_seven_and_in_the_order_of_time()
    {
        await using var kit = await Adopted();
        foreach (var table in (string[])["oauth_integrations", "oauth_tokens", "oauth_consents", "oauth_audit_log", "oauth_scopes"])
        {
            (await kit.Ask($"SELECT bool_and(substr(id::text, 15, 1) = '7' AND substr(id::text, 20, 1) IN ('8', '9', 'a', 'b')) FROM {table}")).ShouldBe(true, table);
            (await kit.Ask($"SELECT count(DISTINCT id) = count(*) FROM {table}")).ShouldBe(true, table);
        }

        (await kit.Ask("SELECT string_agg(legacy_id::text, ',' ORDER BY id) FROM oauth_integrations")).ShouldBe("11,12,13,14,15,16,17,18");
        (await kit.Ask("SELECT string_agg(legacy_id::text, ',' ORDER BY id) FROM oauth_audit_log")).ShouldBe("1,2,3");
        var id = (Guid)(await kit.Ask("SELECT id FROM oauth_integrations WHERE legacy_id = 11"))!;
        id.ToByteArray(bigEndian: true)[..6].ShouldBe(BitConverter.GetBytes(new DateTimeOffset(2025, 1, 1, 10, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds()).Reverse().Skip(2));
    }

    [Theory]
    [InlineData(11, EarlierLayout.NewAccess, EarlierLayout.Refresh)]
    [InlineData(12, EarlierLayout.RotatedAccess, EarlierLayout.RotatedRefresh)]
    [InlineData(14, EarlierLayout.FailedAccess, EarlierLayout.FailedRefresh)]
    [InlineData(15, "", EarlierLayout.LonelyRefresh)]
    [InlineData(18, "", EarlierLayout.CleanedRefresh)]
    [InlineData(16, EarlierLayout.LongLived, null)]
    public async Task Each_integration_has_one_token_row_with_the_newest_tokens_which_open(int legacyId, string access, string? refresh)
    {
        await using var kit = await Adopted();
        var row = await Grant(kit, legacyId);
        (await kit.Ask($"SELECT count(*) FROM oauth_tokens WHERE integration_id = '{row.Integration.Id}'")).ShouldBe(1L);
        if (access.Length > 0)
        {
            row.OpenAccessToken(kit.Box).ShouldNotBeNull().Reveal().ShouldBe(access);
        }
        else
        {
            // The access token is not known: there is none, and the end has passed, so that the first read renews it.
            row.Tokens!.AccessToken.ShouldBeEmpty();
            row.Tokens.ExpiresAt.ShouldBe(DateTimeOffset.UnixEpoch);
        }

        row.OpenRefreshToken(kit.Box)?.Reveal().ShouldBe(refresh);
        (row.Tokens!.RefreshToken is null).ShouldBe(refresh is null);
    }

    [Fact]
    public async Task Integrations_without_tokens_and_revoked_ones_have_no_token_row()
    {
        await using var kit = await Adopted();
        (await kit.Ask("SELECT string_agg(i.legacy_id::text, ',' ORDER BY i.legacy_id) FROM oauth_integrations i WHERE NOT EXISTS (SELECT FROM oauth_tokens t WHERE t.integration_id = i.id)")).ShouldBe("13,17");
        (await kit.Ask("SELECT count(*) FROM oauth_tokens")).ShouldBe(6L);
    }

    [Fact]
    public async Task Statuses_are_pending_until_a_call_succeeds_and_ended_ones_stay_ended()
    {
        await using var kit = await Adopted();
        (await kit.Ask("SELECT string_agg(legacy_id || status || CASE WHEN is_primary THEN '+' ELSE '' END, ' ' ORDER BY legacy_id) FROM oauth_integrations"))
            .ShouldBe("11pending+ 12pending+ 13revoked 14error+ 15pending+ 16pending+ 17pending+ 18pending+");
        (await kit.Ask("SELECT string_agg(i.legacy_id::text, ' ' ORDER BY i.legacy_id) FROM oauth_tokens t JOIN oauth_integrations i ON i.id = t.integration_id WHERE t.is_active")).ShouldBe("11 12 15 16 18");
    }

    [Fact]
    public async Task Of_the_metadata_only_what_describes_the_account_is_kept()
    {
        await using var kit = await Adopted();
        (await kit.Ask("SELECT provider_metadata::text FROM oauth_integrations WHERE legacy_id = 11"))
            .ShouldBe("""{"sub": "g-1", "name": "User One", "email": "user1@gmail.test", "picture": "https://img.test/1.png"}""");
        (await kit.Ask("SELECT string_agg(provider_metadata::text, ' ' ORDER BY legacy_id) FROM oauth_integrations WHERE legacy_id > 11"))
            .ShouldBe("""{} {} {} {} {"bot_id": "b-6", "workspace_name": "Team Six"} {} {"channel_title": "Channel Five"}""");
        var account = (await Grant(kit, 11)).Integration;
        (account.AccountId, account.AccountEmail, account.AccountName, account.AccountAvatar).ShouldBe(("g-1", "user1@gmail.test", "User One", "https://img.test/1.png"));
        (await Grant(kit, 16)).Integration.AccountName.ShouldBe("Team Six");
    }

    [Theory]
    [Trait("category", "security")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task No_adopted_secret_is_readable_in_a_dump(bool plural)
    {
        await using var kit = await Adopted(plural);
        var dump = await kit.Db.Cluster.Dump(kit.Db);
        dump.ShouldContain(SecretBox.Prefix);
        foreach (var canary in EarlierLayout.Canaries)
        {
            foreach (var form in Forms(canary))
                dump.Contains(form, StringComparison.OrdinalIgnoreCase).ShouldBeFalse($"{canary} is in the dump as {form}");
        }

        dump.ShouldNotContain("canary");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_adopted_tables_have_the_shape_of_new_ones(bool plural)
    {
        await using var fresh = await StoreKit.New();
        await using var kit = await Adopted(plural);
        const string shape = """
            SELECT table_name || '.' || column_name || ' ' || data_type || coalesce('(' || character_maximum_length || ')', '') || CASE is_nullable WHEN 'NO' THEN ' NOT NULL ' ELSE ' ' END || coalesce(column_default, '')
            FROM information_schema.columns WHERE table_schema = 'public' AND table_name IN (SELECT tablename FROM pg_tables WHERE tableowner = 'grantkeeper_owner')
            UNION ALL SELECT tablename || ' ' || regexp_replace(indexdef, '^.* USING', '') FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'users'
            UNION ALL SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid <> coalesce(to_regclass('users'), 0) AND contype <> 'n'
            UNION ALL SELECT tablename || ' ' || policyname || qual FROM pg_policies
            UNION ALL SELECT relname || relrowsecurity || relforcerowsecurity || pg_get_userbyid(relowner) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname NOT IN ('users', 'api_keys', 'sign_in_links', 'data_protection_keys', 'client_registrations', 'provider_hours', 'provider_manifests', 'rate_windows')
            """;
        var expected = Texts(await fresh.Rows(shape)).Where(line => !line.StartsWith("api_keys") && !line.StartsWith("sign_in_links") && !line.StartsWith("data_protection_keys") && !line.StartsWith("client_registrations") && !line.StartsWith("provider_hours") && !line.StartsWith("provider_manifests") && !line.StartsWith("rate_windows")).ToList();
        var actual = Texts(await kit.Rows(shape)).ToList();
        expected.Except(actual).ShouldBeEmpty();
        // What is left of the earlier tables may be empty, so that new rows need not fill it.
        actual.Except(expected).Where(line => line.Contains(" NOT NULL", StringComparison.Ordinal) || !line.Contains('.', StringComparison.Ordinal)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_adopted_database_takes_new_grants_and_renews_adopted_ones(bool plural)
    {
        await using var kit = await Adopted(plural);
        var fresh = await kit.Connect("new-user");
        fresh.OpenAccessToken(kit.Box)!.Value.Reveal().ShouldBe("access-1");
        var again = await kit.Connect("2", "microsoft", "m-2", "access-new", "refresh-new");
        (await kit.Ask($"SELECT legacy_id FROM oauth_integrations WHERE id = '{again.Integration.Id}'")).ShouldBe(12L);

        var adopted = await Grant(kit, 11);
        var leased = (await kit.Vault.TakeLease("1", adopted.Integration.Id, 1, Guid.NewGuid(), "node", default)).ShouldNotBeNull().Row;
        var renewed = new TokenSet(new Secret("renewed"), new Secret("rotated"), DateTimeOffset.UnixEpoch.AddYears(60), TimeSpan.FromHours(1), adopted.Integration.Scopes);
        (await kit.Vault.SaveRefreshed(leased, renewed, Guid.NewGuid(), new RefreshAttempt("refreshed", null, null, DateTimeOffset.UnixEpoch, TimeSpan.Zero, null), StoreKit.Caller, "node", default)).ShouldBe(SaveOutcome.Saved);
        var row = await Grant(kit, 11);
        row.Integration.Status.ShouldBe(Grantkeeper.Integrations.IntegrationStatus.Active);
        row.OpenRefreshToken(kit.Box)!.Value.Reveal().ShouldBe("rotated");
    }

    [Fact]
    public async Task A_second_run_changes_nothing()
    {
        await using var kit = await Adopted();
        var before = await kit.Rows("SELECT t::text FROM oauth_tokens t UNION ALL SELECT i::text FROM oauth_integrations i UNION ALL SELECT a::text FROM oauth_audit_log a");
        (await StoreKit.Migrate(kit.Db.Url)).Failure.ShouldBeNull();
        Texts(await kit.Rows("SELECT t::text FROM oauth_tokens t UNION ALL SELECT i::text FROM oauth_integrations i UNION ALL SELECT a::text FROM oauth_audit_log a")).ShouldBe(Texts(before));
    }

    [Fact]
    public async Task When_the_tokens_cannot_be_sealed_the_database_is_as_it_was()
    {
        var db = await Earlier();
        var before = (await db.Cluster.Dump(db)).Split('\n');
        await Should.ThrowAsync<InvalidTimeZoneException>(() => StoreKit.Migrate(db.Url, Migrator.UserData, new SealAdoptedTokens(StoreKit.Wrapper()), new Broken()));
        (await db.Cluster.Dump(db)).Split('\n').Except(before).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_adopted_database_can_have_identity_columns()
    {
        var cluster = await TestCluster.Shared();
        var db = await cluster.NewDatabase();
        var tables = EarlierLayout.Tables().Replace("id serial PRIMARY KEY", "id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY", StringComparison.Ordinal);
        await cluster.ExecuteAsSuperuser(db, $"SET ROLE grantkeeper; {tables}");
        (await StoreKit.Migrate(db.Url)).Failure.ShouldBeNull();
    }

    private static IEnumerable<string> Forms(string secret)
    {
        yield return secret;
        yield return Uri.EscapeDataString(secret);
        yield return Convert.ToHexString(Encoding.UTF8.GetBytes(secret));
        // Base64 depends on where in a text the secret starts; the middle of each of the three is the same always.
        for (var offset = 0; offset < 3; offset++)
        {
            var text = Convert.ToBase64String(Encoding.UTF8.GetBytes(new string('x', offset) + secret)).TrimEnd('=');
            yield return text[4..^4];
            yield return text[4..^4].Replace('+', '-').Replace('/', '_');
        }
    }

    private static async Task<GrantRow> Grant(StoreKit kit, int legacyId) =>
        (await kit.Vault.Find((Guid)(await kit.Ask($"SELECT id FROM oauth_integrations WHERE legacy_id = {legacyId}"))!, null, default)).ShouldNotBeNull();

    private static async Task<TestDatabase> Earlier(bool plural = false)
    {
        var cluster = await TestCluster.Shared();
        var db = await cluster.NewDatabase();
        await cluster.ExecuteAsSuperuser(db, $"SET ROLE grantkeeper; {EarlierLayout.Tables(plural)} {EarlierLayout.Rows(plural)}");
        return db;
    }

    private static async Task<StoreKit> Adopted(bool plural = false)
    {
        var db = await Earlier(plural);
        (await StoreKit.Migrate(db.Url)).Failure.ShouldBeNull();
        return await StoreKit.New(db: db);
    }

    private static string[] Texts(List<object?[]> rows) => [.. rows.Select(row => (string)row[0]!)];

    private sealed class Broken : IMigrationStep
    {
        public string Source => Migrator.UserData;

        public int Version => 1;

        public Task Apply(NpgsqlConnection connection, CancellationToken cancellation) => throw new InvalidTimeZoneException();
    }
}
