namespace Grantkeeper.Resilience;

/// <summary>What goes first when a provider's limit is reached.</summary>
internal enum CallPriority
{
    /// <summary>Somebody waits for the token.</summary>
    Needed,

    /// <summary>A token that is about to end.</summary>
    Due,

    /// <summary>An idle grant that is only kept from ageing.</summary>
    KeepAlive,
}

/// <summary>
/// How many operations run at one provider at once on this node. After an outage it begins small and doubles with every
/// round that went well, so that a provider that has just come back is not knocked down again (invariant I12).
/// </summary>
internal sealed class ConcurrencyLimit
{
    private const int FirstAfterOutage = 8;

    private readonly Lock _gate = new();
    private readonly Queue<TaskCompletionSource>[] _waiting = [new(), new(), new()];
    private readonly int _most;
    private int _limit;
    private int _running;
    private int _goodInARow;

    public ConcurrencyLimit(int most) => (_most, _limit) = (most, most);

    /// <summary>Now running, for metrics.</summary>
    public int Running
    {
        get
        {
            lock (_gate)
                return _running;
        }
    }

    /// <summary>How many may run now.</summary>
    public int Limit
    {
        get
        {
            lock (_gate)
                return _limit;
        }
    }

    /// <summary>Completes when the operation may run; it must end with <see cref="Leave"/>.</summary>
    public Task Enter(CallPriority priority)
    {
        lock (_gate)
        {
            if (_running < _limit)
            {
                _running++;
                return Task.CompletedTask;
            }

            var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting[(int)priority].Enqueue(turn);
            return turn.Task;
        }
    }

    /// <summary>An operation has ended.</summary>
    /// <param name="isGood">True when the provider answered; the limit grows back.</param>
    public void Leave(bool isGood)
    {
        List<TaskCompletionSource> next = [];
        lock (_gate)
        {
            _running--;
            if (_limit < _most)
            {
                _goodInARow = isGood ? _goodInARow + 1 : 0;
                if (_goodInARow >= _limit)
                    (_limit, _goodInARow) = (Math.Min(_most, _limit * 2), 0);
            }

            while (_running < _limit && _waiting.FirstOrDefault(queue => queue.Count > 0) is { } queue)
            {
                _running++;
                next.Add(queue.Dequeue());
            }
        }

        foreach (var turn in next)
            turn.SetResult();
    }

    /// <summary>The provider is in an outage: begin small when it is back.</summary>
    public void Shrink()
    {
        lock (_gate)
            (_limit, _goodInARow) = (Math.Min(_most, FirstAfterOutage), 0);
    }
}
