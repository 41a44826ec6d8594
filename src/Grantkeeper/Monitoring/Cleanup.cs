using Grantkeeper.Audit;
using Grantkeeper.Integrations;
using Grantkeeper.Storage;

namespace Grantkeeper.Monitoring;

/// <summary>How many rows a sweep removed.</summary>
internal sealed record Swept(int Tokens, int Flows, int Sessions, int Attempts, int Deliveries, int SignInLinks, int Superseded, int Hours)
{
    public int Total => Tokens + Flows + Sessions + Attempts + Deliveries + SignInLinks + Superseded + Hours;
}

/// <summary>
/// Removes what has served its time (R84, R144 to R146): flows and connect sessions a day after their end (a replay must be
/// told so until then), sign-in links after a day; refresh attempts, finished deliveries and answers that came too late after
/// thirty days; figures of providers after ninety; access tokens thirty days after their end when nothing renews them, which
/// leaves their integration expired. Never an integration, a refresh token or an audit row. Bounded per sweep; several nodes
/// may sweep at once.
/// </summary>
internal sealed class Cleanup(Database database, PlatformDatabase platform, AuditLog audit)
{
    private const int MostRows = 10_000;
    private const int MostTokens = 500;

    public async Task<Swept> Sweep(CancellationToken cancellation)
    {
        var users = database.AsService(ServiceReason.Worker);
        var deployment = platform.Database.AsService(ServiceReason.Deployment);
        // Counters of limits are nobody's rows and are not told of: after two windows they say nothing.
        while (await Delete(deployment, "rate_windows", "began_at < now() - interval '2 minutes'", cancellation) == MostRows)
            continue;
        return new Swept(
            await EndExpired(users, cancellation),
            await Delete(users, "oauth_state", "expires_at < now() - interval '1 day'", cancellation),
            await Delete(users, "connect_sessions", "expires_at < now() - interval '1 day'", cancellation),
            await Delete(users, "refresh_attempts", "started_at < now() - interval '30 days'", cancellation),
            await Delete(users, "outbox", "finished_at < now() - interval '30 days'", cancellation),
            await Delete(deployment, "sign_in_links", "expires_at < now() - interval '1 day'", cancellation),
            await Delete(users, "superseded_answers", "created_at < now() - interval '30 days'", cancellation),
            await Delete(deployment, "provider_hours", "hour < now() - interval '90 days'", cancellation));
    }

    /// <summary>An access token without a refresh token is of no use after its end; its integration stays and says that its user is needed.</summary>
    private Task<int> EndExpired(DbSession session, CancellationToken cancellation) => session.Transaction(async db =>
    {
        var ended = await db.List(
            $"""
            WITH gone AS (
                DELETE FROM oauth_tokens WHERE ctid = ANY (ARRAY(
                    SELECT ctid FROM oauth_tokens WHERE refresh_token IS NULL AND expires_at < now() - interval '30 days' ORDER BY expires_at LIMIT {MostTokens} FOR UPDATE SKIP LOCKED))
                RETURNING user_id, integration_id)
            UPDATE oauth_integrations AS i
            SET status = CASE WHEN status IN ('active', 'pending') THEN 'expired' ELSE status END,
                reason = CASE WHEN status IN ('active', 'pending') THEN '{Reasons.ReauthorizationRequired}' ELSE reason END,
                reason_detail = CASE WHEN status IN ('active', 'pending', 'inactive') THEN '{Reasons.ExpiredWithoutRefresh}' ELSE reason_detail END,
                updated_at = now()
            FROM gone WHERE i.user_id = gone.user_id AND i.id = gone.integration_id
            RETURNING i.user_id, i.id, i.provider
            """,
            row => new AuditEvent(AuditAction.TokenRemoved, row.GetString(0), AuditSource.Background) { IntegrationId = row.GetGuid(1), Provider = row.GetString(2), Code = Reasons.ExpiredWithoutRefresh },
            cancellation);
        foreach (var removed in ended)
            await audit.Write(db, removed, cancellation);
        return ended.Count;
    }, cancellation);

    private static Task<int> Delete(DbSession session, string table, string isOver, CancellationToken cancellation) => session.Execute(
        $"DELETE FROM {table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM {table} WHERE {isOver} LIMIT {MostRows} FOR UPDATE SKIP LOCKED))", cancellation);
}
