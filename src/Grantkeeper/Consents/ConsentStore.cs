using Grantkeeper.Audit;
using Grantkeeper.OAuth;
using Grantkeeper.Storage;

namespace Grantkeeper.Consents;

/// <summary>One consent: what was asked, what was granted, by whom and from where. Ended consents stay as history.</summary>
internal sealed class ConsentStore(Database database, TimeProvider time)
{
    /// <summary>The live consents of a user: what was asked, by integration.</summary>
    public async Task<IReadOnlyDictionary<Guid, ScopeSet>> Asked(string userId, CancellationToken cancellation) => (await database.ForUser(userId).ReadAll(
            """
            SELECT DISTINCT ON (integration_id) integration_id, scopes_requested FROM oauth_consents
            WHERE user_id = $1 AND NOT is_revoked ORDER BY integration_id, granted_at DESC
            """,
            row => (Id: row.GetGuid(0), Scopes: ScopeSet.Of(row.Texts(1))), cancellation, userId))
        .ToDictionary(row => row.Id, row => row.Scopes);

    /// <summary>Records a consent and ends the earlier ones of the integration. Part of the connect transaction.</summary>
    public async Task Record(IDb db, string userId, Guid integrationId, int epoch, ScopeSet asked, ScopeSet granted, DateTimeOffset? endsAt, AuditSource source, CancellationToken cancellation)
    {
        await End(db, userId, integrationId, "superseded", cancellation);
        await db.Execute(
            """
            INSERT INTO oauth_consents (user_id, id, integration_id, epoch, scopes_requested, scopes, ip_address, user_agent, actor, expires_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            """,
            cancellation, userId, Guid.CreateVersion7(time.GetUtcNow()), integrationId, epoch, asked.ToArray(), granted.ToArray(),
            Rows.Address(source.IpAddress), Rows.UserAgent(source.UserAgent), source.Actor, endsAt?.UtcDateTime);
    }

    /// <summary>Ends the live consents of an integration.</summary>
    public static Task End(IDb db, string userId, Guid integrationId, string reason, CancellationToken cancellation) => db.Execute(
        "UPDATE oauth_consents SET is_revoked = true, revoked_at = now(), revoked_reason = $3 WHERE user_id = $1 AND integration_id = $2 AND NOT is_revoked",
        cancellation, userId, integrationId, reason);
}
