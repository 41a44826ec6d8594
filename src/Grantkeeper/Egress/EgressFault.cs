namespace Grantkeeper.Egress;

/// <summary>Why an outbound request has no answer. The set is closed.</summary>
internal enum EgressFault
{
    /// <summary>The URL or one of the addresses behind its host is not within reach of the caller's trust. Nothing was sent.</summary>
    AddressNotAllowed,

    /// <summary>The request surely never left: no name, no route, refused, no TLS, or no free connection in time. Safe to send again.</summary>
    NotConnected,

    /// <summary>The total time ran out after the request may have left. Whether the other side acted is unknown.</summary>
    TimedOut,

    /// <summary>The request may have left, and no complete answer came back. Whether the other side acted is unknown.</summary>
    Broken,

    /// <summary>An answer came, but its headers or body exceed the limits. The other side has acted.</summary>
    TooLarge,

    /// <summary>The caller gave up. <see cref="EgressOutcome.MayHaveLeft"/> tells whether the other side may have acted.</summary>
    Cancelled,
}
