using Grantkeeper.Storage;

namespace Grantkeeper.Tokens;

/// <summary>A grant whose refresh is due, at the generation that was due.</summary>
/// <param name="UserId">Whose it is.</param>
/// <param name="IntegrationId">Which integration.</param>
/// <param name="Provider">At which provider.</param>
/// <param name="Generation">The generation.</param>
/// <param name="Row">The grant as it was claimed; null when the queue does not tell.</param>
internal sealed record DueGrant(string UserId, Guid IntegrationId, string Provider, long Generation, GrantRow? Row = null);

/// <summary>What may be claimed of one provider.</summary>
/// <param name="Provider">Its key.</param>
/// <param name="Room">At most so many grants.</param>
internal readonly record struct DueLane(string Provider, int Room);

/// <summary>
/// Grants whose refresh is due, of each provider the oldest first, each told to one node at a time. A claim is no lease: it only keeps other
/// workers from trying the same grants, and it ends by itself when its node does.
/// </summary>
internal sealed class DueQueue(Database database) : IDueQueue
{
    /// <summary>Longer than a refresh with its repeats takes.</summary>
    public static readonly TimeSpan ClaimTime = TimeSpan.FromMinutes(2);

    public Task<List<DueGrant>> Claim(IReadOnlyList<DueLane> lanes, int limit, CancellationToken cancellation) => database.AsService(ServiceReason.Worker).List(
        $"""
        WITH t AS (
            UPDATE oauth_tokens SET claimed_until = clock_timestamp() + $2
            WHERE (user_id, integration_id) IN (
                SELECT due.user_id, due.integration_id FROM unnest($3::text[], $4::int[]) AS lane (provider, room) CROSS JOIN LATERAL (
                    SELECT user_id, integration_id FROM oauth_tokens
                    WHERE provider = lane.provider AND is_active AND refresh_token IS NOT NULL AND next_refresh_at <= now() AND (claimed_until IS NULL OR claimed_until < clock_timestamp())
                    ORDER BY next_refresh_at LIMIT lane.room FOR UPDATE SKIP LOCKED) AS due
                LIMIT $1)
            RETURNING *
        )
        SELECT {GrantRows.Columns} {GrantRows.OfTokens}
        """,
        row =>
        {
            var grant = GrantRows.Map(row);
            return new DueGrant(grant.Integration.UserId, grant.Integration.Id, grant.Integration.Provider, grant.Tokens!.Generation, grant);
        },
        cancellation, limit, ClaimTime, lanes.Select(lane => lane.Provider).ToArray(), lanes.Select(lane => lane.Room).ToArray());
}
