using Grantkeeper.Resilience;
using Grantkeeper.Settings;
using Grantkeeper.Testing.Time;

namespace Grantkeeper.Tests.Resilience;

/// <summary>Closed, open, half open: the documented defaults 5, 60 seconds, 3, and other ones.</summary>
[Trait("category", "services")]
public sealed class CircuitBreakerTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly CircuitBreaker _circuit;

    public CircuitBreakerTests() => _circuit = new CircuitBreaker(new ResilienceOptions(), _time);

    private CircuitState State => _circuit.Snapshot().State;

    [Fact]
    public void The_fifth_failure_in_a_row_opens_it()
    {
        Fail(4);
        State.ShouldBe(CircuitState.Closed);
        Succeed();
        Fail(4);
        State.ShouldBe(CircuitState.Closed, "a success in between starts the row anew");
        Fail(1);
        State.ShouldBe(CircuitState.Open);
        _circuit.TryEnter(out var wait).ShouldBeFalse();
        wait.ShouldBe(TimeSpan.FromSeconds(60));
        (_circuit.Snapshot().Failures, _circuit.Snapshot().LastFailureAt).ShouldBe((5, _time.GetUtcNow()));
    }

    [Fact]
    public void After_a_minute_one_probe_passes_and_the_third_good_one_closes_it()
    {
        Fail(5);
        _time.Advance(TimeSpan.FromSeconds(59));
        _circuit.TryEnter(out var wait).ShouldBeFalse();
        wait.ShouldBe(TimeSpan.FromSeconds(1));
        _time.Advance(TimeSpan.FromSeconds(1));
        _circuit.TryEnter(out _).ShouldBeTrue();
        _circuit.TryEnter(out _).ShouldBeFalse("one probe at a time");
        State.ShouldBe(CircuitState.HalfOpen);
        _circuit.Succeeded();
        Succeed();
        State.ShouldBe(CircuitState.HalfOpen);
        Succeed();
        State.ShouldBe(CircuitState.Closed);
    }

    [Fact]
    public void A_probe_that_fails_opens_it_for_another_minute()
    {
        Fail(5);
        _time.Advance(TimeSpan.FromSeconds(60));
        Succeed();
        Fail(1);
        State.ShouldBe(CircuitState.Open);
        _time.Advance(TimeSpan.FromSeconds(59));
        _circuit.TryEnter(out _).ShouldBeFalse();
        _time.Advance(TimeSpan.FromSeconds(1));
        Succeed();
        Succeed();
        State.ShouldBe(CircuitState.HalfOpen, "the good probe of before does not count");
    }

    [Fact]
    public void A_probe_that_tells_nothing_leaves_room_for_the_next()
    {
        Fail(5);
        _time.Advance(TimeSpan.FromSeconds(60));
        _circuit.TryEnter(out _).ShouldBeTrue();
        _circuit.Leave();
        _circuit.TryEnter(out _).ShouldBeTrue();
    }

    [Fact]
    public void Operations_that_began_before_it_opened_do_not_keep_it_open_longer()
    {
        for (var n = 0; n < 10; n++)
            _circuit.TryEnter(out _).ShouldBeTrue();
        for (var n = 0; n < 5; n++)
            _circuit.Failed();
        _time.Advance(TimeSpan.FromSeconds(30));
        _circuit.Failed();
        _time.Advance(TimeSpan.FromSeconds(30));
        _circuit.TryEnter(out _).ShouldBeTrue();
    }

    [Fact]
    public void Other_settings_are_followed()
    {
        var circuit = new CircuitBreaker(new ResilienceOptions { FailureThreshold = 2, RecoveryTimeout = TimeSpan.FromSeconds(5), SuccessThreshold = 1 }, _time);
        for (var n = 0; n < 2; n++)
        {
            circuit.TryEnter(out _);
            circuit.Failed();
        }

        circuit.Snapshot().State.ShouldBe(CircuitState.Open);
        _time.Advance(TimeSpan.FromSeconds(5));
        circuit.TryEnter(out _).ShouldBeTrue();
        circuit.Succeeded();
        circuit.Snapshot().State.ShouldBe(CircuitState.Closed);
    }

    private void Fail(int times)
    {
        for (var n = 0; n < times; n++)
        {
            _circuit.TryEnter(out _).ShouldBeTrue();
            _circuit.Failed();
        }
    }

    private void Succeed()
    {
        _circuit.TryEnter(out _).ShouldBeTrue();
        _circuit.Succeeded();
    }
}
