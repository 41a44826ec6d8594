namespace Grantkeeper.Sandbox.Control;

/// <summary>What a platform counts.</summary>
public enum Counter
{
    /// <summary>Authorization requests that arrived.</summary>
    Authorize,

    /// <summary>Requests with grant_type=authorization_code that arrived, also those that a fault swallowed.</summary>
    CodeExchanges,

    /// <summary>Codes that were turned into tokens.</summary>
    CodesRedeemed,

    /// <summary>Requests with grant_type=refresh_token that arrived, also those that a fault swallowed.</summary>
    RefreshRequests,

    /// <summary>Refreshes that were carried out, also those whose answer was lost.</summary>
    Refreshes,

    /// <summary>Uses of a refresh token that had been replaced.</summary>
    ReuseDetected,

    /// <summary>Grants that ended because a code or refresh token was used again.</summary>
    FamiliesRevoked,

    /// <summary>Revocation requests that ended something.</summary>
    Revocations,

    /// <summary>Calls of userinfo.</summary>
    UserinfoCalls,

    /// <summary>Calls of the API.</summary>
    ApiCalls,

    /// <summary>Answers that a fault changed, delayed or prevented.</summary>
    FaultsServed,
}
