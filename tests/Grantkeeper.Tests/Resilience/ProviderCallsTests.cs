using Grantkeeper.Encryption;
using Grantkeeper.OAuth;
using Grantkeeper.Providers;
using Grantkeeper.Resilience;
using Grantkeeper.Settings;
using Grantkeeper.Testing.Time;
using Grantkeeper.Testing.Twins;

namespace Grantkeeper.Tests.Resilience;

/// <summary>One operation: how often it sends, how long it waits, and what the circuit hears of it.</summary>
[Trait("category", "services")]
public sealed class ProviderCallsTests
{
    private static readonly TokenAnswer Good = new(new TokenResponse { AccessToken = new Secret("a") }, null);
    private static readonly TokenAnswer Busy = new(null, new TokenFailure(TokenFailureKind.Transient, Delivery.NotProcessed, "http_503"));
    private static readonly TokenAnswer Lost = new(null, new TokenFailure(TokenFailureKind.Transient, Delivery.Ambiguous, "timeout"));
    private static readonly TokenAnswer Dead = new(null, new TokenFailure(TokenFailureKind.Rejected, Delivery.Refused, "invalid_grant"));

    private readonly ManualTimeProvider _time = new();
    private readonly ProviderCalls _calls;
    private readonly List<TimeSpan> _sentAt = [];
    private double _dice = 0.5;

    public ProviderCallsTests() => _calls = new ProviderCalls(new ResilienceOptions(), key => key == "limited" ? new RateLimit(10, TimeSpan.FromSeconds(1)) : null, new PacesTwin(_time), _time, () => _dice);

    [Fact]
    public async Task Three_busy_answers_and_a_good_one_are_four_requests_at_0_1_3_and_7_seconds()
    {
        var answer = await Run(Busy, Busy, Busy, Good);
        answer.Failure.ShouldBeNull();
        _sentAt.Select(at => at.TotalSeconds).ShouldBe([0, 1, 3, 7]);
        _calls.CircuitOf("p").Failures.ShouldBe(0);
    }

    [Fact]
    public async Task Four_busy_answers_are_one_failure()
    {
        (await Run(Busy, Busy, Busy, Busy, Good)).Failure!.Error.ShouldBe("http_503");
        _sentAt.Count.ShouldBe(4);
        _calls.CircuitOf("p").Failures.ShouldBe(1, "the operation counts once");
    }

    [Theory]
    [InlineData(0, 0.8), InlineData(1, 1.2)]
    public async Task Waits_vary_by_a_fifth(double dice, double seconds)
    {
        _dice = dice;
        await Run(Busy, Good);
        _sentAt[1].TotalSeconds.ShouldBe(seconds, 0.001);
    }

    [Fact]
    public async Task A_longer_wait_that_the_provider_asks_for_is_kept_and_a_very_long_one_ends_the_operation()
    {
        await Run(After(TimeSpan.FromSeconds(5)), Good);
        _sentAt[1].ShouldBe(TimeSpan.FromSeconds(5));
        _sentAt.Clear();
        (await Run(After(TimeSpan.FromMinutes(1)), Good)).Failure!.RetryAfter.ShouldBe(TimeSpan.FromMinutes(1));
        _sentAt.Count.ShouldBe(1);
    }

