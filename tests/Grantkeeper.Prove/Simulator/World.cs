namespace Grantkeeper.Prove.Simulator;

/// <summary>Where code runs: a life of a node, from its start to its crash.</summary>
internal sealed class Life(World world, string name) : SynchronizationContext
{
    private readonly List<Action> _held = [];
    private TimeSpan _lastPause;
    private long _resumedAt;

    public string Name { get; } = name;

    /// <summary>True after a crash: nothing of this life runs any more.</summary>
    public bool IsOver { get; private set; }

    /// <summary>True while the process is stopped, as SIGSTOP does it.</summary>
    public bool IsPaused { get; private set; }

    /// <summary>When it was stopped last.</summary>
    public long PausedAt { get; private set; }

    /// <summary>How often it was stopped, so that a caller can see that it was meanwhile.</summary>
    public int Pauses { get; private set; }

    /// <summary>True when its last stop was a short one, or ended this long ago.</summary>
    public bool HasRunFor(TimeSpan time, TimeSpan unlessShorterThan) => _lastPause < unlessShorterThan || world.Now - _resumedAt >= time.Ticks;

    public override void Post(SendOrPostCallback d, object? state) => Run(() => d(state));

    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException("The engine never blocks.");

    public override SynchronizationContext CreateCopy() => this;

    /// <summary>Lets an action run in this life, in its turn.</summary>
    public void Run(Action action)
    {
        if (IsOver)
            return;
        if (IsPaused)
            _held.Add(action);
        else
            world.Ready(this, action);
    }

    public void End() => IsOver = true;

    public void Pause(TimeSpan time)
    {
        if (IsOver || IsPaused)
            return;
        (IsPaused, Pauses, PausedAt) = (true, Pauses + 1, world.Now);
        world.After(time, () =>
        {
            (IsPaused, _lastPause, _resumedAt) = (false, time, world.Now);
            foreach (var action in _held)
                Run(action);
            _held.Clear();
        });
    }

    /// <summary>Takes what was ready when the process was stopped.</summary>
    internal void Hold(Action action) => _held.Add(action);
}

/// <summary>
/// Time and order: one thread, a clock that jumps from event to event, and dice that choose which of the ready actions is
/// next. Everything follows from the seed.
/// </summary>
internal sealed class World(Dice dice)
{
    private readonly List<(Life Life, Action Action)> _ready = [];
    private readonly PriorityQueue<Event, (long Due, long Number)> _events = new();
    private long _number;

    internal sealed class Event(Action action)
    {
        public Action? Action { get; set; } = action;
    }

    /// <summary>Ticks of 100 ns since the world began.</summary>
    public long Now { get; private set; }

    /// <summary>How many actions have run.</summary>
    public long Steps { get; private set; }

    public Dice Dice { get; } = dice;

    /// <summary>The true time.</summary>
    public DateTimeOffset TrueTime => new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddTicks(Now);

    public void Ready(Life life, Action action) => _ready.Add((life, action));

    /// <summary>Something that happens by itself, outside of all nodes.</summary>
    public Event After(TimeSpan time, Action action)
    {
        var happens = new Event(action);
        _events.Enqueue(happens, (Now + Math.Max(0, time.Ticks), _number++));
        return happens;
    }

    /// <summary>Lets everything happen that is due within this time.</summary>
    public void Run(TimeSpan time)
    {
        var end = Now + time.Ticks;
        while (true)
        {
            if (_ready.Count > 0)
            {
                var index = Dice.Below(_ready.Count);
                var (life, action) = _ready[index];
                _ready[index] = _ready[^1];
                _ready.RemoveAt(_ready.Count - 1);
                Take(life, action);
            }
            else if (_events.TryPeek(out _, out var next) && next.Due <= end)
            {
                Now = Math.Max(Now, next.Due);
                _events.Dequeue().Action?.Invoke();
            }
            else
            {
                Now = end;
                return;
            }
        }
    }

    private void Take(Life life, Action action)
    {
        if (life.IsOver)
            return;
        if (life.IsPaused)
        {
            life.Hold(action);
            return;
        }

        Steps++;
        var before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(life);
        try
        {
            action();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }
}

/// <summary>A node's clock: its wall clock may stand anywhere and be set; its monotonic one is everybody's.</summary>
internal sealed class NodeTime(World world, Life life, TimeSpan offset) : TimeProvider
{
    /// <summary>How far the wall clock is off.</summary>
    public TimeSpan Offset { get; set; } = offset;

    public override DateTimeOffset GetUtcNow() => world.TrueTime + Offset;

    public override long GetTimestamp() => world.Now;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(world, life, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class Timer(World world, Life life, TimerCallback callback, object? state) : ITimer
    {
        private World.Event? _next;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (_next is not null)
                _next.Action = null;
            _next = dueTime == Timeout.InfiniteTimeSpan ? null : world.After(dueTime, () => Fire(period));
            return true;
        }

        public void Dispose()
        {
            if (_next is not null)
                _next.Action = null;
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Fire(TimeSpan period)
        {
            var fired = _next;
            if (period > TimeSpan.Zero)
                _next = world.After(period, () => Fire(period));
            life.Run(() =>
            {
                // Stopped between its time and its turn.
                if (fired?.Action is not null)
                    callback(state);
            });
        }
    }
}
