using System.Diagnostics;

namespace Grantkeeper.Prove.Nodes;

/// <summary>
/// Outages under load: readers on three nodes, whose clocks are an hour apart, while the database is killed, stopped or cut
/// off, the provider is slow, resets, fails and loses answers, and a node is stopped for longer than a lease.
/// </summary>
internal sealed class OutageCampaign : ICampaign
{
    private const int GrantCount = 40;
    private const int Readers = 30;

    public string Name => "outages";

    public async Task<IReadOnlyList<Proof>> Run(Effort effort, ulong firstSeed, TextWriter output)
    {
        await using var world = await NodeWorld.Start();
        // Two of the nodes are an hour off, in opposite directions.
        await world.Nodes[1].Restart("lease=4,clock=3600");
        await world.Nodes[2].Restart("lease=4,clock=-3600");
        var proofs = new List<Proof>();
        var dice = new Simulator.Dice(firstSeed);
        var rounds = effort == Effort.Quick ? 1 : 5;
        for (var round = 0; round < rounds; round++)
        {
            foreach (var (name, what, accident) in Accidents(effort, dice))
            {
                var began = Stopwatch.GetTimestamp();
                var proof = await Happen(world, name, what, accident, output);
                await output.WriteLineAsync($"outages: {name} took {Stopwatch.GetElapsedTime(began).TotalSeconds:0} s");
                proofs.Add(proof);
            }
        }

        // One line for each kind, all rounds together.
        return [.. proofs.GroupBy(proof => proof.Name).Select(group => group.First() with { Holds = group.All(proof => proof.Holds), Figures = rounds == 1 ? group.First().Figures : $"{rounds} times; the last: {group.Last().Figures}" })];
    }

    private static IEnumerable<(string Name, string What, Func<NodeWorld, Task> Accident)> Accidents(Effort effort, Simulator.Dice dice)
    {
        yield return ("database killed", "PostgreSQL crashes in mid-refresh and comes back", async world =>
        {
            await Task.Delay(TimeSpan.FromMilliseconds(150), TimeProvider.System);
            await world.Cluster.Kill();
            await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System);
            await world.Cluster.Restart();
        });
        yield return ("database away", $"PostgreSQL is stopped for {(effort == Effort.Quick ? "ten seconds" : "a minute")}", async world =>
        {
            await Task.Delay(TimeSpan.FromMilliseconds(150), TimeProvider.System);
            await world.Cluster.Stop();
            await Task.Delay(effort == Effort.Quick ? TimeSpan.FromSeconds(10) : TimeSpan.FromMinutes(1), TimeProvider.System);
            await world.Cluster.Restart();
        });
        yield return ("connections cut", "every connection to PostgreSQL is ended, again and again", async world =>
        {
            for (var times = 0; times < 8; times++)
            {
                await world.Execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'grantkeeper' AND pid <> pg_backend_pid()");
                await Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System);
            }
        });
        yield return ("provider slow", "every answer comes later than the lease ends", world => While(world, () => ServerFault.Slow, TimeSpan.FromSeconds(8)));
        yield return ("provider resets", "every second connection is cut before anything was done", world => While(world, () => dice.Chance(0.5) ? ServerFault.CutBefore : ServerFault.None, TimeSpan.FromSeconds(6)));
        yield return ("provider fails", "500 and 429", world => While(world, () => dice.Chance(0.4) ? ServerFault.Fails : dice.Chance(0.5) ? ServerFault.Limits : ServerFault.None, TimeSpan.FromSeconds(6)));
        yield return ("answers lost", "one answer in eight is lost after the provider's commit", world => While(world, () => dice.Chance(0.125) ? ServerFault.CutAfter : ServerFault.None, TimeSpan.FromSeconds(4)));
        yield return ("node stopped", "SIGSTOP of a node for longer than a lease, in mid-refresh", async world =>
        {
            await Task.Delay(TimeSpan.FromMilliseconds(150), TimeProvider.System);
            world.Nodes[0].Stop();
            await Task.Delay(TimeSpan.FromSeconds(7), TimeProvider.System);
            world.Nodes[0].Continue();
        });
    }

    private static async Task While(NodeWorld world, Func<ServerFault> fault, TimeSpan time)
    {
        world.Provider.Fault = fault;
        await Task.Delay(time, TimeProvider.System);
        world.Provider.Fault = () => ServerFault.None;
    }

    /// <summary>Readers on all nodes, each grant's token at its end again and again, while something breaks; then everything is mended and judged.</summary>
    private static async Task<Proof> Happen(NodeWorld world, string name, string what, Func<NodeWorld, Task> accident, TextWriter output)
    {
        var grants = await world.Seed(GrantCount);
        var before = grants.Sum(grant => grant.AtProvider.Replacements.Count);
        (world.Provider.Lifetime, world.Provider.Latency) = (8, TimeSpan.FromMilliseconds(200));
        using var over = new CancellationTokenSource();
        var served = 0;
        var ended = new List<string>();
        var readers = Enumerable.Range(0, Readers).Select(index => Task.Run(async () =>
        {
            var node = world.Nodes[index % world.Nodes.Count];
            for (var turn = index; !over.IsCancellationRequested; turn += 7)
            {
                var answer = await node.Read(grants[turn % grants.Count].Integration);
                if (answer.Status != 200)
                    continue;
                Interlocked.Increment(ref served);
                // The provider says when it ends; its clock and the readers' are one.
                var end = answer.Json.GetProperty("expires_at").GetDateTimeOffset();
                if (end < TimeProvider.System.GetUtcNow() - TimeSpan.FromSeconds(1))
                {
                    lock (ended)
                        ended.Add($"{node.Name} served a token of {grants[turn % grants.Count].Integration} that had ended at {end:HH:mm:ss}");
                }
            }
        })).ToList();
        // The first refreshes are on their way, since every seeded token has ended.
        await accident(world);
        await over.CancelAsync();
        await Task.WhenAll(readers);

        (world.Provider.Lifetime, world.Provider.Latency) = (3600, TimeSpan.Zero);
        var (alive, lostInWindow, lost) = await world.Judge(grants);
        foreach (var story in lost.Concat(ended).Take(10))
            await output.WriteLineAsync($"{name}: {story}");
        var reuses = grants.Where(grant => !grant.AtProvider.Replacements.Exists(replacement => replacement.IsCut)).Sum(grant => grant.AtProvider.Reuses);
        var refreshes = grants.Sum(grant => grant.AtProvider.Replacements.Count) - before;
        return new Proof(
            name, what, lost.Count == 0 && reuses == 0 && ended.Count == 0 && alive > 0,
            $"{served:N0} tokens served, {refreshes} refreshes; {alive} of {grants.Count} alive, {lostInWindow} lost with their answer, {lost.Count} otherwise; {reuses} reuses");
    }
}

