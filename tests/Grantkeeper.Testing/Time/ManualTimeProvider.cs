namespace Grantkeeper.Testing.Time;

/// <summary>
/// A clock that stands still until a test moves it, with timers that fire while it moves, in order of their due times
/// and with the clock at the due time. The local time zone is UTC.
/// </summary>
/// <param name="start">Where the clock stands at first. Default: noon of a fixed day, so that snapshots stay equal.</param>
public sealed class ManualTimeProvider(DateTimeOffset? start = null) : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<ManualTimer> _armed = [];
    private readonly List<(int AtLeast, TaskCompletionSource Reached)> _waiters = [];
    private readonly DateTimeOffset _start = (start ?? new DateTimeOffset(2026, 1, 15, 12, 0, 0, TimeSpan.Zero)).ToUniversalTime();
    private TimeSpan _elapsed;

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>How many timers, and so delays and timeouts, wait for the clock to move.</summary>
    public int ArmedTimers
    {
        get
        {
            lock (_gate)
                return _armed.Count;
        }
    }

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
            return _start + _elapsed;
    }

    /// <inheritdoc/>
    public override long GetTimestamp()
    {
        lock (_gate)
            return _elapsed.Ticks;
    }

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves the clock forward and fires every timer that falls due on the way, also those set on the way.</summary>
    /// <param name="by">How far; not negative.</param>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        TimeSpan target;
        lock (_gate)
            target = _elapsed + by;
        while (TakeDue(target) is { } timer)
            timer.Fire();
        lock (_gate)
            _elapsed = Max(_elapsed, target);
    }

    /// <summary>Moves the clock forward to a point in time, if it is not there yet.</summary>
    public void AdvanceTo(DateTimeOffset time)
    {
        var distance = time - GetUtcNow();
        if (distance > TimeSpan.Zero)
            Advance(distance);
    }

    /// <summary>Returns once at least that many timers wait: the code under test has then reached its delay, and the clock can move.</summary>
    public Task WaitForTimers(int atLeast = 1, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            if (_armed.Count >= atLeast)
                return Task.CompletedTask;
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((atLeast, reached));
            return reached.Task.WaitAsync(cancellationToken);
        }
    }

    // Timers due at the same time fire in the order in which they were set: MinBy keeps the first.
    private ManualTimer? TakeDue(TimeSpan target)
    {
        lock (_gate)
        {
            var timer = _armed.MinBy(candidate => candidate.Due);
            if (timer is null || timer.Due > target)
                return null;
            _elapsed = Max(_elapsed, timer.Due);
            _armed.Remove(timer);
            if (timer.Period > TimeSpan.Zero)
                Arm(timer, timer.Due + timer.Period);
            return timer;
        }
    }

    private void Arm(ManualTimer timer, TimeSpan due)
    {
        timer.Due = due;
        _armed.Add(timer);
        foreach (var (_, reached) in _waiters.Where(waiter => _armed.Count >= waiter.AtLeast))
            reached.TrySetResult();
        _waiters.RemoveAll(waiter => waiter.Reached.Task.IsCompleted);
    }

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private sealed class ManualTimer(ManualTimeProvider clock, TimerCallback callback, object? state) : ITimer
    {
        private bool _disposed;

        public TimeSpan Due { get; set; }

        public TimeSpan Period { get; private set; }

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._gate)
            {
                if (_disposed)
                    return false;
                clock._armed.Remove(this);
                Period = period;
                if (dueTime != Timeout.InfiniteTimeSpan)
                    clock.Arm(this, clock._elapsed + dueTime);
                return true;
            }
        }

        public void Dispose()
        {
            lock (clock._gate)
            {
                _disposed = true;
                clock._armed.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
