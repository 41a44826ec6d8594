using System.Globalization;

namespace Grantkeeper.Failpoints;

/// <summary>What happens at one point.</summary>
/// <param name="Point">Where.</param>
/// <param name="Pause">How long the flow stands there; null: the process ends itself, as kill -9 does.</param>
/// <param name="Hit">Only the so-many-th time it is reached, counted from 1; null: each time.</param>
internal sealed record Failpoint(string Point, TimeSpan? Pause, int? Hit);

/// <summary>
/// Faults that a campaign asked a node for: <c>GRANTKEEPER_FAILPOINTS=refresh.answered=kill@3,refresh.leased=pause:5000,lease=4,clock=-3600</c>.
/// </summary>
/// <param name="Failpoints">Where and what.</param>
/// <param name="Lease">How long leases last, for campaigns that outlast them; null: as always.</param>
/// <param name="Clock">How far the wall clock of this process is off.</param>
internal sealed record FailpointPlan(IReadOnlyList<Failpoint> Failpoints, TimeSpan? Lease, TimeSpan Clock)
{
    public const string Variable = "GRANTKEEPER_FAILPOINTS";

    /// <summary>Reads a plan; every part that is none is told. Null when there is nothing to read or something wrong.</summary>
    public static FailpointPlan? Read(string? text, List<string> faults)
    {
        if (string.IsNullOrWhiteSpace(text))
            return null;
        var (points, lease, clock, before) = (new List<Failpoint>(), default(TimeSpan?), TimeSpan.Zero, faults.Count);
        foreach (var part in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var (name, action) = part.Split('=', 2) is [var left, var right] ? (left, right) : (part, "");
            if (name == "lease" && Seconds(action) is { TotalSeconds: >= 1 and <= 60 } leased)
                lease = leased;
            else if (name == "clock" && Seconds(action) is { } offset)
                clock = offset;
            else if (Points.All.Contains(name) && Action(name, action) is { } point)
                points.Add(point);
            else
                faults.Add($"{Variable}: \"{part}\" is no failpoint. Write point=kill or point=pause:MILLISECONDS, with @N for the N-th time only, or lease=SECONDS or clock=SECONDS. Points: {string.Join(", ", Points.All)}.");
        }

        return faults.Count == before ? new FailpointPlan(points, lease, clock) : null;
    }

    private static TimeSpan? Seconds(string text) => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds) ? TimeSpan.FromSeconds(seconds) : null;

    private static Failpoint? Action(string point, string text)
    {
        var (what, hit) = text.Split('@') switch
        {
            [var only] => (only, default(int?)),
            [var first, var number] when int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n > 0 => (first, n),
            _ => ("", null),
        };
        return what switch
        {
            "kill" => new Failpoint(point, null, hit),
            _ when what.StartsWith("pause:", StringComparison.Ordinal) && int.TryParse(what["pause:".Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var ms) => new Failpoint(point, TimeSpan.FromMilliseconds(ms), hit),
            _ => null,
        };
    }
}

/// <summary>Carries a plan out.</summary>
internal sealed class PlannedFailpoints(FailpointPlan plan, TimeProvider time) : IFailpoints
{
    private readonly int[] _hits = new int[plan.Failpoints.Count];

    public async ValueTask Reach(string point)
    {
        for (var index = 0; index < plan.Failpoints.Count; index++)
        {
            var planned = plan.Failpoints[index];
            if (planned.Point != point || (planned.Hit is { } hit && Interlocked.Increment(ref _hits[index]) != hit))
                continue;
            if (planned.Pause is { } pause)
            {
                await Task.Delay(pause, time);
                continue;
            }

            using var self = System.Diagnostics.Process.GetCurrentProcess();
            self.Kill();
            // Nothing of this flow happens after the signal, however long its delivery takes.
            await Task.Delay(Timeout.InfiniteTimeSpan, time);
        }
    }
}

/// <summary>A wall clock that is off; the monotonic one is right.</summary>
internal sealed class OffsetTime(TimeSpan offset) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + offset;
}
