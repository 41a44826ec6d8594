using Grantkeeper.Audit;
using Grantkeeper.Connect;
using Grantkeeper.Consents;
using Grantkeeper.Encryption;
using Grantkeeper.Errors;
using Grantkeeper.Integrations;
using Grantkeeper.OAuth;
using Grantkeeper.Outbox;
using Grantkeeper.Providers;
using Grantkeeper.Startup;
using Grantkeeper.Storage;
using Grantkeeper.Testing.Postgres;
using Grantkeeper.Tokens;
using Npgsql;

namespace Grantkeeper.IntegrationTests.Storage;

/// <summary>The stores of one node over a migrated database of one's own, built by hand.</summary>
internal sealed class StoreKit : IAsyncDisposable
{
    public static readonly AuditSource Caller = new("key-1", "agent-7", "203.0.113.9", "browser", "trace-1");

    private StoreKit(TestDatabase db, NpgsqlDataSource source, TimeProvider time)
    {
        Db = db;
        Source = source;
        Time = time;
        Database = new Database(source, time);
        Box = new SecretBox(Keys);
        Audit = new AuditLog(time);
        Vault = new TokenVault(Database, Box, Audit, time);
        Flows = new FlowStore(Database, Box, Audit);
        Sessions = new ConnectSessions(Database, Audit, new() { FrontendUrl = new Uri("https://app.example"), PublicUrl = new Uri("https://app.example") }, time);
        Integrations = new IntegrationStore(Database);
        Outbox = new OutboxStore(Database, Box, time);
        Writes = new GrantWrites(Database, Vault, new ConsentStore(new() { FrontendUrl = new Uri("https://app.example"), PublicUrl = new Uri("https://app.example") }, time), null!, Box, Audit, time);
        Grants = new GrantStore(Flows, Writes, new NoSignals(), time);
    }

    public TestDatabase Db { get; }

    public NpgsqlDataSource Source { get; }

    public TimeProvider Time { get; }

    public Database Database { get; }

    public KeyRing Keys { get; } = new();

    public SecretBox Box { get; }

    public AuditLog Audit { get; }

    public TokenVault Vault { get; }

    public FlowStore Flows { get; }

    public ConnectSessions Sessions { get; }

    public GrantWrites Writes { get; }

    public GrantStore Grants { get; }

    public IntegrationStore Integrations { get; }

    public OutboxStore Outbox { get; }

    public static async Task<StoreKit> New(TimeProvider? time = null, TestDatabase? db = null, Action<NpgsqlConnectionStringBuilder>? change = null)
    {
        db ??= await (await TestCluster.Shared()).NewMigratedDatabase();
        var kit = new StoreKit(db, SourceOf(db.Url, change), time ?? TimeProvider.System);
        await using var connection = await kit.Source.OpenConnectionAsync();
        (await kit.Keys.Load(connection, Wrapper(), CancellationToken.None)).IsSuccess.ShouldBeTrue();
        return kit;
    }

    /// <summary>The pool as the product makes it.</summary>
    public static NpgsqlDataSource SourceOf(string url, Action<NpgsqlConnectionStringBuilder>? change = null)
    {
        var builder = DatabaseUrl.ForApplication(DatabaseUrl.Parse(url).Value);
        change?.Invoke(builder);
        return new NpgsqlDataSourceBuilder(builder.ConnectionString).Build();
    }

    public static IKeyWrapper Wrapper(byte fill = 0) => fill == 0
        ? LocalKeyWrapper.Read(TestCluster.Key, null).Value
        : LocalKeyWrapper.Read(new Secret(Convert.ToBase64String([.. Enumerable.Repeat(fill, 32)])), null).Value;

    public static Task<Result<Done>> Migrate(string url, string source = Migrator.UserData, params IMigrationStep[] steps) => Migrator.Migrate(
        DatabaseUrl.ForMigration(DatabaseUrl.Parse(url).Value).ConnectionString, source, steps.Length > 0 ? steps : [new SealAdoptedTokens(Wrapper())], CancellationToken.None);

    /// <summary>The first value of the first row, behind row-level security.</summary>
    public Task<object?> Ask(string sql) => Db.Cluster.ExecuteAsSuperuser(Db, sql);

