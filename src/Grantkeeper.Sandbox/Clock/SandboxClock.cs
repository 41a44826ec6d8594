namespace Grantkeeper.Sandbox.Clock;

/// <summary>The time that every simulated platform goes by: the given clock plus what was added by hand.</summary>
public sealed class SandboxClock : TimeProvider
{
    private readonly TimeProvider inner;
    private long addedTicks;

    /// <summary>A clock that runs along another one.</summary>
    public SandboxClock(TimeProvider inner) => this.inner = inner;

    /// <summary>How far the sandbox is ahead.</summary>
    public TimeSpan Added => TimeSpan.FromTicks(Interlocked.Read(ref addedTicks));

    /// <inheritdoc />
    public override long TimestampFrequency => inner.TimestampFrequency;

    /// <inheritdoc />
    public override DateTimeOffset GetUtcNow() => inner.GetUtcNow() + Added;

    /// <inheritdoc />
    public override long GetTimestamp() => inner.GetTimestamp();

    /// <inheritdoc />
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        inner.CreateTimer(callback, state, dueTime, period);

    /// <summary>Moves the sandbox's time forward; it never goes back.</summary>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        Interlocked.Add(ref addedTicks, by.Ticks);
    }

    internal void Reset() => Interlocked.Exchange(ref addedTicks, 0);
}
