using Grantkeeper.Storage;
using Grantkeeper.Testing.Twins;

namespace Grantkeeper.Prove.Simulator;

/// <summary>The way to the database: a statement takes time, runs although its asker died, and its confirmation may be lost.</summary>
internal sealed class SimulatedAsking(Simulation simulation, Life life) : VaultTwin.IAsking
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public async Task<T> Ask<T>(bool isRead, Func<T> statement)
    {
        var world = simulation.World;
        var done = new TaskCompletionSource<T>();
        world.After(Way(), () =>
        {
            if (simulation.DatabaseIsDown)
            {
                world.After(world.Dice.Span(TimeSpan.Zero, Patience), () => done.TrySetException(Unavailable()));
                return;
            }

            // A connection breaks now and then: before the statement, or after it.
            var breaks = !isRead && world.Dice.Chance(simulation.ConnectionBreaks);
            if (breaks && world.Dice.Chance(0.5))
            {
                done.TrySetException(Unavailable());
                return;
            }

            var result = statement();
            if (breaks)
                done.TrySetException(Unavailable());
            else
                world.After(Way(), () => done.TrySetResult(result));
        });
        return await done.Task;
    }

    public async Task ReadClock(SharedTime shared)
    {
        var askedAt = simulation.World.Now;
        var pauses = life.Pauses;
        var now = await Ask(true, () => simulation.World.TrueTime);
        // A process that was stopped between question and answer reads again.
        if (life.Pauses == pauses)
            shared.Take(now, askedAt);
        else
            await ReadClock(shared);
    }

    private TimeSpan Way() => simulation.World.Dice.Span(TimeSpan.FromMilliseconds(0.1), TimeSpan.FromMilliseconds(simulation.World.Dice.Chance(0.02) ? 400 : 3));

    private static StorageUnavailableException Unavailable() => new(new TimeoutException());
}
