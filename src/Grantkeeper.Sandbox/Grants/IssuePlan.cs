using Grantkeeper.Sandbox.Faults;

namespace Grantkeeper.Sandbox.Grants;

/// <summary>How tokens are issued this time.</summary>
/// <param name="Lifetime">Of the access token.</param>
/// <param name="Rotate">Whether a refresh replaces the refresh token.</param>
/// <param name="GiveRefreshToken">Whether the answer names a refresh token at all. If not, a refresh keeps the one it was made with.</param>
internal sealed record IssuePlan(TimeSpan Lifetime, bool Rotate = true, bool GiveRefreshToken = true)
{
    /// <summary>The plan under a fault.</summary>
    public static IssuePlan For(TimeSpan lifetime, FaultMode? fault) => new(
        lifetime,
        Rotate: fault is not (FaultMode.NoRotation or FaultMode.NoRefreshToken),
        GiveRefreshToken: fault != FaultMode.NoRefreshToken);
}
