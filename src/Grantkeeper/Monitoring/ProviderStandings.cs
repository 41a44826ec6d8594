using Grantkeeper.Providers;
using Grantkeeper.Resilience;
using Grantkeeper.Storage;

namespace Grantkeeper.Monitoring;

/// <summary>How a provider does: its circuit on this node, what is due, and how refreshes ended on all nodes.</summary>
/// <param name="Circuit">As this node sees it.</param>
/// <param name="ClientRefusedFor">How long this node leaves the provider alone because it refuses our client; null when it does not.</param>
/// <param name="Due">Grants whose refresh is due now; counted up to 100,000.</param>
/// <param name="Lag">How long the oldest of them has been due.</param>
/// <param name="Refreshed">Refreshes of the last 24 hours that brought tokens.</param>
/// <param name="Failed">Those that brought none.</param>
/// <param name="Unknown">Requests of the last 30 days whose end is not known.</param>
/// <param name="Lost">Grants lost to them: the window that nobody can close.</param>
internal sealed record ProviderStanding(CircuitSnapshot Circuit, TimeSpan? ClientRefusedFor, long Due, TimeSpan Lag, long Refreshed, long Failed, long Unknown, long Lost);

/// <summary>Reads standings. Two statements for all providers; asks no provider.</summary>
internal sealed class ProviderStandings(Database database, PlatformDatabase platform, ProviderCalls calls, ProviderCatalogue catalogue)
{
    private const int MostDue = 100_000;

    private sealed record Backlog(string Provider, long Count, TimeSpan Lag);

    private sealed record Ended(string Provider, string End, long LastDay, long Ever);

    /// <summary>By provider key; every provider of the catalogue is in it.</summary>
    public async Task<IReadOnlyDictionary<string, ProviderStanding>> All(CancellationToken cancellation)
    {
        var due = (await database.AsService(ServiceReason.Administrator).ReadAll(
            """
            SELECT i.provider, count(*), now() - min(t.next_refresh_at)
            FROM (SELECT user_id, integration_id, next_refresh_at FROM oauth_tokens
                  WHERE is_active AND refresh_token IS NOT NULL AND next_refresh_at <= now() ORDER BY next_refresh_at LIMIT $1) t
            JOIN oauth_integrations i ON i.user_id = t.user_id AND i.id = t.integration_id
            GROUP BY i.provider
            """,
            row => new Backlog(row.GetString(0), row.GetInt64(1), row.GetTimeSpan(2)), cancellation, MostDue)).ToDictionary(backlog => backlog.Provider);
        var ends = (await platform.Database.AsService(ServiceReason.Deployment).ReadAll(
            """
            SELECT provider, ended, coalesce(sum(refreshes) FILTER (WHERE hour > now() - interval '24 hours'), 0)::bigint, sum(refreshes)::bigint
            FROM provider_hours WHERE hour > now() - interval '30 days' GROUP BY provider, ended
            """,
            row => new Ended(row.GetString(0), row.GetString(1), row.GetInt64(2), row.GetInt64(3)), cancellation)).ToLookup(ended => ended.Provider);
        return catalogue.All.ToDictionary(provider => provider.Key, provider => Of(provider.Key, due.GetValueOrDefault(provider.Key), [.. ends[provider.Key]]));
    }

    private ProviderStanding Of(string provider, Backlog? due, List<Ended> ends)
    {
        long Month(RefreshEnd end) => ends.Where(ended => ended.End == Words.Of(end)).Sum(ended => ended.Ever);
        var refreshed = ends.Where(ended => ended.End is "refreshed" or "recovered").Sum(ended => ended.LastDay);
        return new ProviderStanding(
            calls.CircuitOf(provider), calls.RefusesClient(provider), due?.Count ?? 0, due?.Lag ?? TimeSpan.Zero, refreshed, ends.Sum(ended => ended.LastDay) - refreshed, Month(RefreshEnd.Unknown), Month(RefreshEnd.Lost));
    }
}
