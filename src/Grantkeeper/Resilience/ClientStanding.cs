using Grantkeeper.OAuth;

namespace Grantkeeper.Resilience;

/// <summary>
/// Whether a provider takes our client. Once it has refused it a few times in a row it is left alone for a while, longer each
/// time: a secret that was changed there must not become a storm of requests that all end in the same way. One operation
/// tries again when the wait is over; the first that is not refused ends it.
/// </summary>
internal sealed class ClientStanding(TimeProvider time)
{
    /// <summary>Refusals in a row that mean the client and not an accident.</summary>
    public const int Threshold = 3;

    private static readonly TimeSpan First = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    private readonly Lock _gate = new();
    private int _refusals;
    private long _refusedAt;

    /// <summary>How long it is left alone yet; null when it may be asked.</summary>
    public TimeSpan? Remaining
    {
        get
        {
            lock (_gate)
            {
                if (_refusals < Threshold)
                    return null;
                var wait = First * Math.Pow(2, Math.Min(_refusals - Threshold, 8));
                var left = (wait < Longest ? wait : Longest) - time.GetElapsedTime(_refusedAt);
                return left > TimeSpan.Zero ? left : null;
            }
        }
    }

    /// <summary>Takes how an operation ended; what says nothing about the client changes nothing.</summary>
    public void Tell(TokenFailure? failure)
    {
        lock (_gate)
        {
            if (failure is { Kind: TokenFailureKind.Misconfigured, Error: OAuthNames.InvalidClient or "deleted_client" or "http_401" })
                (_refusals, _refusedAt) = (_refusals + 1, time.GetTimestamp());
            else if (failure is null or { Kind: TokenFailureKind.Rejected })
                _refusals = 0;
        }
    }
}
