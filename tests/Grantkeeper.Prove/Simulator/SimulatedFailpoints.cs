using Grantkeeper.Failpoints;

namespace Grantkeeper.Prove.Simulator;

/// <summary>What happens to a node at a failpoint.</summary>
internal enum Strike
{
    Crash,
    Pause,
    Database,
    Provider,
    Clock,
}

/// <summary>Strikes a node at the place that was chosen for it.</summary>
internal sealed class SimulatedFailpoints(Life life, Action<string, Strike> strike) : IFailpoints
{
    public Dictionary<string, Strike> Armed { get; } = [];

    public async ValueTask Reach(string point)
    {
        if (!Armed.Remove(point, out var what))
            return;
        strike(point, what);
        // What is over or paused goes no further here; everything else goes on in its turn.
        if (life.IsOver || life.IsPaused)
            await Task.Yield();
    }
}
