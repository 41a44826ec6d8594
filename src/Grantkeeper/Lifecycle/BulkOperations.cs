using System.Text.Json;
using Grantkeeper.Audit;
using Grantkeeper.Encryption;
using Grantkeeper.Http;
using Grantkeeper.Storage;
using Npgsql;

namespace Grantkeeper.Lifecycle;

/// <summary>What is done to many integrations.</summary>
internal enum BulkAction
{
    Refresh,
    Disconnect,
}

/// <summary>How far an operation is.</summary>
internal enum BulkStatus
{
    Running,
    Finished,
    Cancelled,
}

/// <summary>One integration that an operation could not do.</summary>
internal sealed record BulkFailure(Guid IntegrationId, string Code);

/// <summary>An operation over many integrations.</summary>
internal sealed record BulkOperation
{
    public required Guid Id { get; init; }

    /// <summary>Who owns its row: the user whose integrations they are, or the system for everybody's.</summary>
    public required string Owner { get; init; }

    public required BulkAction Action { get; init; }

    public required BulkStatus Status { get; init; }

    /// <summary>Whose integrations; null: everybody's.</summary>
    public string? ForUser { get; init; }

    public string? Provider { get; init; }

    /// <summary>How many there were at the beginning.</summary>
    public int Total { get; init; }

    public int Succeeded { get; init; }

    public int Failed { get; init; }

    /// <summary>The first <see cref="BulkOperations.MostFailures"/> that failed.</summary>
    public IReadOnlyList<BulkFailure> Failures { get; init; } = [];

    /// <summary>The last integration that is done; null: none yet.</summary>
    public Guid? After { get; init; }

    /// <summary>The last one that there was at the beginning; what was connected since is left alone.</summary>
    public Guid? Last { get; init; }

    public string? Caller { get; init; }

    public string? Actor { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }
}

/// <summary>Operations over many integrations, in PostgreSQL: a row says how far one is, so that any node goes on with it.</summary>
internal sealed class BulkOperations(Database database, AuditLog audit, TimeProvider time)
{
    /// <summary>How many failures are kept by name; all are counted.</summary>
    public const int MostFailures = 100;

    /// <summary>How long a node may be silent before another goes on.</summary>
    private static readonly TimeSpan Claim = TimeSpan.FromSeconds(60);

    private const string Columns = "id, user_id, action, status, for_user, provider, total, succeeded, failed, failures::text, after_id, last_id, caller, actor, created_at, finished_at";

    /// <summary>Begins an operation over the live integrations that there are now.</summary>
    public Task<BulkOperation> Begin(BulkAction action, string? userId, string? provider, AuditSource source, CancellationToken cancellation) => SessionOf(userId).Transaction(async db =>
    {
        var begun = (await db.One(
            $"""
            INSERT INTO bulk_operations (user_id, id, action, for_user, provider, caller, actor, total, last_id)
            SELECT $1, $2, $3, $4::text, $5::text, $6::text, $7::text, count(*)::integer, (array_agg(i.id ORDER BY i.id DESC))[1]
            FROM oauth_integrations i WHERE ($4::text IS NULL OR i.user_id = $4) AND ($5::text IS NULL OR i.provider = $5) AND i.status <> 'revoked'
            RETURNING {Columns}
            """,
            Map, cancellation, userId ?? SecretBox.SystemOwner, Guid.CreateVersion7(time.GetUtcNow()), Word(action), userId, provider, source.Caller, source.Actor))!;
        await audit.Write(db, Event(AuditAction.BulkStarted, begun, source), cancellation);
        return begun;
    }, cancellation);

    /// <summary>By id; with a user only that user's own.</summary>
    public Task<BulkOperation?> Find(Guid id, string? userId, CancellationToken cancellation) => SessionOf(userId).Read(
        $"SELECT {Columns} FROM bulk_operations WHERE id = $1 AND ($2::text IS NULL OR user_id = $2)", Map, cancellation, id, userId);

    /// <summary>A user's own, oldest first.</summary>
    public Task<List<BulkOperation>> Of(string userId, Guid? after, int limit, CancellationToken cancellation) => database.ForUser(userId).ReadAll(
        $"SELECT {Columns} FROM bulk_operations WHERE user_id = $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3", Map, cancellation, userId, after, limit);

