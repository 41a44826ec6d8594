namespace Grantkeeper.Sandbox.Faults;

/// <summary>What goes wrong.</summary>
public enum FaultMode
{
    /// <summary>An error status; 503 if none is given. Nothing is processed.</summary>
    Status,

    /// <summary>The right answer, late.</summary>
    Delay,

    /// <summary>The connection is cut before anything is processed.</summary>
    Cut,

    /// <summary>The request is processed, and then the connection is cut.</summary>
    LoseAnswer,

    /// <summary>The request is processed, and its answer waits until it is released or its client leaves.</summary>
    HoldAnswer,

    /// <summary>A page instead of JSON. Nothing is processed.</summary>
    Html,

    /// <summary>An answer without a body. Nothing is processed.</summary>
    Empty,

    /// <summary>Status 200 with an error in the body. Nothing is processed.</summary>
    OkWithError,

    /// <summary>50 MB of answer. Nothing is processed.</summary>
    Huge,

    /// <summary>Tokens without expires_in.</summary>
    NoExpiresIn,

    /// <summary>expires_in as text.</summary>
    StringExpiresIn,

    /// <summary>expires_in far beyond what a clock can hold.</summary>
    AbsurdExpiresIn,

    /// <summary>No refresh token in the answer; a refresh then keeps the old one.</summary>
    NoRefreshToken,

    /// <summary>The identity of somebody else.</summary>
    OtherSubject,

    /// <summary>An ID token whose signature is wrong, or a key set that does not hold the key.</summary>
    BadSignature,

    /// <summary>An ID token with another nonce.</summary>
    WrongNonce,

    /// <summary>A refresh that answers with the same refresh token.</summary>
    NoRotation,

    /// <summary>Status 429 with a Retry-After header. Nothing is processed.</summary>
    RetryAfter,

    /// <summary>
    /// An API of Microsoft's refuses the grant's tokens with a claims challenge, until one is asked for with its claims. Only where
    /// the client has told the capability <c>cp1</c>.
    /// </summary>
    ClaimsChallenge,
}
