using Grantkeeper.Providers;
using Grantkeeper.Storage;

namespace Grantkeeper.Resilience;

/// <summary>
/// Lets this node's requests to one provider through at the pace that its stated limit leaves them: who waits longest among
/// the most urgent goes first. Places are taken only for requests that wait, and few at a time, so that no node takes what
/// another needs sooner.
/// </summary>
internal sealed class ProviderPace(string provider, IRequestPaces paces, TimeProvider time)
{
    /// <summary>Longer than this nobody waits who is needed: the operation ends, and a later one tries again.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    /// <summary>What workers have claimed on all nodes waits in one line.</summary>
    private static readonly TimeSpan WorkersPatience = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan Ahead = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan DatabaseAway = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly Queue<TaskCompletionSource>[] _waiting = [new(), new(), new()];
    private bool _isGiving;

    /// <summary>How long a request that came now would wait, as far as this node knows.</summary>
    public TimeSpan Backlog(RateLimit limit)
    {
        lock (_gate)
            return limit.Every * _waiting.Sum(queue => queue.Count);
    }

    /// <summary>Completes when the request may be sent; false when that takes too long.</summary>
    public async Task<bool> Enter(RateLimit limit, CallPriority priority)
    {
        var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        bool begins;
        lock (_gate)
        {
            _waiting[(int)priority].Enqueue(turn);
            begins = !_isGiving;
            _isGiving = true;
        }

        if (begins)
            _ = Give(limit);

        try
        {
            await turn.Task.WaitAsync(priority == CallPriority.Needed ? Patience : WorkersPatience, time);
            return true;
        }
        catch (TimeoutException)
        {
            // Its turn may have come in this very moment.
            return !turn.TrySetCanceled();
        }
    }

    private async Task Give(RateLimit limit)
    {
        while (Wanted() is > 0 and var wanted)
        {
            var askedAt = time.GetTimestamp();
            try
            {
                var places = await paces.Take(provider, limit, Math.Min(wanted, Math.Max(1, (int)(Ahead / limit.Every))), CancellationToken.None);
                for (var place = 0; place < places.Count; place++)
                {
                    var wait = places.FirstIn + (limit.Every * place) - time.GetElapsedTime(askedAt);
                    if (wait > TimeSpan.Zero)
                        await Task.Delay(wait, time);
                    GiveNext();
                }
            }
            catch (StorageUnavailableException)
            {
                // Without the row nobody knows what the other nodes send.
                await Task.Delay(DatabaseAway, time);
            }
        }
    }

    /// <summary>How many wait; giving ends when nobody does.</summary>
    private int Wanted()
    {
        lock (_gate)
        {
            var wanted = _waiting.Sum(queue => queue.Count(turn => !turn.Task.IsCompleted));
            _isGiving = wanted > 0;
            if (!_isGiving)
                Array.ForEach(_waiting, queue => queue.Clear());
            return wanted;
        }
    }

    /// <summary>Lets the most urgent through that still waits; a place that nobody waits for is lost.</summary>
    private void GiveNext()
    {
        lock (_gate)
        {
            foreach (var queue in _waiting)
            {
                while (queue.TryDequeue(out var turn))
                {
                    if (turn.TrySetResult())
                        return;
                }
            }
        }
    }
}
