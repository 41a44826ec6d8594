using System.Collections.Concurrent;
using Grantkeeper.Tokens;

namespace Grantkeeper.Tests.Tokens;

[Trait("category", "services")]
public sealed class FlightsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly Flights<string, int> _flights = new(new ThreadPoolWork());

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_thousand_callers_share_one_start()
    {
        var gate = new TaskCompletionSource<int>();
        var starts = 0;
        var joined = new ConcurrentBag<Task<int>>();
        Parallel.For(0, 1000, _ => joined.Add(_flights.Join("a", false, () =>
        {
            Interlocked.Increment(ref starts);
            return gate.Task;
        })));
        gate.SetResult(7);
        (await Task.WhenAll(joined).WaitAsync(Patience, Stop)).ShouldAllBe(result => result == 7);
        starts.ShouldBe(1);
    }

    [Fact]
    public async Task Grants_do_not_wait_for_each_other()
    {
        var gate = new TaskCompletionSource<int>();
        var slow = _flights.Join("a", false, () => gate.Task);
        (await _flights.Join("b", false, () => Task.FromResult(2)).WaitAsync(Patience, Stop)).ShouldBe(2);
        slow.IsCompleted.ShouldBeFalse();
        gate.SetResult(1);
        (await slow.WaitAsync(Patience, Stop)).ShouldBe(1);
    }

    [Fact]
    public async Task A_forced_call_starts_after_the_one_that_runs()
    {
        var gate = new TaskCompletionSource<int>();
        var order = new ConcurrentQueue<string>();
        var plain = _flights.Join("a", false, async () =>
        {
            order.Enqueue("plain starts");
            var result = await gate.Task;
            order.Enqueue("plain ends");
            return result;
        });
        var forced = _flights.Join("a", true, () =>
        {
            order.Enqueue("forced starts");
            return Task.FromResult(2);
        });
        forced.IsCompleted.ShouldBeFalse();
        gate.SetResult(1);
        (await plain.WaitAsync(Patience, Stop), await forced.WaitAsync(Patience, Stop)).ShouldBe((1, 2));
        order.ShouldBe(["plain starts", "plain ends", "forced starts"]);
    }

    [Fact]
    public async Task At_most_one_forced_call_waits()
    {
        var gate = new TaskCompletionSource<int>();
        var forcedStarts = 0;
        var plain = _flights.Join("a", false, () => gate.Task);
        var forced = Enumerable.Range(0, 100).Select(_ => _flights.Join("a", true, () => Task.FromResult(Interlocked.Increment(ref forcedStarts)))).ToList();
        _flights.Running.Length.ShouldBe(2);
        _flights.Join("a", false, () => Task.FromResult(99)).ShouldBe(plain);
        gate.SetResult(0);
        (await Task.WhenAll(forced).WaitAsync(Patience, Stop)).ShouldAllBe(result => result == 1);
    }

    [Fact]
    public async Task Many_short_flights_never_wedge_a_grant()
    {
        // The running flight ends between the queueing of the next one and its first step.
        var all = new List<Task<int>>();
        for (var round = 0; round < 20_000; round++)
        {
            var gate = new TaskCompletionSource<int>();
            var key = $"grant-{round}";
            all.Add(_flights.Join(key, false, () => gate.Task));
            all.Add(_flights.Join(key, true, () => Task.FromResult(2)));
            gate.SetResult(1);
        }

        (await Task.WhenAll(all).WaitAsync(Patience, Stop)).Sum().ShouldBe(60_000);
    }

    [Fact]
    public async Task A_flight_that_fails_does_not_wedge_the_grant()
    {
        var gate = new TaskCompletionSource<int>();
        var failing = _flights.Join("a", false, async () => await gate.Task + ThrowNow());
        var forced = _flights.Join("a", true, () => Task.FromResult(2));
        gate.SetResult(1);
        await Should.ThrowAsync<InvalidOperationException>(() => failing.WaitAsync(Patience, Stop));
        (await forced.WaitAsync(Patience, Stop)).ShouldBe(2);
        await Should.ThrowAsync<InvalidOperationException>(() => _flights.Join("b", false, () => throw new InvalidOperationException("at once")).WaitAsync(Patience, Stop));
        await Landed();
        (await _flights.Join("b", false, () => Task.FromResult(3)).WaitAsync(Patience, Stop)).ShouldBe(3);
    }

    [Fact]
    public async Task A_caller_that_gives_up_leaves_the_flight()
    {
        using var impatient = new CancellationTokenSource();
        var gate = new TaskCompletionSource<int>();
        var flight = _flights.Join("a", false, () => gate.Task);
        var waiting = flight.WaitAsync(impatient.Token);
        await impatient.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => waiting);
        var second = _flights.Join("a", false, () => Task.FromResult(99));
        gate.SetResult(1);
        (await second.WaitAsync(Patience, Stop)).ShouldBe(1);
    }

    [Fact]
    public async Task After_the_landing_a_call_starts_anew_and_nothing_is_kept()
    {
        (await _flights.Join("a", false, () => Task.FromResult(1)).WaitAsync(Patience, Stop)).ShouldBe(1);
        await Landed();
        (await _flights.Join("a", false, () => Task.FromResult(2)).WaitAsync(Patience, Stop)).ShouldBe(2);
        await Landed();
    }

    private async Task Landed()
    {
        for (var turn = 0; _flights.Running.Length > 0; turn++)
        {
            turn.ShouldBeLessThan(1_000_000);
            await Task.Yield();
        }
    }

    private static int ThrowNow() => throw new InvalidOperationException("the provider's answer was odd");
}