    /// <summary>Lets a running operation end before its next page; false when it has ended.</summary>
    public Task<bool> Cancel(BulkOperation operation, AuditSource source, CancellationToken cancellation) => database.ForUser(operation.Owner).Transaction(async db =>
    {
        var changed = await db.Execute(
            "UPDATE bulk_operations SET status = 'cancelled', finished_at = now(), updated_at = now() WHERE user_id = $1 AND id = $2 AND status = 'running'", cancellation, operation.Owner, operation.Id);
        if (changed == 1)
            await audit.Write(db, Event(AuditAction.BulkCancelled, operation, source), cancellation);
        return changed == 1;
    }, cancellation);

    /// <summary>An operation that no node works on, now this node's for a while; null when there is none.</summary>
    public Task<BulkOperation?> Take(CancellationToken cancellation) => database.AsService(ServiceReason.Worker).One(
        $"""
        UPDATE bulk_operations SET claimed_until = now() + $1 WHERE (user_id, id) = (
            SELECT user_id, id FROM bulk_operations WHERE status = 'running' AND (claimed_until IS NULL OR claimed_until < now())
            ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED)
        RETURNING {Columns}
        """,
        Map, cancellation, Claim);

    /// <summary>The next integrations of an operation, by id.</summary>
    public Task<List<(Guid Id, string UserId)>> Page(BulkOperation operation, int limit, CancellationToken cancellation)
    {
        var session = operation.ForUser is null ? database.AsService(ServiceReason.Worker) : database.ForUser(operation.ForUser);
        return session.ReadAll(
            """
            SELECT i.id, i.user_id FROM oauth_integrations i
            WHERE ($1::text IS NULL OR i.user_id = $1) AND ($2::text IS NULL OR i.provider = $2) AND i.status <> 'revoked' AND ($3::uuid IS NULL OR i.id > $3) AND i.id <= $4
            ORDER BY i.id LIMIT $5
            """,
            row => (row.GetGuid(0), row.GetString(1)), cancellation, operation.ForUser, operation.Provider, operation.After, operation.Last, limit);
    }

    /// <summary>Writes how far it is; null when it was cancelled meanwhile, or another node did the same page and was faster.</summary>
    public Task<BulkOperation?> Advance(BulkOperation operation, Guid? after, int succeeded, IReadOnlyList<BulkFailure> failures, bool isFinished, CancellationToken cancellation)
    {
        var named = operation.Failures.Concat(failures).Take(MostFailures).ToList();
        return database.ForUser(operation.Owner).One(
            $"""
            UPDATE bulk_operations SET after_id = coalesce($3, after_id), succeeded = succeeded + $4, failed = failed + $5, failures = $6::text::jsonb, claimed_until = now() + $7,
                status = CASE WHEN $8 THEN 'finished' ELSE status END, finished_at = CASE WHEN $8 THEN now() END, updated_at = now()
            WHERE user_id = $1 AND id = $2 AND status = 'running' AND after_id IS NOT DISTINCT FROM $9 RETURNING {Columns}
            """,
            Map, cancellation, operation.Owner, operation.Id, after, succeeded, failures.Count, JsonSerializer.Serialize(named, WireJson.Options), Claim, isFinished, operation.After);
    }

    private DbSession SessionOf(string? userId) => userId is null ? database.AsService(ServiceReason.Administrator) : database.ForUser(userId);

    private static AuditEvent Event(AuditAction action, BulkOperation operation, AuditSource source) =>
        new(action, operation.Owner, source) { Provider = operation.Provider, Code = Word(operation.Action) };

    private static string Word<T>(T value) where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    private static BulkOperation Map(NpgsqlDataReader row) => new()
    {
        Id = row.GetGuid(0),
        Owner = row.GetString(1),
        Action = Enum.Parse<BulkAction>(row.GetString(2), ignoreCase: true),
        Status = Enum.Parse<BulkStatus>(row.GetString(3), ignoreCase: true),
        ForUser = row.TextOrNull(4),
        Provider = row.TextOrNull(5),
        Total = row.GetInt32(6),
        Succeeded = row.GetInt32(7),
        Failed = row.GetInt32(8),
        Failures = JsonSerializer.Deserialize<List<BulkFailure>>(row.GetString(9), WireJson.Options)!,
        After = row.IsDBNull(10) ? null : row.GetGuid(10),
        Last = row.IsDBNull(11) ? null : row.GetGuid(11),
        Caller = row.TextOrNull(12),
        Actor = row.TextOrNull(13),
        CreatedAt = row.Time(14),
        FinishedAt = row.TimeOrNull(15),
    };
}
