using System.Globalization;

namespace Grantkeeper.Egress;

/// <summary>Reads the two time forms of HTTP headers (RFC 9110, sections 5.6.7 and 10.2.3).</summary>
internal static class HttpDates
{
    /// <summary>Waits longer than this are cut: one day.</summary>
    internal static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    private static readonly string[] Formats =
        ["ddd, dd MMM yyyy HH:mm:ss 'GMT'", "dddd, dd-MMM-yy HH:mm:ss 'GMT'", "ddd MMM d HH:mm:ss yyyy"];

    /// <summary>Reads an HTTP-date in any of its three forms; null when it is none.</summary>
    public static DateTimeOffset? Parse(string? text) =>
        text is { Length: <= 64 } && DateTimeOffset.TryParseExact(text.Trim(), Formats, CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AllowInnerWhite, out var instant) ? instant : null;

    /// <summary>Reads Retry-After, in seconds or as a date counted from <paramref name="now"/>; zero to one day, null when unreadable.</summary>
    public static TimeSpan? RetryAfter(string? text, DateTimeOffset now)
    {
        text = text?.Trim();
        if (string.IsNullOrEmpty(text)) return null;
        if (text.AsSpan().IndexOfAnyExceptInRange('0', '9') < 0)
            return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
                ? Bounded(TimeSpan.FromSeconds(seconds)) : LongestWait;
        return Parse(text) is { } instant ? Bounded(instant - now) : null;
    }

    private static TimeSpan Bounded(TimeSpan wait) =>
        wait < TimeSpan.Zero ? TimeSpan.Zero : wait > LongestWait ? LongestWait : wait;
}
