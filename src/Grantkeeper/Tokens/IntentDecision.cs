using Grantkeeper.Providers;

namespace Grantkeeper.Tokens;

/// <summary>
/// Decides whether a refresh token may be shown again after an attempt whose end nobody knows: its answer may have been lost
/// on the way, or may lie in the spool of a node that is away (invariants I1, I2).
/// </summary>
internal static class IntentDecision
{
    /// <summary>A second use this close to the end of the provider's grace might come too late.</summary>
    public static readonly TimeSpan GraceMargin = TimeSpan.FromSeconds(5);

    /// <summary>How long to wait; null: the refresh token may be shown.</summary>
    /// <param name="rotation">The provider's habit.</param>
    /// <param name="leased">The row, with the attempt that was left open.</param>
    /// <param name="node">This node.</param>
    /// <param name="spoolWait">How long a node that went away is waited for.</param>
    /// <param name="now">The time here, for the end of the access token.</param>
    public static TimeSpan? Wait(Rotation rotation, Leased leased, string node, TimeSpan spoolWait, DateTimeOffset now)
    {
        // Nothing is open, or the old token stays good whatever happened.
        if (leased.Earlier is not { } earlier || rotation.Profile == RotationProfile.None)
            return null;

        // Once more inside the grace, with a margin.
        if (rotation.Profile == RotationProfile.Grace && earlier.Retries == 1 && earlier.Age < rotation.Grace - GraceMargin)
            return null;

        // The token may be used up: not risked while the access token is good. One that stays good until the new ones are
        // used can be used up only by a node that holds them.
        if (rotation.Profile != RotationProfile.Lazy && RefreshDecision.MayStillBeServed(leased.Row, now))
            return leased.Row.Tokens!.ExpiresAt is { } end ? end - RefreshDecision.ServeMargin - now : spoolWait;

        // Every node that could hold the answer has said that it does not; what this one holds it would have stored.
        if (earlier.Holders.All(holder => holder == node))
            return null;

        // Another node may hold the answer. Longer than this nobody waits for it.
        return earlier.Age < spoolWait ? spoolWait - earlier.Age : null;
    }

    /// <summary>The nodes that may hold an answer once this one sends too; those that were waited for long enough are given up.</summary>
    public static IReadOnlyList<string> HoldersAfter(EarlierIntent earlier, string node, TimeSpan spoolWait) =>
        earlier.Age < spoolWait ? [node, .. earlier.Holders.Where(holder => holder != node)] : [node];
}
