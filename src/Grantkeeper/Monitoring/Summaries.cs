using Grantkeeper.Consents;
using Grantkeeper.Integrations;
using Grantkeeper.Storage;

namespace Grantkeeper.Monitoring;

/// <summary>How many integrations there are, by provider and by status as it is shown, and how many consents.</summary>
internal sealed record Summary(IReadOnlyDictionary<string, IReadOnlyDictionary<IntegrationStatus, int>> ByProvider, ConsentCounts Consents)
{
    /// <summary>Of all providers.</summary>
    public IReadOnlyDictionary<IntegrationStatus, int> Totals =>
        ByProvider.Values.SelectMany(counts => counts).GroupBy(entry => entry.Key, entry => entry.Value).ToDictionary(group => group.Key, group => group.Sum());
}

/// <summary>
/// Counts integrations and consents (R162, R190), one round trip. A user's are found by the indexes on users; everybody's
/// are counted by reading every row.
/// </summary>
internal sealed class Summaries(Database database)
{
    /// <param name="userId">Whose; null: everybody's (administrators).</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<Summary> Of(string? userId, CancellationToken cancellation)
    {
        var session = userId is null ? database.AsService(ServiceReason.Administrator) : database.ForUser(userId);
        var rows = await session.ReadAll(
            Statement(userId is not null), row => (Provider: row.TextOrNull(0), Word: row.GetString(1), Count: row.GetInt32(2), Soon: row.GetInt32(3)), cancellation, userId is null ? [] : [userId]);
        var byProvider = rows.Where(row => row.Provider is not null).GroupBy(row => row.Provider!).ToDictionary(
            group => group.Key,
            group => (IReadOnlyDictionary<IntegrationStatus, int>)group.ToDictionary(row => Enum.Parse<IntegrationStatus>(row.Word, ignoreCase: true), row => row.Count));
        return new Summary(byProvider, ConsentCounts.Of([.. rows.Where(row => row.Provider is null).Select(row => (row.Word, row.Count, row.Soon))]));
    }

    /// <summary>The statement, of the user <c>$1</c> or of everybody.</summary>
    internal static string Statement(bool isOfUser)
    {
        string Whose(string alias) => isOfUser ? $"{alias}.user_id = $1" : "true";
        // Materialized, and looked up rather than joined: behind row-level security the planner expects far too few rows.
        return $"""
            WITH i AS MATERIALIZED (SELECT i.id, i.provider, i.status, i.consent_expires_at FROM oauth_integrations i WHERE {Whose("i")}),
                lapsed AS (SELECT i.id FROM i WHERE {Expiry.ConsentIsOver})
            SELECT i.provider, {Expiry.StatusWhere($"i.id IN (SELECT t.integration_id FROM oauth_tokens t WHERE {Whose("t")} AND {Expiry.TokenIsOver})")}, count(*)::int, 0 FROM i GROUP BY 1, 2
            UNION ALL
            {ConsentReader.Counting(Whose("c"))}
            """;
    }
}
