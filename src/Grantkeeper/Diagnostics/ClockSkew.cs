using System.Globalization;
using Grantkeeper.Client.Contracts;

namespace Grantkeeper.Diagnostics;

/// <summary>
/// Judges the difference between this machine's clock and another one. Tokens end by this clock and leases by the database's;
/// providers and id_tokens go by theirs (60 s are forgiven).
/// </summary>
internal static class ClockSkew
{
    public const string Check = "clock_skew";

    private static readonly TimeSpan Noticeable = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Harmful = TimeSpan.FromSeconds(60);

    /// <summary>Compares a clock that was read between two moments; an inexact one (a Date header) tells whole seconds only.</summary>
    public static DiagnosticFinding Of(string subject, string whose, DateTimeOffset theirs, DateTimeOffset before, DateTimeOffset after)
    {
        var skew = theirs < before ? theirs - before : theirs > after ? theirs - after : TimeSpan.Zero;
        var size = skew.Duration();
        var seconds = skew.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture);
        var details = new Dictionary<string, object?> { ["skew_seconds"] = Math.Round(skew.TotalSeconds, 1) };
        var what = $"The clock of {whose} is {(skew < TimeSpan.Zero ? seconds[1..] : seconds)} s {(skew < TimeSpan.Zero ? "behind" : "ahead of")} this machine's.";
        if (size <= Noticeable)
            return Finding.Good(Check, subject, $"The clock of {whose} agrees with this machine's.", details);
        const string why = "Tokens are renewed and refused by the clock; with clocks apart they are renewed too late, or refused as not yet valid.";
        const string remedy = "Let both machines follow a time server (chrony, systemd-timesyncd) and look again.";
        return size <= Harmful ? Finding.Doubtful(Check, subject, what, why, remedy, details) : Finding.Bad(Check, subject, what, why, remedy, details);
    }
}
