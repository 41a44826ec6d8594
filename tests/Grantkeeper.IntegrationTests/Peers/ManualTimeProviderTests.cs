using Grantkeeper.Testing.Time;

namespace Grantkeeper.IntegrationTests.Peers;

[Trait("category", "kit")]
public sealed class ManualTimeProviderTests
{
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void The_clock_moves_only_when_told()
    {
        var (before, stamp) = (_time.GetUtcNow(), _time.GetTimestamp());

        _time.GetUtcNow().ShouldBe(before);
        _time.Advance(TimeSpan.FromHours(2));

        (_time.GetUtcNow() - before).ShouldBe(TimeSpan.FromHours(2));
        _time.GetElapsedTime(stamp).ShouldBe(TimeSpan.FromHours(2));
    }

    [Fact]
    public void Timers_fire_in_order_and_each_sees_its_own_due_time()
    {
        var start = _time.GetUtcNow();
        var fired = new List<(string Name, double Seconds)>();
        using var late = Timer("late", 3);
        using var early = Timer("early", 1);
        using var never = Timer("never", 60);

        _time.Advance(TimeSpan.FromSeconds(5));

        fired.ShouldBe([("early", 1), ("late", 3)]);
        _time.GetUtcNow().ShouldBe(start.AddSeconds(5));
        _time.ArmedTimers.ShouldBe(1);

        ITimer Timer(string name, double due) => _time.CreateTimer(
            _ => fired.Add((name, (_time.GetUtcNow() - start).TotalSeconds)), null, TimeSpan.FromSeconds(due), Timeout.InfiniteTimeSpan);
    }

    [Fact]
    public void A_period_fires_once_for_each_time_that_passes_and_stops_when_disposed()
    {
        var fired = 0;
        var timer = _time.CreateTimer(_ => fired++, null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));

        _time.Advance(TimeSpan.FromSeconds(6));
        timer.Dispose();
        _time.Advance(TimeSpan.FromSeconds(6));

        fired.ShouldBe(3);
        timer.Change(TimeSpan.Zero, TimeSpan.Zero).ShouldBeFalse();
    }

    [Fact]
    public async Task A_delay_ends_when_the_clock_has_passed_it()
    {
        var delay = Task.Delay(TimeSpan.FromMinutes(5), _time);

        _time.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromTicks(1));
        delay.IsCompleted.ShouldBeFalse();
        _time.Advance(TimeSpan.FromTicks(1));

        await delay;
    }

    [Fact]
    public async Task A_test_can_wait_until_the_code_under_test_has_reached_its_delay()
    {
        var worker = Task.Run(async () =>
        {
            await Task.Delay(TimeSpan.FromMinutes(1), _time);
            return _time.GetUtcNow();
        });

        await _time.WaitForTimers();
        var due = _time.GetUtcNow().AddMinutes(1);
        _time.AdvanceTo(due);

        (await worker).ShouldBe(due);
    }

    [Fact]
    public void A_cancelled_timeout_leaves_no_timer_behind()
    {
        using (var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(1), _time))
        {
            _time.ArmedTimers.ShouldBe(1);
            _time.Advance(TimeSpan.FromSeconds(1));
            timeout.IsCancellationRequested.ShouldBeTrue();
        }

        _time.ArmedTimers.ShouldBe(0);
    }
}
