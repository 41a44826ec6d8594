using Grantkeeper.Providers;
using Grantkeeper.Resilience;
using Grantkeeper.Storage;
using Grantkeeper.Testing.Time;
using Grantkeeper.Testing.Twins;

namespace Grantkeeper.Tests.Resilience;

/// <summary>Requests to a provider with a stated limit: their pace, their order, and what happens when they are too many.</summary>
[Trait("category", "services")]
public sealed class ProviderPaceTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly PacesTwin _row;
    private readonly ProviderPace _pace;

    public ProviderPaceTests()
    {
        _row = new PacesTwin(_time);
        _pace = new ProviderPace("p", _row, _time);
    }

    [Theory]
    [InlineData(1, 1), InlineData(5, 1), InlineData(10, 1), InlineData(40, 2), InlineData(3, 60)]
    public async Task No_span_of_the_limits_length_sees_more_than_the_limit(int requests, int seconds)
    {
        var limit = new RateLimit(requests, TimeSpan.FromSeconds(seconds));
        var sent = new List<TimeSpan>();
        // As the places are given, so requests would be sent that always find someone waiting.
        for (var n = 0; n < 6 * requests; n++)
        {
            var place = await _row.Take("q", limit, 1, default);
            if (place.FirstIn > TimeSpan.Zero)
                _time.Advance(place.FirstIn);
            sent.Add(TimeSpan.FromTicks(_time.GetTimestamp()));
        }

        sent.Max(first => sent.Count(at => at >= first && at < first + limit.Per)).ShouldBeLessThanOrEqualTo(requests);
        // And no more is wasted than is set aside.
        sent.Count(at => at < 2 * limit.Per).ShouldBeGreaterThanOrEqualTo(Math.Max(1, (int)(requests * 1.6)));
    }

    [Fact]
    public async Task Who_is_needed_goes_before_what_is_due_and_that_before_what_is_kept_alive()
    {
        var limit = new RateLimit(1, TimeSpan.FromSeconds(1));
        (await _pace.Enter(limit, CallPriority.KeepAlive)).ShouldBeTrue("nobody else waits");
        var order = new List<(string Who, Task<bool> Turn)>
        {
            ("held", _pace.Enter(limit, CallPriority.KeepAlive)), ("kept alive", _pace.Enter(limit, CallPriority.KeepAlive)), ("due", _pace.Enter(limit, CallPriority.Due)), ("needed", _pace.Enter(limit, CallPriority.Needed)),
        };
        // One place at a time is taken, for whoever goes first when it comes.
        var went = new List<string>();
        while (order.Count > 0)
        {
            _time.Advance(limit.Every);
            var turn = await Task.WhenAny(order.Select(entry => entry.Turn));
            (await turn).ShouldBeTrue();
            went.Add(order.Find(entry => entry.Turn == turn).Who);
            order.RemoveAll(entry => entry.Turn == turn);
        }

        went.ShouldBe(["needed", "due", "held", "kept alive"]);
    }

    [Fact]
    public async Task Nobody_waits_longer_than_eight_seconds()
    {
        var limit = new RateLimit(1, TimeSpan.FromMinutes(1));
        (await _pace.Enter(limit, CallPriority.Needed)).ShouldBeTrue();
        var turn = _pace.Enter(limit, CallPriority.Needed);
        await _time.WaitForTimers(2);
        _pace.Backlog(limit).TotalSeconds.ShouldBe(60 / 0.85, 0.01);
        _time.Advance(ProviderPace.Patience);
        (await turn).ShouldBeFalse();
    }

    [Fact]
    public async Task While_the_database_is_away_nothing_is_sent()
    {
        var (limit, row) = (new RateLimit(100, TimeSpan.FromSeconds(1)), new AwayOnce(_row));
        var turn = new ProviderPace("p", row, _time).Enter(limit, CallPriority.Needed);
        await _time.WaitForTimers(2);
        turn.IsCompleted.ShouldBeFalse();
        _time.Advance(TimeSpan.FromSeconds(1));
        (await turn).ShouldBeTrue();
        row.Asked.ShouldBe(2);
    }

    private sealed class AwayOnce(IRequestPaces row) : IRequestPaces
    {
        public int Asked { get; private set; }

        public Task<Places> Take(string provider, RateLimit limit, int count, CancellationToken cancellation) =>
            ++Asked == 1 ? throw new StorageUnavailableException(new IOException()) : row.Take(provider, limit, count, cancellation);
    }
}
