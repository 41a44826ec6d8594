using Grantkeeper.Connect;
using Grantkeeper.Encryption;
using Grantkeeper.IntegrationTests.Flows;
using Grantkeeper.OAuth;
using Grantkeeper.Testing.Twins;
using Grantkeeper.Tokens;
using Microsoft.Extensions.DependencyInjection;

namespace Grantkeeper.IntegrationTests.Storage;

/// <summary>A store behind the engine's seams, with the few things that a test does to it from outside.</summary>
internal interface IVaultStand : IAsyncDisposable
{
    ITokenVault Vault { get; }

    ILateTokens Late { get; }

    IDueQueue Due { get; }

    SecretBox Box { get; }

    /// <summary>A grant of a new user at the sandbox; its token is good for minutes at least.</summary>
    Task<GrantRow> Connect();

    Task Disconnect(GrantRow row);

    /// <summary>Lets leases and claims be over, and everything that can be renewed be due.</summary>
    Task LetTimePass();

    /// <summary>Revocations that wait for the sandbox.</summary>
    Task<long> Revocations(GrantRow row);
}

/// <summary>The product's store on PostgreSQL.</summary>
internal sealed class PostgresStand(FlowWorld world) : IVaultStand
{
    private int _users;

    public ITokenVault Vault => world.Host.Services.GetRequiredService<ITokenVault>();

    public ILateTokens Late => world.Host.Services.GetRequiredService<ILateTokens>();

    public IDueQueue Due => world.Host.Services.GetRequiredService<IDueQueue>();

    public SecretBox Box => world.Host.Services.GetRequiredService<SecretBox>();

    public async Task<GrantRow> Connect()
    {
        var id = await world.Connect($"user_{++_users}");
        return (await Vault.Find(id, null, default)).ShouldNotBeNull();
    }

    public async Task Disconnect(GrantRow row) =>
        (await world.Host.Services.GetRequiredService<DisconnectFlow>().Disconnect(row.Integration.Id, row.Integration.UserId, null, StoreKit.Caller, default)).IsSuccess.ShouldBeTrue();

    public Task LetTimePass() => world.Sql("UPDATE oauth_tokens SET lease_until = lease_until - interval '1 hour', claimed_until = claimed_until - interval '1 hour', next_refresh_at = now() - interval '1 second'");

    public async Task<long> Revocations(GrantRow row) => (long)(await world.Sql($"SELECT count(*) FROM outbox WHERE integration_id = '{row.Integration.Id}'"))!;

    public ValueTask DisposeAsync() => world.DisposeAsync();
}

/// <summary>The simulator's store.</summary>
internal sealed class TwinStand : IVaultStand
{
    private readonly StoreTwin _store;
    private readonly VaultTwin _twin;
    private DateTimeOffset _now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private int _users;

    public TwinStand()
    {
        var keys = new KeyRing();
        keys.Use(new Dictionary<int, byte[]> { [1] = new byte[32] });
        Box = new SecretBox(keys);
        // As on any clock, no two readings are equal.
        _store = new StoreTwin(Box, () => _now += TimeSpan.FromMilliseconds(1));
        _twin = new VaultTwin(_store, new VaultTwin.AtOnce());
    }

    public ITokenVault Vault => _twin;

    public ILateTokens Late => _twin;

    public IDueQueue Due => _twin;

    public SecretBox Box { get; }

    public Task<GrantRow> Connect()
    {
        var user = ++_users;
        var tokens = new TokenSet(new Secret("access-1"), new Secret("refresh-1"), _now.AddMinutes(10), TimeSpan.FromMinutes(10), ScopeSet.Of(["openid"]));
        return Task.FromResult(_store.Connect(Guid.CreateVersion7(), $"user_{user}", "sandbox", $"account-{user}", tokens).ToRow());
    }

    public Task Disconnect(GrantRow row)
    {
        _store.Disconnect(row.Integration.Id).ShouldBeTrue();
        return Task.CompletedTask;
    }

    public Task LetTimePass()
    {
        _now += TimeSpan.FromHours(1);
        return Task.CompletedTask;
    }

    public Task<long> Revocations(GrantRow row) => Task.FromResult((long)_store.Outbox.Count(entry => entry.IntegrationId == row.Integration.Id));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
