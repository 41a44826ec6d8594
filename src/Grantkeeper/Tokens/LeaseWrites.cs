using Grantkeeper.Storage;
using Npgsql;

namespace Grantkeeper.Tokens;

/// <summary>A lease that is asked for.</summary>
internal sealed record LeaseRequest(string UserId, Guid IntegrationId, int Epoch, Guid Owner, string Node);

/// <summary>
/// Takes leases, those that are asked for at the same time in one statement. A group sees rows of several users, so it runs
/// in the service's context and matches each row's user; a lone request runs in its user's.
/// </summary>
internal sealed class LeaseWrites(Database database)
{
    private const int MostInGroup = 256;

    // A row that somebody else is writing is passed over, so that nobody waits for a stranger's lock: its caller asks again.
    private const string Take = $"""
        WITH wanted AS (
            SELECT * FROM unnest($1::text[], $2::uuid[], $3::int[], $4::uuid[], $5::text[]) AS w(user_id, integration_id, epoch, owner, node)
        ), free AS (
            SELECT w.* FROM wanted w JOIN oauth_tokens t ON t.user_id = w.user_id AND t.integration_id = w.integration_id
            WHERE t.epoch = w.epoch AND t.is_active AND (t.lease_until IS NULL OR t.lease_until < clock_timestamp())
            FOR UPDATE OF t SKIP LOCKED
        ), t AS (
            UPDATE oauth_tokens o SET lease_owner = f.owner, fence = fence + 1, lease_until = clock_timestamp() + $6,
                intent_id = coalesce(intent_id, f.owner), intent_generation = coalesce(intent_generation, generation),
                intent_nodes = CASE WHEN intent_id IS NULL THEN ARRAY[f.node] ELSE intent_nodes END, intent_at = coalesce(intent_at, clock_timestamp()),
                intent_retries = CASE WHEN intent_id IS NULL THEN 0 ELSE intent_retries + 1 END
            FROM free f WHERE o.user_id = f.user_id AND o.integration_id = f.integration_id
            RETURNING o.*
        )
        SELECT {GrantRows.Columns}, t.lease_owner, clock_timestamp() - t.intent_at, t.intent_retries,
            ARRAY(SELECT h.node FROM unnest(t.intent_nodes) AS h(node) WHERE NOT EXISTS (SELECT FROM nodes n WHERE n.node = h.node AND n.spool_replayed_at >= t.intent_at))
        {GrantRows.OfTokens}
        """;

    private readonly GroupedWrites<LeaseRequest, Leased?> _groups = new(MostInGroup, group => Write(database, group));

    /// <summary>See <see cref="ITokenVault.TakeLease"/>.</summary>
    public Task<Leased?> Write(LeaseRequest request, CancellationToken cancellation) => _groups.Write(request, cancellation);

    private static async Task<IReadOnlyList<Leased?>> Write(Database database, IReadOnlyList<LeaseRequest> group)
    {
        var db = group.Count == 1 ? database.ForUser(group[0].UserId) : database.AsService(ServiceReason.Worker);
        // One row has one lease: of several who want it, the first may get it.
        var wanted = group.DistinctBy(request => (request.UserId, request.IntegrationId)).ToList();
        var leased = (await db.List(
            Take, Map, CancellationToken.None,
            wanted.ConvertAll(request => request.UserId), wanted.ConvertAll(request => request.IntegrationId), wanted.ConvertAll(request => request.Epoch),
            wanted.ConvertAll(request => request.Owner), wanted.ConvertAll(request => request.Node), TokenVault.LeaseTime)).ToDictionary();
        return [.. group.Select(request => leased.GetValueOrDefault(request.Owner))];
    }

    private static KeyValuePair<Guid, Leased> Map(NpgsqlDataReader row)
    {
        var (grant, owner) = (GrantRows.Map(row), row.GetGuid(GrantRows.Next));
        return new(owner, new Leased(grant, grant.Tokens!.IntentId == owner
            ? null
            : new EarlierIntent(row.Texts(GrantRows.Next + 3), row.GetTimeSpan(GrantRows.Next + 1), row.GetInt32(GrantRows.Next + 2))));
    }
}
