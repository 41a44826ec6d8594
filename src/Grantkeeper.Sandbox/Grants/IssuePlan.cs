using Grantkeeper.Sandbox.Faults;

namespace Grantkeeper.Sandbox.Grants;

/// <summary>How tokens are issued this time.</summary>
/// <param name="Lifetime">Of the access token.</param>
/// <param name="Rotate">Whether a refresh replaces the refresh token.</param>
/// <param name="KeepsOld">Whether a replaced refresh token stays good.</param>
/// <param name="NamesRefreshToken">Whether a refresh names the refresh token in its answer.</param>
/// <param name="GiveRefreshToken">Whether the answer names a refresh token at all. If not, a refresh keeps the one it was made with.</param>
internal sealed record IssuePlan(TimeSpan Lifetime, bool Rotate = true, bool GiveRefreshToken = true, bool KeepsOld = false, bool NamesRefreshToken = true)
{
    /// <summary>After how long without use the refresh token has ended; null: never.</summary>
    public TimeSpan? Idle { get; init; }

    /// <summary>How long after the consent the refresh token has ended, by the granted scopes; null: never.</summary>
    public Func<IReadOnlyList<string>, TimeSpan?> Life { get; init; } = _ => null;

    /// <summary>How many refresh tokens a person and a client have together; null: any number.</summary>
    public int? Most { get; init; }

    /// <summary>The plan of a platform under a fault.</summary>
    public static IssuePlan For(Platforms.Renewal renewal, TimeSpan lifetime, FaultMode? fault) => new(
        lifetime,
        Rotate: (renewal is Platforms.Renewal.Rotates or Platforms.Renewal.RotatesAndKeeps) && fault is not (FaultMode.NoRotation or FaultMode.NoRefreshToken),
        GiveRefreshToken: fault != FaultMode.NoRefreshToken,
        KeepsOld: renewal == Platforms.Renewal.RotatesAndKeeps,
        NamesRefreshToken: renewal != Platforms.Renewal.Stable);
}
