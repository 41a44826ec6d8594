namespace Grantkeeper.Sandbox.Faults;

/// <summary>Where a fault strikes.</summary>
public enum FaultEndpoint
{
    /// <summary>The exchange of a code.</summary>
    Token,

    /// <summary>A refresh.</summary>
    Refresh,

    /// <summary>A revocation.</summary>
    Revoke,

    /// <summary>The userinfo endpoint.</summary>
    Userinfo,

    /// <summary>The key set.</summary>
    Jwks,

    /// <summary>The metadata document.</summary>
    Discovery,

    /// <summary>The platform's API.</summary>
    Api,

    /// <summary>Each of these.</summary>
    All,
}
