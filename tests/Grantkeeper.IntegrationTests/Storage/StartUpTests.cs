using Grantkeeper.Audit;
using Grantkeeper.Encryption;
using Grantkeeper.Providers;
using Grantkeeper.Settings;
using Grantkeeper.Startup;
using Grantkeeper.Storage;
using Grantkeeper.Testing.Postgres;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace Grantkeeper.IntegrationTests.Storage;

[Trait("category", "models")]
public sealed class StartUpTests
{
    [Fact]
    public async Task A_node_migrates_opens_its_keys_and_is_ready()
    {
        var db = await (await TestCluster.Shared()).NewDatabase();
        await using var node = new Node(db.Url);
        await node.StartUp.StartingAsync(default);
        node.Readiness.Ready.IsCompletedSuccessfully.ShouldBeTrue();
        node.Readiness.Failure.ShouldBeNull();
        node.Keys.CurrentVersion.ShouldBe(1);
        (await db.Cluster.ListAsSuperuser(db, "SELECT DISTINCT source FROM grantkeeper_migrations ORDER BY 1")).Select(row => row[0]).ShouldBe(["platform", "user_data"]);
    }

    [Fact]
    public async Task Two_databases_hold_what_is_theirs()
    {
        var cluster = await TestCluster.Shared();
        var (users, platform) = (await cluster.NewDatabase(), await cluster.NewDatabase());
        await using var node = new Node(users.Url, platform.Url);
        await node.StartUp.StartingAsync(default);
        (await cluster.ExecuteAsSuperuser(users, "SELECT to_regclass('oauth_tokens') IS NOT NULL AND to_regclass('api_keys') IS NULL")).ShouldBe(true);
        (await cluster.ExecuteAsSuperuser(platform, "SELECT to_regclass('oauth_tokens') IS NULL AND to_regclass('api_keys') IS NOT NULL")).ShouldBe(true);
    }

    [Fact]
    public async Task Another_wrapping_key_stops_the_start()
    {
        var db = await (await TestCluster.Shared()).NewDatabase();
        await using (var node = new Node(db.Url))
            await node.StartUp.StartingAsync(default);
        await using var other = new Node(db.Url, key: new Secret(Convert.ToBase64String([.. Enumerable.Repeat((byte)9, 32)])));
        (await Refused(other)).ShouldContain("encryption.key_wrong");
        other.Readiness.Ready.IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public async Task The_private_cluster_stops_the_start_in_production()
    {
        var db = await (await TestCluster.Shared()).NewDatabase();
        await using var node = new Node(db.Url, environment: DeployEnvironment.Production);
        (await Refused(node)).ShouldContain("storage.private_cluster_in_production");
    }

    [Fact]
    public async Task A_login_that_may_not_act_as_the_application_stops_the_start_with_a_reason()
    {
        var cluster = await TestCluster.Shared();
        var db = await cluster.NewMigratedDatabase();
        await cluster.ExecuteAsSuperuser(db, "CREATE ROLE outsider LOGIN PASSWORD 'pw'");
        await using var node = new Node($"postgresql://outsider:pw@127.0.0.1:{cluster.Port}/{db.Name}", migration: db.Url);
        (await Refused(node)).ShouldContain("storage.roles_missing");
    }

    [Fact]
    public async Task A_table_of_another_product_in_the_way_stops_the_start_with_a_reason()
    {
        var cluster = await TestCluster.Shared();
        var db = await cluster.NewDatabase();
        await cluster.ExecuteAsSuperuser(db, "CREATE TABLE outbox (id integer)");
        await using var node = new Node(db.Url);
        (await Refused(node)).ShouldContain("\"outbox\" already exists");
    }

    [Fact]
    public async Task A_database_that_is_away_is_waited_for()
    {
        await using var cluster = await TestCluster.Start();
        var db = await cluster.NewDatabase();
        await cluster.Stop();
        await using var node = new Node(db.Url);
        await node.StartUp.StartingAsync(default);
        node.Readiness.Failure.ShouldNotBeNull().Code.Code.ShouldBe("storage.unavailable");
        await cluster.Restart();
        await node.Readiness.Ready.WaitAsync(TimeSpan.FromSeconds(60));
        node.Readiness.Failure.ShouldBeNull();
        await node.StartUp.StopAsync(default);
    }

    [Fact]
    public async Task What_stops_a_late_start_is_said_and_ends_the_waiting()
    {
        await using var cluster = await TestCluster.Start();
        var db = await cluster.NewDatabase();
        await cluster.ExecuteAsSuperuser(db, "CREATE TABLE outbox (id integer)");
        await cluster.Stop();
        await using var node = new Node(db.Url);
        await node.StartUp.StartingAsync(default);
        await cluster.Restart();
        var clock = System.Diagnostics.Stopwatch.StartNew();
        while (node.Readiness.Failure?.Code.Code == "storage.unavailable")
        {
            await cluster.ExecuteAsSuperuser(db, "SELECT 1");
            clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(60));
        }

        node.Readiness.Failure.ShouldNotBeNull().Message.ShouldContain("\"outbox\" already exists");
        await node.StartUp.StopAsync(default);
    }

