using System.Diagnostics;

namespace Grantkeeper.Benchmarks;

/// <summary>How long a run takes.</summary>
/// <param name="Rounds">How often each contender gets its turn; the median counts.</param>
/// <param name="Turn">How long a turn lasts.</param>
internal sealed record Effort(int Rounds, TimeSpan Turn)
{
    public static readonly Effort Quick = new(5, TimeSpan.FromMilliseconds(200));
    public static readonly Effort Full = new(15, TimeSpan.FromSeconds(1));
}

/// <summary>One thing to be measured.</summary>
internal sealed record Contender(string Name, Func<Task> Once);

/// <summary>
/// Times contenders in turns, so that what the machine does meanwhile strikes all of them alike. Ratios and differences are
/// taken within a round, and then their median: absolute figures of two runs are never compared.
/// </summary>
internal static class Measure
{
    /// <summary>Nanoseconds of one operation, by contender and round.</summary>
    public static async Task<IReadOnlyDictionary<string, double[]>> InTurns(Effort effort, params Contender[] contenders)
    {
        var results = contenders.ToDictionary(contender => contender.Name, _ => new double[effort.Rounds]);
        // Until the compiler has done its last tier.
        for (var warmUp = 0; warmUp < 3; warmUp++)
        {
            foreach (var contender in contenders)
                await Turn(contender, effort.Turn);
        }

        for (var round = 0; round < effort.Rounds; round++)
        {
            // Every second round backwards: nobody always follows the same neighbour.
            foreach (var contender in round % 2 == 0 ? contenders : [.. contenders.Reverse()])
            {
                GC.Collect();
                results[contender.Name][round] = await Turn(contender, effort.Turn);
            }
        }

        return results;
    }

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }

    private static async Task<double> Turn(Contender contender, TimeSpan turn)
    {
        const int batch = 16;
        var operations = 0L;
        var start = Stopwatch.GetTimestamp();
        TimeSpan elapsed;
        do
        {
            for (var i = 0; i < batch; i++)
                await contender.Once();
            operations += batch;
            elapsed = Stopwatch.GetElapsedTime(start);
        }
        while (elapsed < turn);
        return elapsed.TotalNanoseconds / operations;
    }
}