    public Task<List<object?[]>> Rows(string sql) => Db.Cluster.ListAsSuperuser(Db, sql);

    public static Provider ProviderOf(string key) =>
        new(new ProviderManifest { Key = key, DisplayName = key }, new ClientRegistration("client", new Secret("client-secret"), null), ClientOrigin.Environment, [], []);

    /// <summary>A flow as <c>ConnectFlow</c> makes it.</summary>
    public static PendingFlow NewFlow(string user = "u1", string provider = "google", Completion completion = Completion.Direct, Guid? reconnect = null, bool replace = false) => new()
    {
        Id = Guid.CreateVersion7(), UserId = user, Actor = "agent-7", Provider = provider,
        StateHash = RandomHandle.HashOf(RandomHandle.New()), HandleHash = RandomHandle.HashOf(RandomHandle.New()),
        Scopes = ScopeSet.Of(["openid", "mail"]), RedirectUri = "https://app.test/oauth/google/callback",
        CodeVerifier = new Secret("verifier-canary"), CodeChallenge = "challenge", NonceHash = RandomHandle.HashOf("nonce"),
        AuthorizationUrl = new Secret("https://provider.test/authorize?state=url-canary"), Issuer = "https://provider.test",
        Completion = completion, ReturnTo = "/back", OpenerOrigin = "https://app.test", ReconnectIntegrationId = reconnect, ReplaceAccount = replace,
    };

    /// <summary>A flow as <c>ConnectFlow</c> stores it.</summary>
    public async Task<PendingFlow> AddFlow(string user = "u1", string provider = "google", Completion completion = Completion.Direct, Guid? reconnect = null, bool replace = false, TimeSpan? lifetime = null)
    {
        var flow = NewFlow(user, provider, completion, reconnect, replace);
        await Flows.Add(flow, lifetime ?? TimeSpan.FromMinutes(10), Caller, default);
        return flow;
    }

    /// <summary>Stores a consent as a finished flow does.</summary>
    public async Task<Result<Guid>> TryConnect(string user = "u1", string provider = "google", string? account = "acc-1", string access = "access-1", string? refresh = "refresh-1", Guid? reconnect = null, bool replace = false, double lifetimeSeconds = 3600)
    {
        var flow = await AddFlow(user, provider, reconnect: reconnect, replace: replace);
        return await Store(flow, account, access, refresh, lifetimeSeconds);
    }

    public Task<Result<Guid>> Store(PendingFlow flow, string? account = "acc-1", string access = "access-1", string? refresh = "refresh-1", double lifetimeSeconds = 3600) => Grants.Store(
        flow, ProviderOf(flow.Provider), new Account(account, "user@example.test", "User", null), AnswerOf(access, refresh, lifetimeSeconds),
        Time.GetUtcNow(), TimeSpan.FromMilliseconds(12), Caller, default);

    /// <summary>What a provider answers to a code.</summary>
    public static TokenResponse AnswerOf(string access = "access-1", string? refresh = "refresh-1", double lifetimeSeconds = 3600) => new()
    {
        AccessToken = new Secret(access), RefreshToken = new Secret(refresh), ExpiresIn = TimeSpan.FromSeconds(lifetimeSeconds), Scope = ScopeSet.Of(["openid", "mail"]),
    };

    public async Task<GrantRow> Connect(string user = "u1", string provider = "google", string account = "acc-1", string access = "access-1", string? refresh = "refresh-1")
    {
        var id = (await TryConnect(user, provider, account, access, refresh)).Value;
        return (await Vault.Find(id, user, default)).ShouldNotBeNull();
    }

    public async ValueTask DisposeAsync() => await Database.DisposeAsync();
}

/// <summary>A clock that stands where the test sets it.</summary>
internal sealed class SettableTime : TimeProvider
{
    public DateTimeOffset Now { get; set; } = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => Now;
}

/// <summary>A node that is alone.</summary>
internal sealed class NoSignals : INodeSignals
{
    public bool IsHeard => false;

    public Action<Guid?>? Changes { get; set; }

    public void Changed(Guid integrationId)
    {
        // Nobody hears it.
    }

    public Task ChangedEverywhere(Guid integrationId) => Task.CompletedTask;
}
