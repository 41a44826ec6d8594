using Grantkeeper.Resilience;

namespace Grantkeeper.Tests.Resilience;

[Trait("category", "services")]
public sealed class ConcurrencyLimitTests
{
    [Fact]
    public void What_is_needed_goes_before_what_is_due_and_what_only_ages()
    {
        var limit = new ConcurrencyLimit(1);
        limit.Enter(CallPriority.Due).IsCompleted.ShouldBeTrue();
        var (keepAlive, due, needed) = (limit.Enter(CallPriority.KeepAlive), limit.Enter(CallPriority.Due), limit.Enter(CallPriority.Needed));
        limit.Leave(isGood: true);
        (needed.IsCompleted, due.IsCompleted, keepAlive.IsCompleted).ShouldBe((true, false, false));
        limit.Leave(isGood: true);
        (due.IsCompleted, keepAlive.IsCompleted).ShouldBe((true, false));
        limit.Leave(isGood: true);
        keepAlive.IsCompleted.ShouldBeTrue();
        limit.Running.ShouldBe(1);
    }

    [Fact]
    public void After_an_outage_it_begins_with_eight_and_doubles_with_every_good_round()
    {
        var limit = new ConcurrencyLimit(100);
        limit.Shrink();
        limit.Limit.ShouldBe(8);
        Round(limit, 7, good: true);
        limit.Limit.ShouldBe(8);
        Round(limit, 1, good: false);
        Round(limit, 8, good: true);
        limit.Limit.ShouldBe(16);
        Round(limit, 16 + 32 + 64, good: true);
        limit.Limit.ShouldBe(100, "never above its own most");
        Round(limit, 200, good: false);
        limit.Limit.ShouldBe(100);
    }

    [Fact]
    public async Task However_many_come_at_once_no_more_run_than_may()
    {
        var limit = new ConcurrencyLimit(5);
        var (running, most) = (0, 0);
        var gate = new Lock();
        await Task.WhenAll(Enumerable.Range(0, 500).Select(n => Task.Run(async () =>
        {
            await limit.Enter((CallPriority)(n % 3));
            lock (gate)
                most = Math.Max(most, ++running);
            await Task.Yield();
            lock (gate)
                running--;
            limit.Leave(isGood: true);
        }, TestContext.Current.CancellationToken)));
        most.ShouldBeLessThanOrEqualTo(5);
        limit.Running.ShouldBe(0);
    }

    private static void Round(ConcurrencyLimit limit, int calls, bool good)
    {
        for (var n = 0; n < calls; n++)
        {
            limit.Enter(CallPriority.Due).IsCompleted.ShouldBeTrue();
            limit.Leave(good);
        }
    }
}
