using Grantkeeper.Benchmarks.Processes;

namespace Grantkeeper.Benchmarks.Refreshing;

/// <summary>
/// P7, its idle part. A node with a great many scheduled grants of which none is due: the CPU time that it and the database
/// spend on waiting.
/// </summary>
internal static class Idle
{
    public static async Task<Figure> Run(Effort effort)
    {
        var (count, settled, measured) = effort == Effort.Full
            ? (1_000_000, TimeSpan.FromSeconds(150), TimeSpan.FromSeconds(120)) : (100_000, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(20));
        await using var bed = await Bed.New();
        await using var provider = await TokenProvider.Start(TimeSpan.Zero, TimeSpan.FromHours(1));
        await Grants.Write(bed.Database, count, (TimeProvider.System.GetUtcNow() + TimeSpan.FromHours(1), TimeSpan.FromHours(1)));
        await using var node = await Node.Start(bed.Database, bed.NewFolder(), provider);
        // What a start costs is not idleness, and neither are the compiler's two later tiers, which come after thirty rounds of
        // a worker each: two minutes of a worker that looks every two seconds.
        await Task.Delay(settled, TimeProvider.System);
        var (own, database) = (node.Cpu, await bed.DatabaseCpu());
        await Task.Delay(measured, TimeProvider.System);
        var (ownUsed, databaseUsed) = ((node.Cpu - own).TotalSeconds, (await bed.DatabaseCpu() - database).TotalSeconds);
        var share = (ownUsed + databaseUsed) / measured.TotalSeconds * 100;
        return new Figure(
            "P7", $"{count} scheduled grants, none due: CPU of node and database over {measured.TotalSeconds:0} s", share, "%", "≤ 1 % of a core", share <= 1 ? Verdict.Ok : Verdict.Missed,
            $"node {ownUsed:0.00} s, database {databaseUsed:0.00} s; memory of the node {node.Memory / 1048576.0:0} MB (bar 150)");
    }
}