    [Fact]
    public async Task The_start_leaves_no_connection_of_its_own_behind()
    {
        var db = await (await TestCluster.Shared()).NewDatabase();
        var node = new Node(db.Url);
        await node.StartUp.StartingAsync(default);
        await node.DisposeAsync();
        var clock = System.Diagnostics.Stopwatch.StartNew();
        while ((long)(await db.Cluster.ExecuteAsSuperuser(db, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'grantkeeper'"))! > 0)
            clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(60));
    }

    private static async Task<string> Refused(Node node) =>
        (await Should.ThrowAsync<GrantkeeperStartException>(() => node.StartUp.StartingAsync(default))).Message;

    private sealed class Node : IAsyncDisposable
    {
        private readonly Database _database;
        private readonly Database _platform;

        public Node(string url, string? platform = null, Secret? key = null, DeployEnvironment environment = DeployEnvironment.Development, string? migration = null)
        {
            _database = new Database(StoreKit.SourceOf(url), TimeProvider.System);
            _platform = platform is null ? _database : new Database(StoreKit.SourceOf(platform), TimeProvider.System);
            var options = new GrantkeeperOptions
            {
                FrontendUrl = new Uri("https://app.test"), PublicUrl = new Uri("https://app.test"), Environment = environment, EncryptionKey = key ?? TestCluster.Key,
                UserDataDatabase = url, PlatformDatabase = platform ?? url, UserDataMigrationDatabase = migration, PlatformMigrationDatabase = migration,
            };
            var platformDatabase = new PlatformDatabase(_platform);
            var catalogue = ProviderCatalogue.Read(new ConfigurationBuilder().Build(), options, [], [])!;
            var audit = new AuditLog(TimeProvider.System);
            var manifests = new StoredManifests(platformDatabase, _database, catalogue, audit, TimeProvider.System);
            var clients = new ClientRegistrations(platformDatabase, _database, new SecretBox(Keys), catalogue, audit, TimeProvider.System, NullLogger<ClientRegistrations>.Instance);
            var node = new Spool.NodeIdentity();
            var spool = new Spool.NodeSpool(options, node, new SecretBox(Keys), NullLogger<Spool.NodeSpool>.Instance);
            // Without a data path there is nothing to replay, so what that needs is never asked.
            var replay = new Grantkeeper.Tokens.SpoolReplay(spool, null!, null!, null!, NullLogger<Grantkeeper.Tokens.SpoolReplay>.Instance);
            StartUp = new StartUp(options, Keys, _database, platformDatabase, manifests, clients, spool, node, replay, new SharedTime(TimeProvider.System), Readiness, TimeProvider.System, NullLogger<StartUp>.Instance);
        }

        public KeyRing Keys { get; } = new();

        public Readiness Readiness { get; } = new();

        public StartUp StartUp { get; }

        public async ValueTask DisposeAsync()
        {
            StartUp.Dispose();
            await _database.DisposeAsync();
            await _platform.DisposeAsync();
        }
    }
}
