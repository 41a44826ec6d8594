using Grantkeeper.Storage;

namespace Grantkeeper.Tokens;

/// <summary>A grant whose refresh is due, at the generation that was due.</summary>
/// <param name="UserId">Whose it is.</param>
/// <param name="IntegrationId">Which integration.</param>
/// <param name="Generation">The generation.</param>
/// <param name="Row">The grant as it was claimed; null when the queue does not tell.</param>
internal sealed record DueGrant(string UserId, Guid IntegrationId, long Generation, GrantRow? Row = null);

/// <summary>
/// Grants whose refresh is due, oldest first, each told to one node at a time. A claim is no lease: it only keeps other
/// workers from trying the same grants, and it ends by itself when its node does.
/// </summary>
internal sealed class DueQueue(Database database) : IDueQueue
{
    /// <summary>Longer than a refresh with its repeats takes.</summary>
    public static readonly TimeSpan ClaimTime = TimeSpan.FromMinutes(2);

    public Task<List<DueGrant>> Claim(int limit, CancellationToken cancellation) => database.AsService(ServiceReason.Worker).List(
        $"""
        WITH t AS (
            UPDATE oauth_tokens SET claimed_until = clock_timestamp() + $2
            WHERE (user_id, integration_id) IN (
                SELECT user_id, integration_id FROM oauth_tokens
                WHERE is_active AND refresh_token IS NOT NULL AND next_refresh_at <= now() AND (claimed_until IS NULL OR claimed_until < clock_timestamp())
                ORDER BY next_refresh_at LIMIT $1 FOR UPDATE SKIP LOCKED)
            RETURNING *
        )
        SELECT {GrantRows.Columns} {GrantRows.OfTokens}
        """,
        row =>
        {
            var grant = GrantRows.Map(row);
            return new DueGrant(grant.Integration.UserId, grant.Integration.Id, grant.Tokens!.Generation, grant);
        },
        cancellation, limit, ClaimTime);
}
