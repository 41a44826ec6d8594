namespace Grantkeeper.Sandbox.Faults;

/// <summary>A switch that was thrown.</summary>
/// <param name="Endpoint">Where it strikes.</param>
/// <param name="Mode">What goes wrong.</param>
/// <param name="Status">The status to answer with, where the mode answers one; else the mode's own.</param>
/// <param name="DelayMs">Milliseconds to wait first, with any mode.</param>
/// <param name="Count">How many requests it strikes; 0 means until it is cleared.</param>
/// <param name="RetryAfter">The Retry-After header of mode retry_after: seconds or an HTTP date.</param>
public sealed record Fault(
    FaultEndpoint Endpoint, FaultMode Mode, int? Status = null, int? DelayMs = null, int Count = 1, string? RetryAfter = null)
{
    private const int LongestDelayMs = 600_000;

    /// <summary>Why this cannot be switched on, or null.</summary>
    public string? Objection()
    {
        if (!Enum.IsDefined(Endpoint) || !Enum.IsDefined(Mode)) return "The endpoint or the mode is not known.";
        if (Status is < 200 or > 599) return "status must be between 200 and 599.";
        if (DelayMs is < 0 or > LongestDelayMs) return $"delay_ms must be between 0 and {LongestDelayMs}.";
        if (Mode == FaultMode.Delay && DelayMs is null) return "Mode delay needs delay_ms.";
        if (Count < 0) return "count must be 0 (until cleared) or more.";
        if (RetryAfter is not null && RetryAfter.Any(letter => letter is < ' ' or > '~')) return "retry_after must be printable ASCII.";
        return Suits() ? null : "This mode makes no difference at this endpoint.";
    }

    private bool Suits() => Mode switch
    {
        FaultMode.NoExpiresIn or FaultMode.StringExpiresIn or FaultMode.AbsurdExpiresIn or FaultMode.NoRefreshToken or FaultMode.WrongNonce
            => Endpoint is FaultEndpoint.Token or FaultEndpoint.Refresh,
        FaultMode.OtherSubject => Endpoint is FaultEndpoint.Token or FaultEndpoint.Refresh or FaultEndpoint.Userinfo,
        FaultMode.BadSignature => Endpoint is FaultEndpoint.Token or FaultEndpoint.Refresh or FaultEndpoint.Jwks,
        FaultMode.NoRotation => Endpoint == FaultEndpoint.Refresh,
        _ => true,
    };
}
