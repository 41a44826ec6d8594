using System.Collections.Concurrent;
using Grantkeeper.OAuth;
using Grantkeeper.Providers;
using Grantkeeper.Settings;

namespace Grantkeeper.Resilience;

/// <summary>
/// One logical operation at a provider: 1. its turn 2. the circuit 3. send at the pace that the provider allows, and send
/// again what surely was not processed, at most <see cref="ResilienceOptions.MaxRetries"/> times, with growing waits and
/// jitter, Retry-After honoured 4. tell the circuit how it ended, once.
/// </summary>
/// <param name="options">How patient this deployment is.</param>
/// <param name="limits">What a provider states as its limit; null when it states none.</param>
/// <param name="paces">Shares a stated limit among the nodes.</param>
/// <param name="time">The clock.</param>
/// <param name="dice">A number from 0 to 1 for the jitter, another one each time.</param>
internal sealed class ProviderCalls(ResilienceOptions options, Func<string, RateLimit?> limits, IRequestPaces paces, TimeProvider time, Func<double> dice)
{
    /// <summary>The error of an operation that the open circuit refused: nothing was sent.</summary>
    public const string CircuitOpen = "circuit_open";

    /// <summary>The error of an operation that ended before its first request.</summary>
    public const string NotSent = "not_sent";

    /// <summary>The error of an operation that found no place in the provider's stated limit in time: nothing was sent.</summary>
    public const string LimitReached = "limit_reached";

    /// <summary>A provider that asks for more patience than this is asked again by the next operation, not by this one.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(8);

    /// <summary>Twice as long as a worker pauses between its rounds.</summary>
    private static readonly TimeSpan WorkersAhead = TimeSpan.FromSeconds(4);

    private const double Jitter = 0.2;

    private readonly ConcurrentDictionary<string, Line> _lines = new(StringComparer.Ordinal);

    private sealed record Line(CircuitBreaker Circuit, ConcurrencyLimit Limit, ClientStanding Client, ProviderPace Pace);

    /// <summary>A provider's circuit as it stands.</summary>
    public CircuitSnapshot CircuitOf(string provider) => LineOf(provider).Circuit.Snapshot();

    /// <summary>The circuits of all providers that were called since the start.</summary>
    public IEnumerable<(string Provider, CircuitState State)> Circuits() => _lines.Select(line => (line.Key, line.Value.Circuit.Snapshot().State));

    /// <summary>Operations at a provider that run now, and how many may.</summary>
    public (int Running, int Limit) LoadOf(string provider) => (LineOf(provider).Limit.Running, LineOf(provider).Limit.Limit);

    /// <summary>How long a provider is not called: its circuit is open, or more waits for its limit than anybody has patience for. Null when it is called. Asked before a lease is taken for nothing.</summary>
    public TimeSpan? Refuses(string provider)
    {
        if (CircuitOf(provider) is { State: CircuitState.Open, RetryAfter: { } left })
            return left;
        return limits(provider) is { } limit && LineOf(provider).Pace.Backlog(limit) is var wait && wait > ProviderPace.Patience ? wait : null;
    }

    /// <summary>How many operations a worker may have under way at a provider: what it answers or allows within the next moments, none while it is not called.</summary>
    public int RoomFor(string provider)
    {
        if (RefusesClient(provider) is not null || Refuses(provider) is not null)
            return 0;
        return limits(provider) is { } limit ? Math.Max(1, (int)(WorkersAhead / limit.Every)) : int.MaxValue;
    }

    /// <summary>How long a provider that refuses our client is left alone; null when it takes it.</summary>
    public TimeSpan? RefusesClient(string provider) => LineOf(provider).Client.Remaining;

    /// <summary>Runs one operation.</summary>
    /// <param name="provider">The provider's key.</param>
    /// <param name="priority">What goes first when its limit is reached.</param>
    /// <param name="send">Sends once; <c>null</c> when it may not send any more, which ends the operation with the last answer.</param>
    /// <param name="mayRepeat">Whether an answer allows the same request again.</param>
    public async Task<TokenAnswer> Run(string provider, CallPriority priority, Func<Task<TokenAnswer?>> send, Func<TokenFailure, bool> mayRepeat)
    {
        var line = LineOf(provider);

        // 1. its turn
        await line.Limit.Enter(priority);
        var isGood = false;
        try
        {
            // 2. the circuit
            if (!line.Circuit.TryEnter(out var refusedFor))
                return new TokenAnswer(null, new TokenFailure(TokenFailureKind.Transient, Delivery.NotProcessed, CircuitOpen, refusedFor));

            // 3. send
            var answer = default(TokenAnswer);
            var isJudged = false;
            try
            {
                answer = await Send(line, limits(provider), priority, send, mayRepeat);
                // 4. how it ended
                isGood = Tell(line, answer.Failure);
                line.Client.Tell(answer.Failure);
                isJudged = true;
                return answer;
            }
            finally
            {
                if (!isJudged)
                    line.Circuit.Leave();
            }
        }
        finally
        {
            line.Limit.Leave(isGood);
        }
    }

    private async Task<TokenAnswer> Send(Line line, RateLimit? limit, CallPriority priority, Func<Task<TokenAnswer?>> send, Func<TokenFailure, bool> mayRepeat)
    {
        var last = new TokenAnswer(null, new TokenFailure(TokenFailureKind.Transient, Delivery.NotProcessed, NotSent));
        for (var repeats = 0; ; repeats++)
        {
            if (limit is not null && !await line.Pace.Enter(limit, priority))
                return repeats > 0 ? last : new TokenAnswer(null, new TokenFailure(TokenFailureKind.Transient, Delivery.NotProcessed, LimitReached, line.Pace.Backlog(limit)));
            if (await send() is not { } answer)
                return last;
            last = answer;
            if (answer.Failure is not { Kind: TokenFailureKind.Transient or TokenFailureKind.Unreadable } failure || repeats == options.MaxRetries || !mayRepeat(failure))
                return answer;
            var wait = Wait(repeats, failure.RetryAfter);
            if (wait > LongestWait)
                return answer;
            await Task.Delay(wait, time);
        }
    }

    private TimeSpan Wait(int repeats, TimeSpan? retryAfter)
    {
        var wait = options.RetryDelay * Math.Pow(options.BackoffFactor, repeats) * (1 + (Jitter * ((2 * dice()) - 1)));
        return retryAfter > wait ? retryAfter.Value : wait;
    }

    /// <summary>A dead grant or a wrong client says that the provider works; a limit that was reached says nothing. True when it works.</summary>
    private static bool Tell(Line line, TokenFailure? failure)
    {
        switch (failure)
        {
            case null or { Kind: TokenFailureKind.Rejected }:
                line.Circuit.Succeeded();
                return true;
            case { Kind: TokenFailureKind.Misconfigured } or { IsRateLimited: true } or { Error: NotSent or LimitReached }:
                line.Circuit.Leave();
                return false;
            default:
                line.Circuit.Failed();
                if (line.Circuit.Snapshot().State == CircuitState.Open)
                    line.Limit.Shrink();
                return false;
        }
    }

    private Line LineOf(string provider) => _lines.GetOrAdd(provider, _ => new Line(new CircuitBreaker(options, time), new ConcurrencyLimit(options.MaxConcurrency), new ClientStanding(time), new ProviderPace(provider, paces, time)));
}
