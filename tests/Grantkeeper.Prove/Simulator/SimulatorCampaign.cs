using System.Diagnostics;
using Grantkeeper.Failpoints;
using Grantkeeper.Testing.Twins;

namespace Grantkeeper.Prove.Simulator;

/// <summary>Many seeds: three nodes, at least eight integrations, 300 steps and one crash each.</summary>
/// <param name="seeds">How many; null for what the effort says.</param>
internal sealed class SimulatorCampaign(int? seeds = null) : ICampaign
{
    private const int QuickSeeds = 10_000;
    private const int FullSeeds = 50_000;
    private const int Told = 2_500;

    internal static readonly (string Name, string What)[] Invariants =
    [
        ("I1", "what a node has received becomes current or is superseded"),
        ("I2", "one request with a refresh token at a time"),
        ("I3", "no ended, refused or foreign generation is served"),
        ("I4", "a state is redeemed once, a code is sent once"),
        ("I5", "a token reaches its own user and integration only"),
        ("I6", "within an epoch the generation only grows"),
        ("I7", "a late answer revives and overwrites nothing"),
        ("I8", "the user is needed only after the provider's own word"),
        ("I9", "what an answer leaves out stays as it was"),
        ("I11", "a caller that gives up cancels its own wait only"),
        ("I12", "many waiters, one request"),
        ("I13", "in the end every live grant can be renewed"),
        ("I17", "after a disconnect nothing is served, and the provider is told"),
        ("I18", "every revocation is delivered"),
        ("I20", "clocks an hour off serve no ended token"),
    ];

    /// <summary>The failpoints that are struck.</summary>
    private static readonly IReadOnlyList<string> Struck = [.. Points.Engine, .. Points.Connect];

    public string Name => "simulator";

    public async Task<IReadOnlyList<Proof>> Run(Effort effort, ulong firstSeed, TextWriter output)
    {
        var runs = await RunSeeds(firstSeed, seeds ?? (effort == Effort.Quick ? QuickSeeds : FullSeeds), progress: output);
        foreach (var broken in runs.Broken.Take(3))
        {
            await output.WriteLineAsync($"seed {broken.Seed}: {broken.Violations[0]}");
            var again = new Simulation(broken.Seed, tells: true);
            again.Run();
            var file = Path.Combine("artifacts", $"prove-seed-{broken.Seed}.txt");
            await File.WriteAllLinesAsync(file, again.Journal.Story);
            await output.WriteLineAsync($"  its story is in {file}; again: ./prove --only simulator --seeds 1 --seed {broken.Seed}");
        }

        var proofs = Invariants.Select(invariant => new Proof(
            invariant.Name, invariant.What,
            !runs.Broken.Exists(run => run.Violations.Exists(violation => violation.StartsWith(invariant.Name + " ", StringComparison.Ordinal))),
            $"{runs.Checks.GetValueOrDefault(invariant.Name):N0} checks")).ToList();
        proofs.Add(new Proof("no bug", "nothing but an absent database ends in an exception", !runs.Broken.Exists(run => run.Violations.Exists(violation => violation.StartsWith("no bug", StringComparison.Ordinal))), ""));
        proofs.Add(new Proof(
            "seeds", "three nodes each, 300 steps, a crash at least", runs.LeastSteps >= 300 && runs.LeastCrashes >= 1,
            $"{runs.Count:N0} from {firstSeed}; {runs.Steps:N0} steps, {runs.Crashes:N0} crashes, {runs.Refreshes:N0} refreshes; grants lost in the impossible window {runs.Windows:N0}"));
        proofs.Add(Coverage(runs, output));
        return proofs;
    }

    /// <summary>What all runs found together.</summary>
    internal sealed class Totals
    {
        public long Count { get; set; }

        public long Steps { get; set; }

        public long LeastSteps { get; set; } = long.MaxValue;

        public long LeastCrashes { get; set; } = long.MaxValue;

        public long Crashes { get; set; }

        public long Refreshes { get; set; }

        public long Windows { get; set; }

        public Dictionary<string, long> Checks { get; } = [];

        public Dictionary<(string Point, Strike Strike), long> Strikes { get; } = [];

        public List<(ulong Seed, List<string> Violations)> Broken { get; } = [];

