using System.Diagnostics;
using Grantkeeper.Benchmarks.Processes;

namespace Grantkeeper.Benchmarks.Refreshing;

/// <summary>
/// P4. One node renews grants of a provider that takes 200 ms, with its spool on the disk, every attempt and audit row
/// written, and a database that flushes its commits; node, provider and database share this machine.
/// </summary>
internal static class RefreshRate
{
    private const double LeastRate = 2000;
    private static readonly TimeSpan Latency = TimeSpan.FromMilliseconds(200);

    public static async Task<Figure> Run(Effort effort)
    {
        // Long enough that what is measured is a state and not its beginning.
        var (warmUp, measured) = effort == Effort.Full ? (TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(60)) : (TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(6));
        await using var bed = await Bed.New();
        await using var provider = await TokenProvider.Start(Latency, TimeSpan.FromHours(1));
        await Grants.Write(bed.Database, (int)((warmUp + measured).TotalSeconds * 3500), (TimeProvider.System.GetUtcNow() - TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(50)));
        await using var node = await Node.Start(bed.Database, bed.NewFolder(), provider);
        await Task.Delay(warmUp, TimeProvider.System);
        var (before, requests, cpu, database, clock) = (await bed.Refreshed(), await TokenProvider.Counts(provider), (node.Cpu, provider.Cpu), await bed.DatabaseCpu(), Stopwatch.StartNew());
        await Task.Delay(measured, TimeProvider.System);
        var (after, seconds, used, usedByDatabase) = (await bed.Refreshed(), clock.Elapsed.TotalSeconds, (node.Cpu, provider.Cpu), await bed.DatabaseCpu());
        var (rate, count) = ((after - before) / seconds, after - before);
        var sent = (await TokenProvider.Counts(provider)).Requests - requests.Requests;
        string Each(TimeSpan time) => $"{time.TotalMicroseconds / count:0} µs";
        return new Figure(
            "P4", $"refreshes of one node over {measured.TotalSeconds:0} s, provider 200 ms", rate, "/s", "≥ 2000 /s", rate >= LeastRate ? Verdict.Ok : Verdict.Missed,
            $"{count} stored, {sent} requests; CPU of each refresh: node {Each(used.Item1 - cpu.Item1)}, database {Each(usedByDatabase - database)}, provider {Each(used.Item2 - cpu.Item2)}, of {Environment.ProcessorCount * 1e6 * seconds / count:0} µs that there are");
    }
}
