using Grantkeeper.Benchmarks.Processes;

namespace Grantkeeper.Benchmarks.Refreshing;

/// <summary>
/// P4, second half. A great many grants of one provider fall due within a minute, and the provider states a limit that it
/// keeps to in every span of a second: how late the last ones are, and whether it ever had to say 429.
/// </summary>
internal static class DueAtOnce
{
    /// <summary>Requests a second. Less than one node can do, so that it is the limit that paces it.</summary>
    private const int Limit = 2100;

    private static readonly TimeSpan Latency = TimeSpan.FromMilliseconds(200);

    public static async Task<Figure> Run(Effort effort)
    {
        var (count, over) = effort == Effort.Full ? (100_000, TimeSpan.FromMinutes(1)) : (10_000, TimeSpan.FromSeconds(6));
        await using var bed = await Bed.New();
        await using var provider = await TokenProvider.Start(Latency, TimeSpan.FromHours(1), Limit, TimeSpan.FromSeconds(1));
        // Time enough to write them and start the node before the first is due.
        var first = TimeProvider.System.GetUtcNow() + (effort == Effort.Full ? TimeSpan.FromSeconds(40) : TimeSpan.FromSeconds(12));
        var ids = await Grants.Write(bed.Database, count, (first, over));
        await using var node = await Node.Start(bed.Database, bed.NewFolder(), provider, [], $"rate_limit: {{ requests: {Limit}, per_seconds: 1 }}");
        if (TimeProvider.System.GetUtcNow() > first)
            throw new InvalidOperationException("The node started after the first grant was due.");
        // Twice the bar, so that a miss has its number too.
        for (var end = first + over + (2 * over); TimeProvider.System.GetUtcNow() < end && await bed.Refreshed() < count;)
            await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System);
        var (stored, (requests, refused)) = (await bed.Refreshed(), await TokenProvider.Counts(provider));
        var started = await bed.FirstAttempts();
        var lags = ids.Select((id, index) => started.TryGetValue(id, out var at) ? (at - first - (over * ((double)index / count))).TotalSeconds : double.PositiveInfinity).Order().ToArray();
        var (middle, tail) = (lags[count / 2], lags[(int)(count * 0.99)]);
        return new Figure(
            "P4", $"{count} grants due within {over.TotalSeconds:0} s, provider's limit {Limit}/s: lag p99", tail, "s", $"≤ {over.TotalSeconds:0} s, no 429", tail <= over.TotalSeconds && refused == 0 && stored >= count ? Verdict.Ok : Verdict.Missed,
            $"{stored} stored, {requests} requests, {refused} answered 429; lag p50 {middle:0.0} s, longest {lags[^1]:0.0} s");
    }
}