    [Fact]
    public async Task What_may_have_been_processed_is_sent_again_only_if_the_caller_allows_it()
    {
        (await Run(failure => failure.Delivery == Delivery.NotProcessed, Lost, Good)).Failure!.Error.ShouldBe("timeout");
        _sentAt.Count.ShouldBe(1);
        _sentAt.Clear();
        (await Run(_ => true, Lost, Good)).Failure.ShouldBeNull();
        _sentAt.Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_dead_grant_is_one_request_and_good_news_about_the_provider()
    {
        await Run(_ => true, Lost, Lost, Lost, Lost);
        for (var user = 0; user < 20; user++)
            (await Run(_ => true, Dead)).Failure!.Kind.ShouldBe(TokenFailureKind.Rejected);
        _sentAt.Count.ShouldBe(24);
        var circuit = _calls.CircuitOf("p");
        (circuit.State, circuit.Failures).ShouldBe((CircuitState.Closed, 0));
    }

    [Theory]
    [InlineData("http_429"), InlineData("slow_down")]
    public async Task A_reached_limit_says_nothing_about_the_provider(string error)
    {
        for (var n = 0; n < 10; n++)
            await Run(_ => false, new TokenAnswer(null, new TokenFailure(TokenFailureKind.Transient, Delivery.NotProcessed, error)));
        _calls.CircuitOf("p").Failures.ShouldBe(0);
    }

    [Fact]
    public async Task An_open_circuit_sends_nothing_and_begins_small_when_it_closes()
    {
        for (var n = 0; n < 5; n++)
            await Run(_ => false, Lost);
        _sentAt.Clear();
        _calls.Refuses("p").ShouldBe(TimeSpan.FromSeconds(60));
        _calls.Refuses("other").ShouldBeNull();
        var refused = await Run(_ => true, Good);
        (refused.Failure!.Error, refused.Failure.Delivery, refused.Failure.RetryAfter).ShouldBe((ProviderCalls.CircuitOpen, Delivery.NotProcessed, TimeSpan.FromSeconds(60)));
        _sentAt.ShouldBeEmpty();
        _calls.LoadOf("p").ShouldBe((0, 8));

        _time.Advance(TimeSpan.FromSeconds(60));
        for (var n = 0; n < 3; n++)
            await Run(Good);
        _calls.CircuitOf("p").State.ShouldBe(CircuitState.Closed);
    }

    [Fact]
    public async Task An_operation_that_may_not_send_any_more_ends_with_its_last_answer()
    {
        var answers = new Queue<TokenAnswer?>([Busy, null]);
        var run = _calls.Run("p", CallPriority.Needed, () => Task.FromResult(answers.Dequeue()), _ => true);
        await _time.WaitForTimers(1);
        _time.Advance(TimeSpan.FromSeconds(1));
        (await run).Failure!.Error.ShouldBe("http_503");
        var unsent = await _calls.Run("p", CallPriority.Needed, () => Task.FromResult<TokenAnswer?>(null), _ => true);
        unsent.Failure!.Error.ShouldBe(ProviderCalls.NotSent);
        _calls.LoadOf("p").Running.ShouldBe(0);
    }

    [Fact]
    public async Task A_provider_with_a_limit_gets_repeats_at_its_pace_and_is_refused_when_too_many_wait()
    {
        (_calls.RoomFor("p"), _calls.RoomFor("limited")).ShouldBe((int.MaxValue, 33));
        var sends = Enumerable.Range(0, 200).Select(_ => _calls.Run("limited", CallPriority.Needed, () => Task.FromResult<TokenAnswer?>(Good), _ => true)).ToList();
        _calls.Refuses("limited").ShouldNotBeNull().ShouldBeGreaterThan(ProviderPace.Patience);
        (_calls.RoomFor("limited"), _calls.Refuses("p")).ShouldBe((0, null));
        var all = Task.WhenAll(sends);
        while (await Task.WhenAny(all, _time.WaitForTimers(1)) != all)
            _time.Advance(TimeSpan.FromMilliseconds(100));
        var answers = await all;
        answers.Count(answer => answer.Failure is null).ShouldBeInRange(60, 80);
        answers.Where(answer => answer.Failure is not null).ShouldAllBe(answer => answer.Failure!.Error == ProviderCalls.LimitReached && answer.Failure.Delivery == Delivery.NotProcessed);
        _calls.CircuitOf("limited").Failures.ShouldBe(0, "it is our own limit");
    }

    [Fact]
    public async Task A_bug_in_between_takes_no_place_for_good()
    {
        await Should.ThrowAsync<InvalidOperationException>(() => _calls.Run("p", CallPriority.Needed, () => throw new InvalidOperationException(), _ => true));
        _calls.LoadOf("p").Running.ShouldBe(0);
        (await Run(Good)).Failure.ShouldBeNull();
    }

    private static TokenAnswer After(TimeSpan wait) => new(null, new TokenFailure(TokenFailureKind.Transient, Delivery.NotProcessed, "http_503", wait));

    private Task<TokenAnswer> Run(params TokenAnswer[] answers) => Run(failure => failure.Delivery == Delivery.NotProcessed, answers);

    private async Task<TokenAnswer> Run(Func<TokenFailure, bool> mayRepeat, params TokenAnswer[] answers)
    {
        var (next, start) = (new Queue<TokenAnswer>(answers), _time.GetTimestamp());
        var run = _calls.Run("p", CallPriority.Needed, () =>
        {
            _sentAt.Add(_time.GetElapsedTime(start));
            return Task.FromResult<TokenAnswer?>(next.Dequeue());
        }, mayRepeat);
        // The clock moves only while the operation waits for it.
        while (await Task.WhenAny(run, _time.WaitForTimers(1)) != run)
            _time.Advance(TimeSpan.FromMilliseconds(100));
        return await run;
    }
}
