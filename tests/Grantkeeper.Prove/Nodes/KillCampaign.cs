using System.Diagnostics;
using System.Web;
using Grantkeeper.Failpoints;

namespace Grantkeeper.Prove.Nodes;

/// <summary>
/// kill -9 at every failpoint of the flows: three nodes in processes of their own, a real PostgreSQL, a strict provider.
/// Before each death a node has several refreshes under way, so that the others die at other steps.
/// </summary>
internal sealed class KillCampaign : ICampaign
{
    private const int FullRounds = 10;
    private const int AtOnce = 6;

    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    private readonly Dictionary<string, int> _deaths = [];
    private readonly List<string> _faults = [];
    private int _connects;

    public string Name => "kill";

    public async Task<IReadOnlyList<Proof>> Run(Effort effort, ulong firstSeed, TextWriter output)
    {
        await using var world = await NodeWorld.Start();
        var dice = new Simulator.Dice(firstSeed);
        for (var round = 0; round < (effort == Effort.Quick ? 1 : FullRounds); round++)
        {
            foreach (var point in (string[])[Points.RefreshBegun, Points.RefreshLeased, Points.RefreshReserved, Points.RefreshAnswered, Points.RefreshSpooled, Points.RefreshStored])
                await DuringRefreshes(world, point, dice.Between(1, AtOnce));
            await OfARefusal(world, Points.RefreshFailed);
            await OfARefusal(world, Points.RefreshFailureStored);
            await OfAFollower(world);
            await OfALateAnswer(world);
            await OfAStart(world);
            foreach (var point in (string[])[Points.ConnectRedeemed, Points.ConnectExchanged, Points.ConnectKnown, Points.ConnectStored])
                await OfAConnect(world, point);
            foreach (var point in (string[])[Points.DisconnectBegun, Points.DisconnectStored, Points.OutboxDelivered])
                await OfADisconnect(world, point);
            await output.WriteLineAsync($"kill: round {round + 1} is over, {_deaths.Values.Sum()} deaths");
        }

        var connected = world.Grants.Where(grant => !_ended.Contains(grant.Integration)).ToList();
        var (alive, lostInWindow, lost) = await world.Judge(connected);
        foreach (var story in lost.Concat(_faults))
            await output.WriteLineAsync(story);
        var reuses = connected.Where(grant => !grant.AtProvider.Replacements.Exists(replacement => world.Window.Contains(replacement.New))).Sum(grant => grant.AtProvider.Reuses);
        return
        [
            new Proof("kill -9", "no grant is lost, none is shown used up, outside the window", lost.Count == 0 && reuses == 0 && alive > 0,
                $"{_deaths.Values.Sum()} deaths at {_deaths.Count} of {Points.All.Count} points; {connected.Count} grants: {alive} alive, {lostInWindow} lost in the window, {lost.Count} otherwise; {reuses} reuses"),
            new Proof("points", "every failpoint was a death", Points.All.All(_deaths.ContainsKey), string.Join(' ', Points.All.Where(point => !_deaths.ContainsKey(point)))),
            new Proof("I4", "a code is shown once, whatever dies", world.Provider.MostUsesOfACode <= 1, $"{_connects} connections, each cut off once"),
            new Proof("I17", "a disconnect that died is finished, and the provider told", _faults.Count == 0, $"{_ended.Count} disconnects, {world.Provider.Revocations} revocations"),
        ];
    }

    private readonly HashSet<Guid> _ended = [];

    /// <summary>Several refreshes at once on one node; it dies when the so-many-th comes to the point.</summary>
    private async Task DuringRefreshes(NodeWorld world, string point, int hit)
    {
        var (victim, grants) = (world.Nodes[0], await world.Seed(AtOnce));
        await victim.Restart($"lease=4,{point}=kill@{hit}");
        await Task.WhenAll(grants.Select(grant => victim.Read(grant.Integration)));
        await Dies(world, victim, point, grants);
        await UntilRead(world, grants);
    }

