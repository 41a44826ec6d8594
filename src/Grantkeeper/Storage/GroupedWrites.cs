namespace Grantkeeper.Storage;

/// <summary>
/// Lets writes that come while one is under way share the next one: one statement and one commit for all of them. A lone
/// caller is a group of one and waits for nobody. Groups are written one after the other, in the order of arrival.
/// </summary>
/// <param name="most">The largest group; the rest goes into the next one.</param>
/// <param name="write">
/// Writes a group and gives one result for each of its requests, in their order. When it fails over a group for another
/// reason than a database that is away, each request is written alone: one value that PostgreSQL refuses must not cost the
/// others theirs.
/// </param>
internal sealed class GroupedWrites<TRequest, TResult>(int most, Func<IReadOnlyList<TRequest>, Task<IReadOnlyList<TResult>>> write)
{
    private readonly Lock _gate = new();
    private readonly Queue<Pending> _waiting = new();
    private bool _isWriting;

    private sealed record Pending(TRequest Request, CancellationToken Cancellation)
    {
        public TaskCompletionSource<TResult> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>The request's own result. Cancelled before its group is begun, it is not written; afterwards only the wait ends.</summary>
    public Task<TResult> Write(TRequest request, CancellationToken cancellation)
    {
        var pending = new Pending(request, cancellation);
        lock (_gate)
        {
            _waiting.Enqueue(pending);
            if (_isWriting)
                return pending.Done.Task.WaitAsync(cancellation);
            _isWriting = true;
        }

        _ = WriteGroups();
        return pending.Done.Task.WaitAsync(cancellation);
    }

    private async Task WriteGroups()
    {
        while (Next() is { } group)
            await Write(group);
    }

    /// <summary>Those who wait now; null, and the writing ends, when nobody does.</summary>
    private List<Pending>? Next()
    {
        var group = new List<Pending>();
        lock (_gate)
        {
            while (group.Count < most && _waiting.TryDequeue(out var pending))
            {
                if (!pending.Cancellation.IsCancellationRequested)
                    group.Add(pending);
            }

            if (group.Count > 0)
                return group;
            _isWriting = false;
            return null;
        }
    }

    private async Task Write(List<Pending> group)
    {
        try
        {
            var results = await write(group.ConvertAll(pending => pending.Request));
            for (var index = 0; index < group.Count; index++)
                group[index].Done.SetResult(results[index]);
        }
        catch (Exception exception) when (group.Count > 1 && exception is not StorageUnavailableException)
        {
            foreach (var pending in group)
                await Write([pending]);
        }
        catch (Exception exception)
        {
            foreach (var pending in group)
                pending.Done.SetException(exception);
        }
    }
}
