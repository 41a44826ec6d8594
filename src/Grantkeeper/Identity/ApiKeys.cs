using System.Collections.Concurrent;
using Grantkeeper.Audit;
using Grantkeeper.Encryption;
using Grantkeeper.Errors;
using Grantkeeper.Settings;
using Grantkeeper.Storage;

namespace Grantkeeper.Identity;

/// <summary>One stored key, without its secret.</summary>
internal sealed record ApiKey(
    Guid Id, string Name, string Prefix, string[] Permissions, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, DateTimeOffset? RevokedAt);

/// <summary>
/// API keys: prefix and 256 random bits, stored as SHA-256. A verified key stays good for 60 s without the database,
/// so that a short outage of the platform database does not stop reads; a revocation is complete after the same time, also
/// where somebody sets the node's clock.
/// </summary>
internal sealed class ApiKeys(PlatformDatabase platform, Database userData, AuditLog audit, GrantkeeperOptions options, TimeProvider time) : ICredentialKind
{
    private const string Columns = "id, name, prefix, permissions, created_at, expires_at, revoked_at";
    private const string BootstrapCaller = "key:bootstrap";
    private const int MostRemembered = 10_000;
    private static readonly TimeSpan Remembered = TimeSpan.FromSeconds(60);

    private static readonly Caller Bootstrap = new(BootstrapCaller, Permissions.All.ToHashSet());

    private readonly record struct Verified(Caller Caller, long ReadAt, DateTimeOffset? EndsAt);

    private readonly ConcurrentDictionary<string, Verified> _verified = new();
    private readonly string? _bootstrapHash = options.ApiKey.IsEmpty ? null : RandomHandle.HashOf(options.ApiKey);

    private string Prefix => options.Environment == DeployEnvironment.Production ? "gk_live_" : "gk_dev_";

    /// <summary>Always: a bootstrap key may have any form, so keys are the last kind that is asked.</summary>
    public bool Recognizes(string presented) => true;

    /// <summary>The caller behind a key. Failure: <c>identity.key_invalid</c>.</summary>
    public async ValueTask<Result<Caller>> Verify(string presented, CancellationToken cancellation)
    {
        if (presented.Length is < 32 or > RandomHandle.MaxLength)
            return new Failure(ErrorCatalogue.Identity.KeyInvalid);
        // Found by hash: the comparison that could leak by time is one of hashes, which tell nothing about the key.
        var hash = RandomHandle.HashOf(presented);
        if (hash == _bootstrapHash)
            return Bootstrap;
        if (_verified.TryGetValue(hash, out var known) && time.GetElapsedTime(known.ReadAt) < Remembered && !(known.EndsAt <= time.GetUtcNow()))
            return known.Caller;

        var readAt = time.GetTimestamp();
        var key = await platform.Database.AsService(ServiceReason.Deployment).Read(
            $"SELECT {Columns} FROM api_keys WHERE key_hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())",
            Map, cancellation, hash);
        if (key is null)
        {
            _verified.TryRemove(hash, out _);
            return new Failure(ErrorCatalogue.Identity.KeyInvalid);
        }

        var caller = new Caller($"key:{key.Id}", key.Permissions.ToHashSet());
        if (_verified.Count >= MostRemembered)
            _verified.Clear();
        _verified[hash] = new Verified(caller, readAt, key.ExpiresAt);
        return caller;
    }

    /// <summary>Makes a key. Its text is returned once and stored nowhere.</summary>
    public async Task<(ApiKey Key, Secret Text)> Create(string name, string[] permissions, DateTimeOffset? expiresAt, AuditSource source, CancellationToken cancellation)
    {
        var text = new Secret(Prefix + RandomHandle.New().Reveal());
        var key = await platform.Database.AsService(ServiceReason.Deployment).One(
            $"INSERT INTO api_keys (id, name, prefix, key_hash, permissions, created_by, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING {Columns}",
            Map, cancellation,
            Guid.CreateVersion7(time.GetUtcNow()), name, text.Reveal()[..(Prefix.Length + 4)], RandomHandle.HashOf(text), permissions, source.Caller, expiresAt?.UtcDateTime);
        await Record(AuditAction.ApiKeyCreated, key!.Id, source, cancellation);
        return (key, text);
    }

    /// <summary>Whether a caller that was verified before may still act: its key is neither ended nor past its end.</summary>
    public async Task<bool> IsStillGood(string callerId, CancellationToken cancellation)
    {
        if (callerId == BootstrapCaller)
            return _bootstrapHash is not null;
        return callerId.StartsWith("key:", StringComparison.Ordinal) && Guid.TryParse(callerId[4..], out var id) && await platform.Database.AsService(ServiceReason.Deployment).Read(
            "SELECT name FROM api_keys WHERE id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())", row => row.GetString(0), cancellation, id) is not null;
    }

    public Task<List<ApiKey>> List(CancellationToken cancellation) =>
        platform.Database.AsService(ServiceReason.Deployment).List($"SELECT {Columns} FROM api_keys ORDER BY id LIMIT 1000", Map, cancellation);

    /// <summary>Ends a key. Failure: <c>identity.key_not_found</c>.</summary>
    public async Task<Result<Done>> Revoke(Guid id, AuditSource source, CancellationToken cancellation)
    {
        var changed = await platform.Database.AsService(ServiceReason.Deployment).Execute(
            "UPDATE api_keys SET revoked_at = coalesce(revoked_at, now()) WHERE id = $1", cancellation, id);
        if (changed == 0)
            return new Failure(ErrorCatalogue.Identity.KeyNotFound);
        foreach (var (hash, known) in _verified)
        {
            if (known.Caller.Id == $"key:{id}")
                _verified.TryRemove(hash, out _);
        }

        await Record(AuditAction.ApiKeyRevoked, id, source, cancellation);
        return default(Done);
    }

    private Task Record(AuditAction action, Guid keyId, AuditSource source, CancellationToken cancellation) => audit.Write(
        userData.ForUser(SecretBox.SystemOwner), new AuditEvent(action, SecretBox.SystemOwner, source) { Code = $"key:{keyId}" }, cancellation);

    private static ApiKey Map(Npgsql.NpgsqlDataReader row) => new(
        row.GetGuid(0), row.GetString(1), row.GetString(2), row.Texts(3), row.Time(4), row.TimeOrNull(5), row.TimeOrNull(6));
}
