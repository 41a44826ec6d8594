namespace Grantkeeper.Settings;

/// <summary>Where this deployment stands; <c>DEPLOY_ENV</c>, and production when that is not set.</summary>
public enum DeployEnvironment
{
    /// <summary>Real users. https everywhere, no development database, no failpoints.</summary>
    Production,

    /// <summary>A rehearsal of production.</summary>
    Staging,

    /// <summary>A developer's machine: http on loopback is allowed.</summary>
    Development,
}