        /// <summary>Adds a run, and says how many there are now.</summary>
        public long Add(Simulation run)
        {
            lock (this)
            {
                Count++;
                Steps += run.World.Steps;
                LeastSteps = Math.Min(LeastSteps, run.World.Steps);
                LeastCrashes = Math.Min(LeastCrashes, run.Crashes);
                Crashes += run.Crashes;
                Refreshes += run.Oracle.Refreshes;
                Windows += run.Journal.Windows;
                foreach (var (name, count) in run.Journal.Checks)
                    Checks[name] = Checks.GetValueOrDefault(name) + count;
                foreach (var (cell, count) in run.Journal.Strikes)
                    Strikes[cell] = Strikes.GetValueOrDefault(cell) + count;
                if (run.Journal.Violations.Count > 0)
                    Broken.Add((run.Seed, run.Journal.Violations));
                return Count;
            }
        }
    }

    /// <summary>Runs seeds on all cores; stops early once a mutation is noticed.</summary>
    internal static async Task<Totals> RunSeeds(ulong first, int count, Protections has = Protections.All, TextWriter? progress = null)
    {
        var totals = new Totals();
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, Environment.ProcessorCount).Select(_ => Task.Run(() =>
        {
            while (Interlocked.Increment(ref next) is var index && index < count && (has == Protections.All ? totals.Broken.Count < 10 : totals.Broken.Count == 0))
            {
                var run = new Simulation(first + (ulong)index, has);
                run.Run();
                // A run of an hour says how far it is, so that one that is stopped has still said something.
                if (totals.Add(run) is var done && done % Told == 0 && progress is not null)
                    TextWriter.Synchronized(progress).WriteLine($"simulator: {done:N0} seeds, {totals.Broken.Count} broken");
            }
        })));
        totals.Broken.Sort((one, other) => one.Seed.CompareTo(other.Seed));
        return totals;
    }

    private static Proof Coverage(Totals runs, TextWriter output)
    {
        output.WriteLine($"{"struck at",-26}{string.Concat(Enum.GetNames<Strike>().Select(name => $"{name,10}"))}");
        foreach (var point in Struck)
            output.WriteLine($"{point,-26}{string.Concat(Enum.GetValues<Strike>().Select(strike => $"{runs.Strikes.GetValueOrDefault((point, strike)),10:N0}"))}");
        var cells = Struck.SelectMany(point => Enum.GetValues<Strike>().Select(strike => runs.Strikes.GetValueOrDefault((point, strike)))).ToList();
        return new Proof("coverage", "every fault at every failpoint, ten times or more", runs.Count < QuickSeeds || cells.TrueForAll(count => count >= 10), $"{cells.Count} cells, the least {cells.Min():N0} times");
    }
}

/// <summary>Takes one protection away at a time: some seed must notice, or the simulator proves nothing.</summary>
internal sealed class MutationCampaign : ICampaign
{
    private const int Seeds = 1000;

    /// <summary>
    /// The lease is not among them: since an open intent keeps a second node from showing a refresh token wherever showing it
    /// twice does harm, no grant hangs on the lease alone. It spares requests, which P3 of the benchmarks counts.
    /// </summary>
    private static readonly Protections[] Decisive = [Protections.Fence, Protections.Spool, Protections.Epoch, Protections.Intent, Protections.Generation, Protections.Signals, Protections.Once];

    public string Name => "mutation";

    public async Task<IReadOnlyList<Proof>> Run(Effort effort, ulong firstSeed, TextWriter output)
    {
        var proofs = new List<Proof>();
        foreach (var protection in Decisive)
        {
            var began = Stopwatch.GetTimestamp();
            var runs = await SimulatorCampaign.RunSeeds(firstSeed, Seeds, Protections.All & ~protection);
            var noticed = runs.Broken.Count > 0 ? runs.Broken[0] : default;
            proofs.Add(new Proof(
                protection.ToString().ToLowerInvariant(), "without it an invariant breaks, and the simulator notices", runs.Broken.Count > 0,
                runs.Broken.Count > 0 ? $"seed {noticed.Seed}, {Stopwatch.GetElapsedTime(began).TotalSeconds:0} s: {noticed.Violations[0]}" : $"not noticed in {Seeds} seeds"));
        }

        return proofs;
    }
}
