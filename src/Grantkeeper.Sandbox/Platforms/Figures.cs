using System.Globalization;

namespace Grantkeeper.Sandbox.Platforms;

/// <summary>Invented figures: the same question about the same day gets the same answer, in every process.</summary>
internal static class Figures
{
    private const uint Basis = 2166136261;
    private const uint Prime = 16777619;

    /// <summary>A number from 1 to <paramref name="most"/>, by the name of what is counted and the day.</summary>
    public static int Of(string what, DateOnly day, int most)
    {
        // FNV-1a, 32 bits: the hash of .NET differs from process to process.
        var hash = Basis;
        foreach (var letter in $"{what} {day:yyyy-MM-dd}") hash = (hash ^ letter) * Prime;
        return (int)((hash ^ (hash >> 15)) % (uint)most) + 1;
    }

    /// <summary>A day as platforms write it; nothing for another text.</summary>
    public static DateOnly? Day(string? text) => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : null;

    /// <summary>The days from the first to the last, both included; none when they are the wrong way round.</summary>
    public static IEnumerable<DateOnly> Days(DateOnly first, DateOnly last)
    {
        for (var day = first; day <= last; day = day.AddDays(1)) yield return day;
    }

    /// <summary>Today in Pacific time, in which Google counts days.</summary>
    public static DateOnly PacificToday(TimeProvider clock) =>
        DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(clock.GetUtcNow(), TimeZoneInfo.FindSystemTimeZoneById("America/Los_Angeles")).DateTime);
}
