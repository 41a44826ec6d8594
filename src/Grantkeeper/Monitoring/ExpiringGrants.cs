using System.Collections.Concurrent;
using Grantkeeper.Audit;
using Grantkeeper.Errors;
using Grantkeeper.Integrations;
using Grantkeeper.Storage;
using Grantkeeper.Tokens;

namespace Grantkeeper.Monitoring;

/// <summary>One renewal of <see cref="ExpiringGrants.Renew"/>: the newer grant, or why there is none.</summary>
internal sealed record Renewal(GrantRow Before, Result<GrantRow> Now);

/// <summary>Renews by hand what ends soon or has ended, without waiting for the workers (R141, R235).</summary>
internal sealed class ExpiringGrants(Database database, TokenAccess tokens)
{
    /// <summary>How many one call renews; what ends first goes first.</summary>
    public const int Most = 200;

    private const int AtOnce = 16;

    /// <summary>Renews active grants that end within <paramref name="buffer"/>; one that fails does not stop the others.</summary>
    /// <param name="userId">Whose; null: everybody's.</param>
    /// <param name="provider">At one provider; null: at all.</param>
    /// <param name="buffer">How soon they end.</param>
    /// <param name="source">Who asks.</param>
    /// <param name="cancellation">Begins no further renewal; those that run go on.</param>
    /// <returns>What was tried, in the order in which the tokens end, and whether there is more.</returns>
    public async Task<(IReadOnlyList<Renewal> Renewals, bool HasMore)> Renew(string? userId, string? provider, TimeSpan buffer, AuditSource source, CancellationToken cancellation)
    {
        var session = userId is null ? database.AsService(ServiceReason.Administrator) : database.ForUser(userId);
        var due = await session.List(
            $"""
            WITH t AS (
                SELECT t.* FROM oauth_tokens t
                WHERE t.is_active AND t.refresh_token IS NOT NULL AND {Expiry.TokenEndsBefore("$1")} AND ($2::text IS NULL OR t.user_id = $2) AND ($3::text IS NULL OR t.provider = $3)
                ORDER BY t.expires_at LIMIT $4)
            SELECT {GrantRows.Columns} {GrantRows.OfTokens} ORDER BY t.expires_at, t.integration_id
            """,
            GrantRows.Map, cancellation, buffer, userId, provider, Most + 1);
        var results = new ConcurrentDictionary<int, Renewal>();
        await Parallel.ForEachAsync(due.Take(Most).Index(), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation }, async (entry, stop) =>
            results[entry.Index] = new Renewal(entry.Item, await tokens.Refresh(entry.Item, source, stop)));
        return ([.. results.OrderBy(result => result.Key).Select(result => result.Value)], due.Count > Most);
    }
}
