namespace Grantkeeper.Launcher.Demo;

/// <summary>
/// Lets accidents happen to freshly connected grants. Both contenders meet each one together: the same provider, the same
/// database server, the same moment. The provider holds its answers meanwhile, so that nothing depends on luck.
/// </summary>
internal sealed class Accidents(DemoWorld world, DemoSurroundings surroundings)
{
    private const int Expired = 1;
    private const int OneHour = 3600;

    // A held answer must come before the node that waits for it gives up, which Grantkeeper does after ten seconds.
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(1);

    // Long enough for a node to do with an answer what it can.
    private static readonly TimeSpan LongMoment = TimeSpan.FromSeconds(2);

    private int _users;

    /// <summary>Lets an accident happen so many times to grants of each contender, and returns the grants.</summary>
    public async Task<IReadOnlyList<DemoGrant>> Happen(Accident accident, int times, CancellationToken stop)
    {
        if (accident == Accident.TwoNodes)
            return await TwoNodes(times, stop);
        var grants = new List<DemoGrant>();
        while (grants.Count < times * world.Contenders.Count)
        {
            // Every node of a round dies by itself with one grant in flight.
            var round = Math.Min(world.Contenders[0].Nodes.Count, times - (grants.Count / world.Contenders.Count));
            grants.AddRange(accident == Accident.DatabaseDown ? await DatabaseDown(round, stop) : await AnswerLost(round, stop));
        }

        return grants;
    }

    /// <summary>(1) expired grants, (2) the first node refreshes, (3) so does the second before the first has its answer, (4) both are answered.</summary>
    private async Task<IReadOnlyList<DemoGrant>> TwoNodes(int times, CancellationToken stop)
    {
        var grants = await Connect(times, _ => 0, stop);
        var first = grants.Select(grant => Read(grant, grant.Contender.Nodes[0], stop)).ToList();
        await world.Provider.UntilHeld(grants.Count, stop);
        var second = grants.Select(grant => Read(grant, grant.Contender.Nodes[1], stop)).ToList();
        // Those who send a second request have sent it by then; those who do not are given a moment to.
        await HeldSoon(grants.Count + times, stop);
        await Task.Delay(Moment, surroundings.Time, stop);
        await world.Provider.HoldNoMore(stop);
        await world.Provider.Release(deliver: true, stop);
        await Task.WhenAll([.. first, .. second]);
        return grants;
    }

    /// <summary>(1) the provider has replaced the tokens, (2) the database is killed, (3) the answers come, (4) the nodes are killed, (5) everything is back.</summary>
    private async Task<IReadOnlyList<DemoGrant>> DatabaseDown(int count, CancellationToken stop)
    {
        var grants = await Connect(count, index => index, stop);
        var reads = Task.WhenAll(grants.Select(grant => Read(grant, grant.Node, stop)));
        await world.Provider.UntilHeld(grants.Count, stop);
        await world.Database.Kill(stop);
        await world.Provider.HoldNoMore(stop);
        await world.Provider.Release(deliver: true, stop);
        await Task.WhenAny(reads, Task.Delay(LongMoment, surroundings.Time, stop));
        await Task.WhenAll(world.Nodes.Select(node => node.Kill()));
        await reads;
        await world.Database.Restart(stop);
        await Task.WhenAll(world.Nodes.Select(node => node.Start(stop)));
        return grants;
    }

    /// <summary>(1) the provider has replaced the tokens, (2) the nodes are killed before it answers, (3) they are started again.</summary>
    private async Task<IReadOnlyList<DemoGrant>> AnswerLost(int count, CancellationToken stop)
    {
        var grants = await Connect(count, index => index, stop);
        var reads = Task.WhenAll(grants.Select(grant => Read(grant, grant.Node, stop)));
        await world.Provider.UntilHeld(grants.Count, stop);
        await Task.WhenAll(world.Nodes.Select(node => node.Kill()));
        await reads;
        await world.Provider.HoldNoMore(stop);
        await world.Provider.Release(deliver: false, stop);
        await Task.WhenAll(world.Nodes.Select(node => node.Start(stop)));
        return grants;
    }

    /// <summary>Connects accounts whose access tokens have ended when they arrive. From before that, every refresh is held.</summary>
    private async Task<IReadOnlyList<DemoGrant>> Connect(int count, Func<int, int> node, CancellationToken stop)
    {
        await world.Provider.HoldRefreshes(stop);
        await world.Provider.SetLifetime(Expired, stop);
        var grants = new List<DemoGrant>();
        foreach (var contender in world.Contenders)
        {
            var known = (await world.Provider.GrantsOf(contender.ClientId, stop)).ToHashSet();
            for (var index = 0; index < count; index++)
            {
                var user = $"demo-{++_users}";
                await contender.Connect(user, stop);
                var id = (await world.Provider.GrantsOf(contender.ClientId, stop)).Single(known.Add);
                grants.Add(new(contender, contender.Nodes[node(index)], user, id));
            }
        }

        await world.Provider.SetLifetime(OneHour, stop);
        return grants;
    }

    /// <summary>Waits for so many held answers, but not for long.</summary>
    private async Task HeldSoon(int count, CancellationToken stop)
    {
        using var soon = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var held = world.Provider.UntilHeld(count, soon.Token);
        await Task.WhenAny(held, Task.Delay(LongMoment, surroundings.Time, stop));
        await soon.CancelAsync();
        try
        {
            await held;
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            // There were fewer, which is for the judge to see.
        }
    }

    private static async Task<TokenRead> Read(DemoGrant grant, Node node, CancellationToken stop)
    {
        try
        {
            return await grant.Contender.Read(node, grant.User, stop);
        }
        catch (HttpRequestException)
        {
            // The node was killed under it.
            return TokenRead.Broken;
        }
    }
}
