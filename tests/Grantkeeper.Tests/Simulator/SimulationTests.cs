using Grantkeeper.Prove.Simulator;
using Grantkeeper.Testing.Twins;

namespace Grantkeeper.Tests.Simulator;

/// <summary>The simulator itself, and a few of the seeds of which <c>./prove</c> runs thousands.</summary>
[Trait("category", "services")]
public sealed class SimulationTests
{
    /// <summary>These found faults of the engine once; the first one, of the connect flow.</summary>
    [Theory]
    [InlineData(44)]
    [InlineData(1145)]
    [InlineData(1380)]
    [InlineData(1678)]
    [InlineData(2594)]
    [InlineData(3075)]
    [InlineData(3992)]
    [InlineData(7495)]
    [InlineData(27842)]
    [InlineData(39140)]
    [InlineData(47613)]
    public void Seed_that_found_a_fault_holds(ulong seed) => Run(seed).Journal.Violations.ShouldBeEmpty();

    [Fact]
    public void Fresh_seeds_hold()
    {
        for (var seed = 900_000UL; seed < 900_040; seed++)
            Run(seed).Journal.Violations.ShouldBeEmpty($"seed {seed}");
    }

    [Fact]
    public void Seed_tells_the_same_story_each_time()
    {
        var (one, other) = (new Simulation(4711, tells: true), new Simulation(4711, tells: true));
        one.Run();
        other.Run();
        one.Journal.Story.Count.ShouldBeGreaterThan(100);
        other.Journal.Story.ShouldBe(one.Journal.Story);
        (other.World.Steps, other.Crashes).ShouldBe((one.World.Steps, one.Crashes));
        one.World.Steps.ShouldBeGreaterThan(300);
        one.Crashes.ShouldBeGreaterThan(0);
    }

    /// <summary>A check that is never made holds always.</summary>
    [Fact]
    public void Every_invariant_is_looked_at_also_in_the_second_act()
    {
        var checks = Enumerable.Range(1, 10).SelectMany(seed => Run((ulong)seed).Journal.Checks).ToLookup(check => check.Key, check => check.Value);
        foreach (var (name, _) in SimulatorCampaign.Invariants)
            checks[name].Sum().ShouldBeGreaterThan(0, name);
        checks["I4"].Sum().ShouldBeGreaterThan(50);
        checks["I12"].Sum().ShouldBeGreaterThan(10);
    }

    [Theory]
    [InlineData("Fence")]
    [InlineData("Spool")]
    [InlineData("Epoch")]
    [InlineData("Generation")]
    [InlineData("Intent")]
    [InlineData("Signals")]
    [InlineData("Once")]
    public void Missing_protection_is_noticed(string protection)
    {
        for (var seed = 1UL; seed <= 1000; seed++)
        {
            if (Run(seed, Protections.All & ~Enum.Parse<Protections>(protection)).Journal.Violations.Count > 0)
                return;
        }

        Assert.Fail($"No seed up to 1000 noticed that {protection} is missing.");
    }

    private static Simulation Run(ulong seed, Protections has = Protections.All)
    {
        var simulation = new Simulation(seed, has);
        simulation.Run();
        return simulation;
    }
}
