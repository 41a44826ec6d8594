using Grantkeeper.Storage;

namespace Grantkeeper.Audit;

/// <summary>Writes audit rows in the transaction of the change that they tell about.</summary>
internal sealed class AuditLog(TimeProvider time)
{
    private const string Insert = """
        INSERT INTO oauth_audit_log (user_id, id, integration_id, action, provider, actor, caller, scopes, ip_address, user_agent,
            success, code, duration_ms, event_count, node, node_sequence, correlation_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
        """;

    public Task Write(IDb db, AuditEvent entry, CancellationToken cancellation) => db.Execute(
        Insert, cancellation,
        entry.UserId, Guid.CreateVersion7(time.GetUtcNow()), entry.IntegrationId, Word(entry.Action), entry.Provider,
        entry.Source.Actor, entry.Source.Caller, entry.Scopes?.ToArray(), Rows.Address(entry.Source.IpAddress), Rows.UserAgent(entry.Source.UserAgent),
        entry.Success, entry.Code, (int?)entry.Duration?.TotalMilliseconds, entry.Count, entry.Node, entry.NodeSequence, entry.Source.CorrelationId);

    /// <summary>An action as it is written in the table and over HTTP.</summary>
    public static string Word(AuditAction action) => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(action.ToString());
}
