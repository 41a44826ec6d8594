using Microsoft.Extensions.DependencyInjection;

namespace Grantkeeper.Storage;

/// <summary>
/// The database's clock, carried on by this node's monotonic one, so that the times of a grant mean the same on every node
/// however wrong its wall clock is (invariant I20). Until the first reading it is the wall clock.
/// </summary>
internal sealed class SharedTime(TimeProvider node) : TimeProvider
{
    private sealed record Reading(DateTimeOffset At, long Stamp);

    private volatile Reading? _last;

    public override DateTimeOffset GetUtcNow() => _last is { } last ? last.At + node.GetElapsedTime(last.Stamp) : node.GetUtcNow();

    public override long GetTimestamp() => node.GetTimestamp();

    public override long TimestampFrequency => node.TimestampFrequency;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => node.CreateTimer(callback, state, dueTime, period);

    /// <summary>Takes a reading.</summary>
    /// <param name="databaseNow">What the database said.</param>
    /// <param name="askedAt">The monotonic time before it was asked; the answer is taken to be of the middle of the way.</param>
    public void Take(DateTimeOffset databaseNow, long askedAt)
    {
        var now = node.GetTimestamp();
        _last = new Reading(databaseNow + (node.GetElapsedTime(askedAt, now) / 2), now);
    }
}

/// <summary>Registers what judges times that others wrote, such as a token's end: by the database's clock, not by this node's.</summary>
internal static class SharedTimeServices
{
    public static void BySharedTime<T>(this IServiceCollection services) where T : class => services.BySharedTime<T, T>();

    public static void BySharedTime<TService, T>(this IServiceCollection services) where TService : class where T : class, TService =>
        services.AddSingleton<TService>(provider => ActivatorUtilities.CreateInstance<T>(provider, provider.GetRequiredService<SharedTime>()));
}
