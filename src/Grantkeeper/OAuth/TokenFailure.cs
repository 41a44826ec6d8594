namespace Grantkeeper.OAuth;

/// <summary>The four kinds of trouble at a token endpoint; retry, status and alerts follow from the kind alone.</summary>
internal enum TokenFailureKind
{
    /// <summary>The provider or the network is in trouble; the grant is untouched.</summary>
    Transient,

    /// <summary>The grant is dead; its user is needed.</summary>
    Rejected,

    /// <summary>Our client registration or request is wrong; the operator is needed, grants are kept.</summary>
    Misconfigured,

    /// <summary>The answer makes no sense; nothing is concluded from it.</summary>
    Unreadable,
}

/// <summary>Whether a request that failed may have been carried out by the provider.</summary>
internal enum Delivery
{
    /// <summary>It surely never arrived, or was answered without being processed (429, 503).</summary>
    NotProcessed,

    /// <summary>The provider answered, and the answer says that nothing was issued.</summary>
    Refused,

    /// <summary>A byte left and no complete answer came, or the answer does not tell: tokens may have been issued.</summary>
    Ambiguous,
}

/// <summary>Why a token request failed. <paramref name="Error"/> is the provider's code, limited to its allowed characters; never its body.</summary>
internal sealed record TokenFailure(TokenFailureKind Kind, Delivery Delivery, string Error, TimeSpan? RetryAfter = null)
{
    /// <summary>True when we asked too often, which says nothing about the provider's health (RFC 6585 section 4).</summary>
    public bool IsRateLimited => Error is "http_429" or "slow_down";
}
