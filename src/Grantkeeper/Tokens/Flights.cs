namespace Grantkeeper.Tokens;

/// <summary>
/// One refresh per grant and process at a time. Callers join the one that runs; a forced call is never satisfied by a plain
/// one that began before it, so it starts after it, and at most one such call waits per grant. A flight belongs to nobody:
/// a caller that gives up leaves it running.
/// </summary>
internal sealed class Flights<TKey, TResult>(IDetached detached) where TKey : notnull
{
    private readonly Lock _gate = new();
    private readonly Dictionary<TKey, Flight> _running = [];

    private sealed class Flight
    {
        public required Task<TResult> Current { get; set; }

        public Task<TResult>? Next { get; set; }
    }

    /// <summary>The flight that answers this call.</summary>
    public Task<TResult> Join(TKey key, bool force, Func<Task<TResult>> start)
    {
        lock (_gate)
        {
            if (!_running.TryGetValue(key, out var flight))
            {
                var first = detached.Start(start);
                _running.Add(key, new Flight { Current = first });
                _ = Land(key, first);
                return first;
            }

            if (!force)
                return flight.Current;
            // Taken here and not when the next flight begins to run: by then it may be the current one itself.
            var current = flight.Current;
            return flight.Next ??= detached.Start(() => After(current, start));
        }
    }

    /// <summary>The flights under way, for an orderly stop.</summary>
    public Task[] Running
    {
        get
        {
            lock (_gate)
                return [.. _running.Values.SelectMany(flight => flight.Next is null ? [flight.Current] : new Task[] { flight.Current, flight.Next })];
        }
    }

    private static async Task<TResult> After(Task<TResult> previous, Func<Task<TResult>> start)
    {
        await ((Task)previous).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        return await start();
    }

    private async Task Land(TKey key, Task<TResult> task)
    {
        await ((Task)task).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        lock (_gate)
        {
            var flight = _running[key];
            if (flight.Next is { } next)
            {
                flight.Current = next;
                flight.Next = null;
                _ = Land(key, next);
            }
            else
            {
                _running.Remove(key);
            }
        }
    }
}
