using Grantkeeper.Providers;
using Grantkeeper.Storage;

namespace Grantkeeper.Resilience;

/// <summary>Requests that this node may send, one after another.</summary>
/// <param name="Count">How many.</param>
/// <param name="FirstIn">How long until the first; negative when it may go at once, and the next ones follow that time.</param>
internal readonly record struct Places(int Count, TimeSpan FirstIn);

/// <summary>Gives out the places in a provider's stated limit, to all nodes from one row.</summary>
internal interface IRequestPaces
{
    /// <summary>Takes places that nobody else gets, the earliest that are left.</summary>
    Task<Places> Take(string provider, RateLimit limit, int count, CancellationToken cancellation);
}

/// <summary>
/// The row of a provider says until when its requests are given away; taking some moves it on. Time that nobody took is lost
/// but for <see cref="RateLimit.Burst"/>, so that no window of the provider's ever sees more than its limit.
/// </summary>
internal sealed class RequestPaces(Database database) : IRequestPaces
{
    public async Task<Places> Take(string provider, RateLimit limit, int count, CancellationToken cancellation)
    {
        var (every, all, burst) = (limit.Every, limit.Every * count, limit.Every * (limit.Burst - 1));
        var firstIn = await database.AsService(ServiceReason.Worker).One(
            """
            INSERT INTO provider_paces AS p (provider, taken_until) VALUES ($1, clock_timestamp() - $3 + $2)
            ON CONFLICT (provider) DO UPDATE SET taken_until = greatest(p.taken_until, clock_timestamp() - $3) + $2
            RETURNING extract(epoch FROM taken_until - $2 - clock_timestamp())::double precision
            """,
            row => new Interval(TimeSpan.FromSeconds(row.GetDouble(0))), cancellation, provider, all, burst);
        return new Places(count, firstIn!.Length);
    }

    private sealed record Interval(TimeSpan Length);
}
