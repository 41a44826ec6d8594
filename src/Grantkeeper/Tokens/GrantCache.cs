using System.Collections.Concurrent;
using Grantkeeper.Settings;
using Grantkeeper.Storage;

namespace Grantkeeper.Tokens;

/// <summary>
/// Grants that were read a moment ago, sealed as they are stored. Serves only while this node hears of changes elsewhere,
/// and nothing that is older than <see cref="GrantkeeperOptions.CacheLife"/>. A read that began before a change was heard
/// puts nothing back after it.
/// </summary>
internal sealed class GrantCache
{
    /// <summary>Grants that one generation holds; there are two, and what is beyond is read each time.</summary>
    private const int MostInGeneration = 50_000;

    private const int Stripes = 1024;

    private readonly ITokenVault _vault;
    private readonly INodeSignals _signals;
    private readonly TimeProvider _time;
    private readonly TimeSpan _life;
    private readonly long[] _droppedAt = new long[Stripes];
    private volatile Generation _young;
    private volatile Generation _old;
    private long _clearedAt;

    private readonly record struct Entry(GrantRow Row, long ReadAt);

    private readonly record struct Account(string Provider, string UserId, string? AccountId);

    private sealed class Generation(long bornAt)
    {
        public long BornAt { get; } = bornAt;

        public ConcurrentDictionary<Guid, Entry> Grants { get; } = new();

        public ConcurrentDictionary<Account, Guid> Accounts { get; } = new();
    }

    public GrantCache(ITokenVault vault, INodeSignals signals, GrantkeeperOptions options, TimeProvider time)
    {
        (_vault, _signals, _time, _life) = (vault, signals, time, options.CacheLife);
        (_young, _old) = (new Generation(time.GetTimestamp()), new Generation(time.GetTimestamp()));
        signals.Changes += Drop;
    }

    /// <summary>See <see cref="ITokenVault.Find"/>.</summary>
    public ValueTask<GrantRow?> Find(Guid integrationId, string? userId, CancellationToken cancellation)
    {
        if (Good(integrationId) is { } row && (userId is null || row.Integration.UserId == userId))
            return new ValueTask<GrantRow?>(row);
        return Read(() => _vault.Find(integrationId, userId, cancellation), null);
    }

    /// <summary>See <see cref="ITokenVault.FindAt"/>.</summary>
    public ValueTask<GrantRow?> FindAt(string provider, string userId, string? accountId, CancellationToken cancellation)
    {
        var account = new Account(provider, userId, accountId);
        if ((_young.Accounts.TryGetValue(account, out var id) || _old.Accounts.TryGetValue(account, out id)) && Good(id) is { } row)
            return new ValueTask<GrantRow?>(row);
        return Read(() => _vault.FindAt(provider, userId, accountId, cancellation), account);
    }

    /// <summary>The grant, if it may be served from here.</summary>
    private GrantRow? Good(Guid id) =>
        (_young.Grants.TryGetValue(id, out var entry) || _old.Grants.TryGetValue(id, out entry)) && _time.GetElapsedTime(entry.ReadAt) < _life && _signals.IsHeard ? entry.Row : null;

    private async ValueTask<GrantRow?> Read(Func<Task<GrantRow?>> read, Account? account)
    {
        var began = _time.GetTimestamp();
        var row = await read();
        if (row is { Tokens: not null } && _signals.IsHeard && _life > TimeSpan.Zero)
            Put(row, account, began);
        return row;
    }

    private void Put(GrantRow row, Account? account, long readAt)
    {
        var id = row.Integration.Id;
        var young = Young();
        if (young.Grants.Count >= MostInGeneration)
            return;
        young.Grants[id] = new Entry(row, readAt);
        if (account is { } named)
            young.Accounts[named] = id;
        // Looked at after putting: a change that was heard in between has found it, or is found here.
        if (Volatile.Read(ref _droppedAt[StripeOf(id)]) >= readAt || Volatile.Read(ref _clearedAt) >= readAt)
            Remove(id);
    }

    /// <summary>Two generations of one life each: what was not read again is gone after two.</summary>
    private Generation Young()
    {
        var young = _young;
        if (_time.GetElapsedTime(young.BornAt) < _life)
            return young;
        var next = new Generation(_time.GetTimestamp());
        // Whoever loses this race has put into a generation that is forgotten, which costs a read.
        (_old, _young) = (young, next);
        return next;
    }

    private void Drop(Guid? id)
    {
        if (id is { } changed)
        {
            Volatile.Write(ref _droppedAt[StripeOf(changed)], _time.GetTimestamp());
            Remove(changed);
            return;
        }

        Volatile.Write(ref _clearedAt, _time.GetTimestamp());
        (_young, _old) = (new Generation(_time.GetTimestamp()), new Generation(_time.GetTimestamp()));
    }

    private void Remove(Guid id)
    {
        _young.Grants.TryRemove(id, out _);
        _old.Grants.TryRemove(id, out _);
    }

    private static int StripeOf(Guid id) => (id.GetHashCode() & int.MaxValue) % Stripes;
}
