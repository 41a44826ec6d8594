using Grantkeeper.Settings;

namespace Grantkeeper.Resilience;

/// <summary>Whether a provider is called at all.</summary>
internal enum CircuitState
{
    /// <summary>It is.</summary>
    Closed,

    /// <summary>It is not: it failed again and again.</summary>
    Open,

    /// <summary>One operation at a time tries whether it has recovered.</summary>
    HalfOpen,
}

/// <summary>A circuit as health shows it.</summary>
/// <param name="State">Its state now.</param>
/// <param name="Failures">Failed operations in a row.</param>
/// <param name="Successes">Good operations since it was last opened, or ever.</param>
/// <param name="LastFailureAt">When an operation failed last.</param>
/// <param name="RetryAfter">While it is open: how long it stays so.</param>
internal readonly record struct CircuitSnapshot(CircuitState State, int Failures, long Successes, DateTimeOffset? LastFailureAt, TimeSpan? RetryAfter);

/// <summary>
/// A provider's circuit: closed until <see cref="ResilienceOptions.FailureThreshold"/> operations in a row fail, then open
/// for <see cref="ResilienceOptions.RecoveryTimeout"/>, then half open until enough probes in a row succeed; one that fails
/// opens it again (R37 to R40). Runs on the monotonic clock.
/// </summary>
internal sealed class CircuitBreaker(ResilienceOptions options, TimeProvider time)
{
    private readonly Lock _gate = new();
    private CircuitState _state;
    private int _failures;
    private int _probeSuccesses;
    private long _successes;
    private bool _isProbing;
    private long _openedAt;
    private DateTimeOffset? _lastFailureAt;

    /// <summary>May an operation begin? If so it must end with <see cref="Succeeded"/>, <see cref="Failed"/> or <see cref="Leave"/>.</summary>
    /// <param name="retryAfter">How long not, when not.</param>
    public bool TryEnter(out TimeSpan retryAfter)
    {
        lock (_gate)
        {
            retryAfter = TimeSpan.Zero;
            switch (_state)
            {
                case CircuitState.Closed:
                    return true;
                case CircuitState.Open when Remaining() is { } left && left > TimeSpan.Zero:
                    retryAfter = left;
                    return false;
                case CircuitState.HalfOpen when _isProbing:
                    // Somebody finds out right now.
                    retryAfter = TimeSpan.FromSeconds(1);
                    return false;
                default:
                    _state = CircuitState.HalfOpen;
                    _isProbing = true;
                    return true;
            }
        }
    }

    /// <summary>The operation ended well, or in a way that says that the provider works.</summary>
    public void Succeeded()
    {
        lock (_gate)
        {
            _failures = 0;
            _successes++;
            if (_state == CircuitState.Closed)
                return;
            _isProbing = false;
            if (_state != CircuitState.HalfOpen || ++_probeSuccesses < options.SuccessThreshold)
                return;
            _state = CircuitState.Closed;
            _probeSuccesses = 0;
        }
    }

    /// <summary>The provider failed.</summary>
    public void Failed()
    {
        lock (_gate)
        {
            _failures++;
            _lastFailureAt = time.GetUtcNow();
            if (_state == CircuitState.Closed && _failures < options.FailureThreshold)
                return;
            // An operation that began before it opened changes nothing about when it opened.
            if (_state == CircuitState.Open)
                return;
            _state = CircuitState.Open;
            _isProbing = false;
            _probeSuccesses = 0;
            _successes = 0;
            _openedAt = time.GetTimestamp();
        }
    }

    /// <summary>The operation ended and says nothing about the provider.</summary>
    public void Leave()
    {
        lock (_gate)
        {
            if (_state == CircuitState.HalfOpen)
                _isProbing = false;
        }
    }

    public CircuitSnapshot Snapshot()
    {
        lock (_gate)
        {
            var left = _state == CircuitState.Open ? Remaining() : (TimeSpan?)null;
            return new CircuitSnapshot(left <= TimeSpan.Zero ? CircuitState.HalfOpen : _state, _failures, _successes, _lastFailureAt, left > TimeSpan.Zero ? left : null);
        }
    }

    private TimeSpan Remaining() => options.RecoveryTimeout - time.GetElapsedTime(_openedAt);
}
