namespace Grantkeeper.Identity;

/// <summary>
/// What the counter of one subject says. A window begins with the first hit and lasts a minute; the one before counts with the
/// share of it that still lies within the last minute, so that nobody gets twice the limit around a window's end.
/// </summary>
/// <param name="Hits">Hits in this window, those just taken included.</param>
/// <param name="Before">Hits in the window before.</param>
/// <param name="Elapsed">How much of this window has passed; not negative.</param>
internal readonly record struct RateWindow(int Hits, int Before, TimeSpan Elapsed)
{
    public static readonly TimeSpan Length = TimeSpan.FromMinutes(1);

    /// <summary>How long until a hit fits again; null when the ones just taken did.</summary>
    /// <param name="limit">Hits a minute, above zero.</param>
    /// <param name="taken">How many were just taken.</param>
    public TimeSpan? Wait(int limit, int taken)
    {
        var passed = Math.Min(Elapsed / Length, 1);
        if (Before * (1 - passed) + Hits <= limit)
            return null;
        var rest = Length * (1 - passed);
        // Room for one more in this window, as the one before fades; else in the next one, as this one does.
        var room = limit - (Hits - taken) - 1;
        if (room >= 0 && Before > 0)
            return Positive(rest - (Length * Math.Min((double)room / Before, 1 - passed)));
        var fading = Math.Min(Hits - taken, limit);
        return Positive(rest + (fading == 0 ? TimeSpan.Zero : Length * (1 - Math.Min((double)(limit - 1) / fading, 1))));
    }

    private static TimeSpan Positive(TimeSpan wait) => wait < Shortest ? Shortest : wait;

    private static TimeSpan Shortest => TimeSpan.FromSeconds(1);
}
