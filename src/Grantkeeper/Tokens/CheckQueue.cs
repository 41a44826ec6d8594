using Grantkeeper.Storage;

namespace Grantkeeper.Tokens;

/// <summary>A provider whose grants are looked at.</summary>
/// <param name="Provider">Its key.</param>
/// <param name="Every">How often.</param>
internal readonly record struct CheckLane(string Provider, TimeSpan Every);

/// <summary>
/// Grants without a refresh token whose live check is due, each told to one node. The claim is the grant's next time: a node
/// that ends in between, and a provider in trouble, cost an hour and nothing else.
/// </summary>
internal sealed class CheckQueue(Database database)
{
    /// <summary>When a grant is looked at again whose check came to nothing.</summary>
    public static readonly TimeSpan Retry = TimeSpan.FromHours(1);

    /// <summary>
    /// Gives grants that have none a time within the next interval, chosen at random: a connect is no reason to ask at once,
    /// and many grants of one moment must not stay together. The number of them.
    /// </summary>
    public Task<int> Place(IReadOnlyList<CheckLane> lanes, int limit, CancellationToken cancellation) => database.AsService(ServiceReason.Worker).Execute(
        """
        UPDATE oauth_tokens SET next_check_at = clock_timestamp() + lane.every * random()
        FROM unnest($1::text[], $2::interval[]) AS lane (provider, every)
        WHERE oauth_tokens.provider = lane.provider AND (user_id, integration_id) IN (
            SELECT user_id, integration_id FROM oauth_tokens
            WHERE provider = ANY ($1) AND is_active AND refresh_token IS NULL AND next_check_at IS NULL
            LIMIT $3 FOR UPDATE SKIP LOCKED)
        """,
        cancellation, Providers(lanes), Intervals(lanes), limit);

    /// <summary>Takes what is due, the oldest first.</summary>
    public Task<List<GrantRow>> Claim(IReadOnlyList<CheckLane> lanes, int limit, CancellationToken cancellation) => database.AsService(ServiceReason.Worker).List(
        $"""
        WITH t AS (
            UPDATE oauth_tokens SET next_check_at = clock_timestamp() + $2
            WHERE (user_id, integration_id) IN (
                SELECT user_id, integration_id FROM oauth_tokens
                WHERE provider = ANY ($1) AND is_active AND refresh_token IS NULL AND next_check_at <= now()
                ORDER BY next_check_at LIMIT $3 FOR UPDATE SKIP LOCKED)
            RETURNING *
        )
        SELECT {GrantRows.Columns} {GrantRows.OfTokens}
        """,
        GrantRows.Map, cancellation, Providers(lanes), Retry, limit);

    /// <summary>The token was good: the next look is one interval away, a tenth more or less.</summary>
    public Task Good(GrantRow row, TimeSpan every, CancellationToken cancellation) => database.ForUser(row.Integration.UserId).Execute(
        "UPDATE oauth_tokens SET next_check_at = clock_timestamp() + $3 * (0.9 + 0.2 * random()) WHERE user_id = $1 AND integration_id = $2",
        cancellation, row.Integration.UserId, row.Integration.Id, every);

    private static string[] Providers(IReadOnlyList<CheckLane> lanes) => [.. lanes.Select(lane => lane.Provider)];

    private static TimeSpan[] Intervals(IReadOnlyList<CheckLane> lanes) => [.. lanes.Select(lane => lane.Every)];
}