/// <summary>A node whose disk is full, and what it does then: it serves, and sends nothing that would use a refresh token up.</summary>
internal sealed class DiskCampaign : ICampaign
{
    public string Name => "disk";

    public async Task<IReadOnlyList<Proof>> Run(Effort effort, ulong firstSeed, TextWriter output)
    {
        await using var world = await NodeWorld.Start(nodes: 1);
        var good = world.Nodes[0];
        var grants = await world.Seed(3);
        // A file of this process may grow to 8 MB; the spool needs 64, and so does a feature of the runtime, which is off.
        await using var full = await NodeProcess.Start("node-full", new Dictionary<string, string>(world.Environment("node-full")) { ["DOTNET_EnableWriteXorExecute"] = "0" }, prefix: "trap '' XFSZ; ulimit -f 8192");
        var health = await full.Ask(HttpMethod.Get, "/oauth/health");
        var isDegraded = health.Status == 200 && health.Json.GetProperty("components").GetProperty("spool").GetProperty("status").GetString() == "degraded";
        var refused = await full.Read(grants[0].Integration);
        var sent = world.Provider.Refreshes;
        var renewed = await good.Read(grants[0].Integration);
        var served = await full.Read(grants[0].Integration);
        foreach (var fault in new[] { full.Log }.Where(_ => !isDegraded || refused.Code != "tokens.spool_unavailable"))
            await output.WriteLineAsync($"disk: health {health.Json}; {refused.Status} {refused.Code}\n{fault}");
        return
        [
            new Proof("disk full", "the node says so, serves, and sends no refresh", isDegraded && refused.Code == "tokens.spool_unavailable" && sent == 0 && renewed.Status == 200 && served.Status == 200,
                $"health {(isDegraded ? "degraded" : "not degraded")}; a needed refresh there: {refused.Status} {refused.Code}, {sent} requests; a token that another node renewed: {served.Status}"),
        ];
    }
}
