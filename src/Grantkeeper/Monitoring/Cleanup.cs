using Grantkeeper.Storage;

namespace Grantkeeper.Monitoring;

/// <summary>How many rows a sweep removed.</summary>
internal sealed record Swept(int Flows, int Sessions, int Attempts, int Deliveries, int SignInLinks)
{
    public int Total => Flows + Sessions + Attempts + Deliveries + SignInLinks;
}

/// <summary>
/// Removes what has served its time: flows and connect sessions a day after their end (a replay must be told so until then,
/// R84), refresh attempts and finished deliveries after thirty days, sign-in links after a day. Never an integration, a
/// token or an audit row. Bounded per sweep; several nodes may sweep at once.
/// </summary>
internal sealed class Cleanup(Database database, PlatformDatabase platform)
{
    private const int MostRows = 10_000;

    public async Task<Swept> Sweep(CancellationToken cancellation)
    {
        var users = database.AsService(ServiceReason.Worker);
        return new Swept(
            await Delete(users, "oauth_state", "expires_at < now() - interval '1 day'", cancellation),
            await Delete(users, "connect_sessions", "expires_at < now() - interval '1 day'", cancellation),
            await Delete(users, "refresh_attempts", "started_at < now() - interval '30 days'", cancellation),
            await Delete(users, "outbox", "finished_at < now() - interval '30 days'", cancellation),
            await Delete(platform.Database.AsService(ServiceReason.Deployment), "sign_in_links", "expires_at < now() - interval '1 day'", cancellation));
    }

    private static Task<int> Delete(DbSession session, string table, string isOver, CancellationToken cancellation) => session.Execute(
        $"DELETE FROM {table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM {table} WHERE {isOver} LIMIT {MostRows} FOR UPDATE SKIP LOCKED))", cancellation);
}
