using Grantkeeper.Encryption;
using Grantkeeper.Testing.Postgres;
using Npgsql;

namespace Grantkeeper.IntegrationTests.Storage;

[Trait("category", "security")]
public sealed class KeyRingTests
{
    private static readonly SealContext Place = new("test", SecretBox.SystemOwner, Guid.Empty);

    [Fact]
    public async Task Nodes_that_start_at_once_make_one_key_and_all_have_it()
    {
        var (cluster, db) = await Database();
        await using var source = StoreKit.SourceOf(db.Url);
        var rings = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => Load(source, 0))));
        (await cluster.ExecuteAsSuperuser(db, "SELECT count(*) FROM data_keys")).ShouldBe(1L);
        var text = new SecretBox(rings[0]).Seal(new Secret("value"), Place, []);
        rings.ShouldAllBe(ring => new SecretBox(ring).Open(text, Place, Array.Empty<byte>()) == new Secret("value"));
        rings.ShouldAllBe(ring => ring.CurrentVersion == 1);
    }

    [Fact]
    public async Task The_key_is_the_same_after_a_restart_and_another_wrapping_key_is_refused()
    {
        var (cluster, db) = await Database();
        await using var source = StoreKit.SourceOf(db.Url);
        var text = new SecretBox(await Load(source, 1)).Seal(new Secret("value"), Place, []);
        new SecretBox(await Load(source, 1)).Open(text, Place, []).ShouldBe(new Secret("value"));

        await using var connection = await source.OpenConnectionAsync();
        var ring = new KeyRing();
        (await ring.Load(connection, StoreKit.Wrapper(2), default)).Failure.ShouldNotBeNull().Code.Code.ShouldBe("encryption.key_wrong");
        new SecretBox(ring).Open(text, Place, []).ShouldBeNull();
        (await cluster.ExecuteAsSuperuser(db, "SELECT count(*) FROM data_keys")).ShouldBe(1L);

        // A wrapped key in another version's place does not open either.
        await cluster.ExecuteAsSuperuser(db, "INSERT INTO data_keys SELECT 2, wrapped, wrapping_key_id FROM data_keys");
        (await new KeyRing().Load(connection, StoreKit.Wrapper(1), default)).Failure.ShouldNotBeNull().Code.Code.ShouldBe("encryption.key_wrong");
    }

    [Fact]
    public async Task A_ciphertext_opens_in_its_own_place_only()
    {
        await using var kit = await StoreKit.New();
        var mine = await kit.Connect("alice", account: "a", access: "alice-access", refresh: "alice-refresh");
        var other = await kit.Connect("alice", account: "b", access: "other-access", refresh: "other-refresh");
        var bobs = await kit.Connect("bob", account: "a", access: "bob-access", refresh: "bob-refresh");
        mine.OpenAccessToken(kit.Box)!.Value.Reveal().ShouldBe("alice-access");
        mine.OpenRefreshToken(kit.Box)!.Value.Reveal().ShouldBe("alice-refresh");

        foreach (var (place, sql) in ((string, string)[])
        [
            ("another row", $"access_token = (SELECT access_token FROM oauth_tokens WHERE integration_id = '{other.Integration.Id}')"),
            ("another owner", $"access_token = (SELECT access_token FROM oauth_tokens WHERE integration_id = '{bobs.Integration.Id}')"),
            ("another field", "access_token = refresh_token"),
            ("another generation", "generation = generation + 1"),
            ("another epoch", "epoch = epoch + 1"),
            ("one bit", "access_token = overlay(access_token PLACING CASE substr(access_token, 60, 1) WHEN 'A' THEN 'B' ELSE 'A' END FROM 60 FOR 1)"),
            ("plain text", "access_token = 'alice-access'"),
        ])
        {
            await Check(place, sql);
        }

        async Task Check(string place, string sql)
        {
            await kit.Ask("CREATE TABLE IF NOT EXISTS saved AS SELECT * FROM oauth_tokens");
            await kit.Ask($"UPDATE oauth_tokens SET {sql} WHERE integration_id = '{mine.Integration.Id}'");
            var moved = (await kit.Vault.Find(mine.Integration.Id, "alice", default))!;
            moved.OpenAccessToken(kit.Box).ShouldBeNull(place);
            await kit.Ask("UPDATE oauth_tokens t SET access_token = s.access_token, generation = s.generation, epoch = s.epoch FROM saved s WHERE s.id = t.id");
        }

        (await kit.Vault.Find(mine.Integration.Id, "alice", default))!.OpenAccessToken(kit.Box)!.Value.Reveal().ShouldBe("alice-access");
    }

    [Fact]
    public async Task Nothing_secret_of_a_connect_is_readable_in_a_dump()
    {
        await using var kit = await StoreKit.New();
        var flow = await kit.AddFlow(completion: Connect.Completion.Confirm);
        await kit.Flows.Bind(flow.HandleHash, RandomHandle.HashOf("cookie"), null, default);
        await kit.Flows.Redeem(flow.StateHash, "google", RandomHandle.HashOf("cookie"), null, default);
        await kit.Flows.Park(flow, new Secret("code-canary"), RandomHandle.HashOf("ticket"), TimeSpan.FromMinutes(5), default);
        await kit.Connect(access: "access-canary", refresh: "refresh-canary");
        await kit.Database.ForUser("u1").Transaction(db => kit.Outbox.Add(db, "revocation", "u1", "google", null, new Secret("payload-canary"), false, default), default);
        var dump = await kit.Db.Cluster.Dump(kit.Db);
        dump.ShouldContain(flow.StateHash);
        dump.ShouldNotContain("canary");
        foreach (var offset in (int[])[0, 1, 2])
            dump.ShouldNotContain(Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(new string('x', offset) + "canary"))[4..8], Case.Sensitive);
    }

    [Fact]
    public async Task Without_the_owners_salt_nothing_of_that_owner_opens_again()
    {
        await using var kit = await StoreKit.New();
        var row = await kit.Connect();
        await kit.Ask("DELETE FROM owner_salts");
        var erased = (await kit.Vault.Find(row.Integration.Id, "u1", default))!;
        erased.OpenAccessToken(kit.Box).ShouldBeNull();
        await kit.Database.ForUser("u1").Transaction(db => Grantkeeper.Storage.OwnerSalts.Get(db, "u1", default), default);
        (await kit.Vault.Find(row.Integration.Id, "u1", default))!.OpenAccessToken(kit.Box).ShouldBeNull();
    }

    [Fact]
    public async Task An_owner_has_one_salt_however_many_ask_at_once()
    {
        await using var kit = await StoreKit.New();
        var salts = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => Task.Run(() =>
            kit.Database.ForUser("new").Transaction(db => Grantkeeper.Storage.OwnerSalts.Get(db, "new", default), default))));
        salts.Select(Convert.ToHexString).Distinct().ShouldHaveSingleItem().Length.ShouldBe(64);
    }

    private static async Task<(TestCluster Cluster, TestDatabase Db)> Database()
    {
        var cluster = await TestCluster.Shared();
        return (cluster, await cluster.NewMigratedDatabase());
    }

    private static async Task<KeyRing> Load(NpgsqlDataSource source, byte fill)
    {
        await using var connection = await source.OpenConnectionAsync();
        var ring = new KeyRing();
        (await ring.Load(connection, StoreKit.Wrapper(fill), default)).Failure.ShouldBeNull();
        return ring;
    }
}