    /// <summary>The provider fails, and the node dies before or after that is written.</summary>
    private async Task OfARefusal(NodeWorld world, string point)
    {
        var (victim, grants) = (world.Nodes[0], await world.Seed(2));
        await victim.Restart($"lease=4,{point}=kill@2");
        world.Provider.Fault = () => ServerFault.Fails;
        await Task.WhenAll(grants.Select(grant => victim.Read(grant.Integration)));
        await Dies(world, victim, point, grants);
        world.Provider.Fault = () => ServerFault.None;
        await UntilRead(world, grants);
    }

    /// <summary>One node dies with a lease; a second one takes its intent over, and dies too.</summary>
    private async Task OfAFollower(NodeWorld world)
    {
        var (first, second, grants) = (world.Nodes[0], world.Nodes[1], await world.Seed(1));
        await first.Restart($"lease=4,{Points.RefreshLeased}=kill");
        await first.Read(grants[0].Integration);
        await Dies(world, first, Points.RefreshLeased, grants);
        await second.Restart($"lease=4,{Points.RefreshTakenOver}=kill");
        while (!second.HasEnded)
        {
            await second.Read(grants[0].Integration);
            await Task.Delay(Soon, TimeProvider.System);
        }

        await Dies(world, second, Points.RefreshTakenOver, grants);
        await UntilRead(world, grants);
    }

    /// <summary>A grant is disconnected while its answer waits on a node, which then dies with the late answer.</summary>
    private async Task OfALateAnswer(NodeWorld world)
    {
        var (victim, grant) = (world.Nodes[0], (await world.Seed(1))[0]);
        await victim.Restart($"lease=4,{Points.RefreshSpooled}=pause:1500,{Points.RefreshSuperseded}=kill");
        var read = victim.Read(grant.Integration);
        await Until(() => grant.AtProvider.Replacements.Count > 0, "the refresh");
        await Disconnect(world, world.Nodes[1], grant);
        await read;
        await Dies(world, victim, Points.RefreshSuperseded, [grant]);
        await UntilRevoked(world, grant);
    }

    /// <summary>A node dies with an answer on its disk, and then while it stores it: before, after, and before it says so.</summary>
    private async Task OfAStart(NodeWorld world)
    {
        var victim = world.Nodes[0];
        foreach (var point in Points.Replay)
        {
            var grants = await world.Seed(2);
            await victim.Restart($"lease=4,{Points.RefreshSpooled}=kill@2");
            await Task.WhenAll(grants.Select(grant => victim.Read(grant.Integration)));
            await victim.Ended();
            await victim.Restart($"lease=4,{point}=kill", waits: false);
            await Dies(world, victim, point, grants);
            await UntilRead(world, grants);
        }
    }

    /// <summary>A connection that dies is begun again by its user.</summary>
    private async Task OfAConnect(NodeWorld world, string point)
    {
        var victim = world.Nodes[0];
        await victim.Restart($"lease=4,{point}=kill");
        var user = $"connecting-{++_connects}";
        var (code, state) = await Begin(victim, user, world);
        var died = await Call(victim, user, code, state);
        await Dies(world, victim, point, []);
        // The same callback again: the state is used, and the code is not shown a second time.
        var again = await Call(victim, user, code, state);
        if (died.Status != 0 || again.Status == 200 && again.Json.GetProperty("success").GetBoolean())
            _faults.Add($"{point}: the callback ended with {died.Status}, and its repetition with {again.Status}");
        var (fresh, freshState) = await Begin(victim, user, world);
        var connected = await Call(victim, user, fresh, freshState);
        if (connected.Status != 200 || !connected.Json.GetProperty("success").GetBoolean())
            _faults.Add($"{point}: connecting again ended with {connected.Status} {connected.Json}");
    }

