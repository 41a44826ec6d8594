namespace Grantkeeper.Sandbox.Faults;

/// <summary>
/// Answers that are ready and wait for a word: what they say has happened, and nobody has heard it yet. A client that
/// leaves takes its answer with it.
/// </summary>
public sealed class HeldAnswers
{
    private readonly Lock gate = new();
    private readonly List<Held> held = [];
    private TaskCompletionSource changed = NewSignal();

    /// <summary>How many wait now.</summary>
    public int Count
    {
        get { lock (gate) return held.Count; }
    }

    /// <summary>Completes once at least so many wait at the same time.</summary>
    public async Task WaitFor(int atLeast, CancellationToken cancellation)
    {
        while (true)
        {
            Task next;
            lock (gate)
            {
                if (held.Count >= atLeast) return;
                next = changed.Task;
            }

            await next.WaitAsync(cancellation);
        }
    }

    /// <summary>Lets every held answer go, or cuts its connection. Completes when the last one has been written; returns how many.</summary>
    public async Task<int> Release(bool deliver)
    {
        List<Held> all;
        lock (gate)
        {
            all = [.. held];
            held.Clear();
        }

        foreach (var one in all) one.Verdict.TrySetResult(deliver);
        await Task.WhenAll(all.Select(one => one.Written.Task));
        return all.Count;
    }

    /// <summary>Holds one answer until it is released, then gives or cuts it. A client that leaves ends the wait.</summary>
    internal async Task Pass(Func<Task> give, Action cut, CancellationToken clientLeft)
    {
        var one = new Held(NewSignal<bool>(), NewSignal());
        lock (gate)
        {
            held.Add(one);
            changed.SetResult();
            changed = NewSignal();
        }

        try
        {
            if (await one.Verdict.Task.WaitAsync(clientLeft)) await give();
            else cut();
        }
        finally
        {
            lock (gate) held.Remove(one);
            one.Written.SetResult();
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static TaskCompletionSource<T> NewSignal<T>() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed record Held(TaskCompletionSource<bool> Verdict, TaskCompletionSource Written);
}
