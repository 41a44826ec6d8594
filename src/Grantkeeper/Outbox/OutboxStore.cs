using Grantkeeper.Encryption;
using Grantkeeper.Storage;
using Npgsql;

namespace Grantkeeper.Outbox;

/// <summary>
/// The outbox in PostgreSQL. Entries are written in the change's transaction; payloads are sealed for the system, so that
/// they outlive the erasure of their user, and die on delivery or after seven days.
/// </summary>
internal sealed class OutboxStore(Database database, SecretBox box, TimeProvider time)
{
    private const string Purpose = "outbox.payload";
    private static readonly TimeSpan ClaimTime = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LongestLife = TimeSpan.FromDays(7);

    private const string Columns = "id, kind, user_id, provider, integration_id, payload, attempts, created_at";

    /// <summary>Adds an entry to a transaction; claimed for a minute when the caller delivers it itself right after the commit.</summary>
    public async Task<Guid> Add(IDb db, string kind, string userId, string? provider, Guid? integrationId, Secret payload, bool claimed, CancellationToken cancellation)
    {
        var id = Guid.CreateVersion7(time.GetUtcNow());
        await db.Execute(
            """
            INSERT INTO outbox (id, user_id, kind, provider, integration_id, payload, claimed_until, attempts)
            VALUES ($1, $2, $3, $4, $5, $6, CASE WHEN $7 THEN clock_timestamp() + $8 END, CASE WHEN $7 THEN 1 ELSE 0 END)
            """,
            cancellation, id, userId, kind, provider, integrationId, box.Seal(payload, Context(id), []), claimed, ClaimTime);
        return id;
    }

    /// <summary>Claims due entries; another node skips what this one holds.</summary>
    public Task<List<OutboxEntry>> ClaimDue(int limit, CancellationToken cancellation) => database.AsService(ServiceReason.Worker).List(
        $"""
        UPDATE outbox SET claimed_until = clock_timestamp() + $2, attempts = attempts + 1
        WHERE id IN (
            SELECT id FROM outbox WHERE finished_at IS NULL AND next_attempt_at <= now() AND (claimed_until IS NULL OR claimed_until < clock_timestamp())
            ORDER BY next_attempt_at LIMIT $1 FOR UPDATE SKIP LOCKED)
        RETURNING {Columns}
        """,
        Map, cancellation, limit, ClaimTime);

    /// <summary>An entry that <see cref="Add"/> claimed; null when it is finished already.</summary>
    public Task<OutboxEntry?> Claimed(Guid id, string userId, CancellationToken cancellation) => database.ForUser(userId).Read(
        $"SELECT {Columns} FROM outbox WHERE id = $1 AND user_id = $2 AND finished_at IS NULL", Map, cancellation, id, userId);

    /// <summary>Writes how a delivery ended; a finished entry loses its payload.</summary>
    public Task Record(OutboxEntry entry, Delivered delivered, CancellationToken cancellation)
    {
        var session = database.AsService(ServiceReason.Worker);
        var tooOld = time.GetUtcNow() - entry.CreatedAt > LongestLife;
        return delivered.RetryAfter is { } wait && !tooOld
            ? session.Execute(
                "UPDATE outbox SET next_attempt_at = now() + $2, claimed_until = NULL, outcome = $3 WHERE id = $1 AND finished_at IS NULL",
                cancellation, entry.Id, wait, delivered.Outcome)
            : session.Execute(
                "UPDATE outbox SET finished_at = now(), claimed_until = NULL, payload = NULL, outcome = $2 WHERE id = $1 AND finished_at IS NULL",
                cancellation, entry.Id, delivered.RetryAfter is null ? delivered.Outcome : "failed");
    }

    /// <summary>The outcome of the newest entry of an integration; null when there is none.</summary>
    public Task<string?> LastOutcome(string userId, Guid integrationId, string kind, CancellationToken cancellation) => database.ForUser(userId).Read(
        "SELECT CASE WHEN finished_at IS NULL THEN 'pending' ELSE outcome END FROM outbox WHERE integration_id = $1 AND user_id = $2 AND kind = $3 ORDER BY created_at DESC LIMIT 1",
        row => row.GetString(0), cancellation, integrationId, userId, kind);

    private OutboxEntry Map(NpgsqlDataReader row)
    {
        var id = row.GetGuid(0);
        // A payload that does not open is empty: its handler says so and the entry ends as failed.
        var payload = row.TextOrNull(5) is { } text ? box.Open(text, Context(id), []) ?? default : default;
        return new OutboxEntry(id, row.GetString(1), row.GetString(2), row.TextOrNull(3), row.GuidOrNull(4), payload, row.GetInt32(6), row.Time(7));
    }

    private static SealContext Context(Guid id) => new(Purpose, SecretBox.SystemOwner, id);
}