    /// <summary>A disconnect that dies is repeated; the grant ends at the provider.</summary>
    private async Task OfADisconnect(NodeWorld world, string point)
    {
        var (victim, grant) = (world.Nodes[0], (await world.Seed(1))[0]);
        await victim.Restart($"lease=4,{point}=kill");
        await victim.Ask(HttpMethod.Delete, $"/api/v1/oauth/integrations/{grant.Integration}");
        await Dies(world, victim, point, [grant]);
        await Disconnect(world, world.Nodes[1], grant);
        await UntilRevoked(world, grant);
    }

    private async Task Disconnect(NodeWorld world, NodeProcess node, ProvedGrant grant)
    {
        var answer = await node.Ask(HttpMethod.Delete, $"/api/v1/oauth/integrations/{grant.Integration}");
        _ended.Add(grant.Integration);
        if (answer.Status != 200)
            _faults.Add($"A disconnect of {grant.Integration} was answered {answer.Status} {answer.Code}");
        foreach (var other in world.Nodes.Where(other => !other.HasEnded))
        {
            if ((await other.Read(grant.Integration)).Status == 200)
                _faults.Add($"{other.Name} served {grant.Integration} after its disconnect");
        }
    }

    private async Task Dies(NodeWorld world, NodeProcess victim, string point, IReadOnlyList<ProvedGrant> grants)
    {
        try
        {
            await victim.Ended();
            _deaths[point] = _deaths.GetValueOrDefault(point) + 1;
        }
        catch (TimeoutException)
        {
            _faults.Add($"{victim.Name} did not die at {point}. It said:\n{victim.Log}");
        }

        if (victim.HasEnded)
            await world.NoteWindow(victim, grants);
        await victim.Restart("lease=4");
    }

    /// <summary>Reads on the other nodes until every grant has a good token, or needs its user.</summary>
    private async Task UntilRead(NodeWorld world, IReadOnlyList<ProvedGrant> grants)
    {
        var began = Stopwatch.GetTimestamp();
        foreach (var grant in grants)
        {
            NodeAnswer answer;
            do
            {
                answer = await world.Nodes[1].Read(grant.Integration);
                if (answer.Status == 200 || answer.Code == "tokens.reauthorization_required")
                    break;
                await Task.Delay(Soon, TimeProvider.System);
            }
            while (Stopwatch.GetElapsedTime(began) < Patience);
            if (answer.Status != 200 && answer.Code != "tokens.reauthorization_required")
                _faults.Add($"{grant.Integration} is not read after {Patience.TotalSeconds:0} s: {answer.Status} {answer.Code}");
        }
    }

    private async Task UntilRevoked(NodeWorld world, ProvedGrant grant)
    {
        await Until(() => grant.AtProvider.IsRevoked, $"the revocation of grant {grant.AtProvider.Number}: {string.Join("; ", grant.AtProvider.Log)}");
        _ = world;
    }

    private async Task Until(Func<bool> holds, string what)
    {
        var began = Stopwatch.GetTimestamp();
        while (!holds())
        {
            if (Stopwatch.GetElapsedTime(began) > TimeSpan.FromSeconds(90))
            {
                _faults.Add($"{what} never came");
                return;
            }

            await Task.Delay(Soon, TimeProvider.System);
        }
    }

    private static async Task<(string Code, string State)> Begin(NodeProcess node, string user, NodeWorld world)
    {
        var started = await node.Ask(HttpMethod.Get, $"/oauth/{StrictServer.Key}/auth?user_id={user}");
        var url = new Uri(started.Json.GetProperty("details").GetProperty("provider_authorization_url").GetString()!);
        return (world.Provider.Code(), HttpUtility.ParseQueryString(url.Query)["state"]!);
    }

    private static Task<NodeAnswer> Call(NodeProcess node, string user, string code, string state) =>
        node.Ask(HttpMethod.Post, $"/oauth/{StrictServer.Key}/callback", new { code, state, user_id = user });
}
