using System.Globalization;

namespace Grantkeeper.Dashboard.Pages;

/// <summary>Times in words.</summary>
internal static class Durations
{
    public static string Of(TimeSpan time) => time switch
    {
        { TotalDays: >= 2 } => $"{(int)time.TotalDays} days",
        { TotalHours: >= 2 } => $"{(int)time.TotalHours} hours",
        { TotalMinutes: >= 2 } => $"{(int)time.TotalMinutes} minutes",
        { TotalSeconds: < 2 } => "1 second",
        _ => $"{(int)time.TotalSeconds} seconds",
    };

    public static string At(DateTimeOffset time) => time.UtcDateTime.ToString("d MMM yyyy, HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
}
