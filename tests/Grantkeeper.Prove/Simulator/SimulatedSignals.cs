using Grantkeeper.Storage;
using Grantkeeper.Testing.Twins;

namespace Grantkeeper.Prove.Simulator;

/// <summary>
/// Signals between simulated nodes: they take time, reach nobody while the database is away, and a node that was stopped
/// or cut off does not trust its memory until it has heard itself again.
/// </summary>
internal sealed class SimulatedSignals(Simulation simulation, SimulatedNode node, Life life) : INodeSignals
{
    private static readonly TimeSpan HeardFor = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    private int _outages = simulation.DatabaseOutages;
    private long _bornAt = simulation.World.Now;

    public Action<Guid?>? Changes { get; set; }

    public bool IsHeard
    {
        get
        {
            if (simulation.DatabaseIsDown)
                return simulation.World.Now - simulation.DatabaseDownSince < HeardFor.Ticks && Beats();
            if (_outages != simulation.DatabaseOutages)
            {
                // Listening again: what was said meanwhile is unknown.
                _outages = simulation.DatabaseOutages;
                _bornAt = simulation.World.Now;
                Changes?.Invoke(null);
            }

            return Beats();
        }
    }

    public void Changed(Guid integrationId)
    {
        Changes?.Invoke(integrationId);
        Send(integrationId, () => { });
    }

    public async Task ChangedEverywhere(Guid integrationId)
    {
        Changes?.Invoke(integrationId);
        var (done, missing) = (new TaskCompletionSource(), simulation.Nodes.Where(other => other != node && other.IsBeating).Select(other => other.Life).ToHashSet());
        if (missing.Count == 0 || !IsThere)
            return;
        foreach (var other in missing.ToList())
        {
            Send(integrationId, () =>
            {
                missing.Remove(other);
                if (missing.Count == 0)
                    done.TrySetResult();
            }, other);
        }

        try
        {
            await done.Task.WaitAsync(LongestWait, node.Time);
        }
        catch (TimeoutException)
        {
            // Whoever has not heard has not heard itself either.
        }
    }

    /// <summary>The first beat takes a second, and so does the first one after a stop that was longer than trust lasts.</summary>
    private bool Beats() => simulation.World.Now - _bornAt > TimeSpan.TicksPerSecond && life.HasRunFor(TimeSpan.FromSeconds(1), unlessShorterThan: HeardFor);

    private bool IsThere => (simulation.Has & Protections.Signals) != 0;

    private void Send(Guid integrationId, Action heard, Life? to = null)
    {
        foreach (var other in simulation.Nodes.Where(other => IsThere && other != node && other.IsUp && (to is null || other.Life == to)).ToList())
        {
            var target = other.Life;
            simulation.World.After(simulation.World.Dice.Span(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(30)), () =>
            {
                if (simulation.DatabaseIsDown)
                    return;
                target.Run(() =>
                {
                    other.Hear(integrationId);
                    simulation.World.After(TimeSpan.FromMilliseconds(2), () => life.Run(heard));
                });
            });
        }
    }
}
