using Grantkeeper.Audit;
using Grantkeeper.OAuth;
using Grantkeeper.Settings;
using Grantkeeper.Storage;

namespace Grantkeeper.Consents;

/// <summary>One consent: what was asked, what was granted, by whom and from where. Ended consents stay as history.</summary>
internal sealed class ConsentStore(GrantkeeperOptions options, TimeProvider time)
{
    /// <summary>
    /// Records a consent and ends the earlier ones of the integration. Part of the connect transaction, after the integration's
    /// row is there.
    /// </summary>
    /// <param name="db">The transaction.</param>
    /// <param name="userId">Whose.</param>
    /// <param name="integrationId">Of which integration.</param>
    /// <param name="epoch">The grant's epoch.</param>
    /// <param name="asked">What was asked for.</param>
    /// <param name="granted">What the provider granted.</param>
    /// <param name="unasked">Of that, what nobody had asked for.</param>
    /// <param name="endsAt">When the provider ends the grant by itself, if it says so; past it nothing is locked, since some extend it in silence.</param>
    /// <param name="source">From where.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task Record(IDb db, string userId, Guid integrationId, int epoch, ScopeSet asked, ScopeSet granted, ScopeSet unasked, DateTimeOffset? endsAt, AuditSource source, CancellationToken cancellation)
    {
        await End(db, userId, integrationId, "superseded", cancellation);
        await db.Execute(
            """
            INSERT INTO oauth_consents (user_id, id, integration_id, epoch, scopes_requested, scopes, ip_address, user_agent, actor, consent_version, expires_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, least(now() + $11::interval, $12))
            """,
            cancellation, userId, Guid.CreateVersion7(time.GetUtcNow()), integrationId, epoch, asked.ToArray(), granted.ToArray(),
            Rows.Address(source.IpAddress), Rows.UserAgent(source.UserAgent), source.Actor, options.ConsentVersion, options.ConsentLifetime, endsAt?.UtcDateTime);
        await db.Execute(
            "UPDATE oauth_integrations SET unasked_scopes = $3, consent_expires_at = now() + $4::interval WHERE user_id = $1 AND id = $2",
            cancellation, userId, integrationId, unasked.ToArray(), options.ConsentLifetime);
    }

    /// <summary>Ends the live consents of an integration.</summary>
    public static Task End(IDb db, string userId, Guid integrationId, string reason, CancellationToken cancellation) => db.Execute(
        "UPDATE oauth_consents SET is_revoked = true, revoked_at = now(), revoked_reason = $3 WHERE user_id = $1 AND integration_id = $2 AND NOT is_revoked",
        cancellation, userId, integrationId, reason);
}
