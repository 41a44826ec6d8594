using Grantkeeper.Identity;

namespace Grantkeeper.Tests.Identity;

[Trait("category", "services")]
public sealed class RateWindowTests
{
    private static TimeSpan? Wait(int hits, int before, double seconds, int limit = 60, int taken = 1) => new RateWindow(hits, before, TimeSpan.FromSeconds(seconds)).Wait(limit, taken);

    [Theory]
    [InlineData(1, 0, 0), InlineData(60, 0, 59.9), InlineData(30, 60, 30), InlineData(1, 60, 1), InlineData(60, 60, 60), InlineData(60, 1000, 70)]
    public void What_fits_fits(int hits, int before, double seconds) => Wait(hits, before, seconds).ShouldBeNull();

    [Theory]
    [InlineData(61, 0, 0), InlineData(61, 0, 59), InlineData(31, 60, 29), InlineData(2, 60, 1), InlineData(1, 61, 0)]
    public void What_is_too_much_waits(int hits, int before, double seconds) => Wait(hits, before, seconds).ShouldNotBeNull();

    [Fact]
    public void After_the_wait_one_more_fits_and_just_before_it_none_does()
    {
        foreach (var limit in new[] { 1, 2, 60, 600 })
        {
            foreach (var before in new[] { 0, 1, limit / 2, limit, limit + 1 })
            {
                foreach (var hits in new[] { 1, 2, limit / 2, limit + 1 })
                {
                    foreach (var at in new[] { 0d, 1, 29, 59 })
                    {
                        if (Wait(hits, before, at, limit) is not { } wait)
                            continue;
                        Fits(hits - 1, before, at + wait.TotalSeconds + 0.001, limit).ShouldBeTrue($"{hits} {before} {at} {limit}: {wait}");
                        if (wait > TimeSpan.FromSeconds(1))
                            Fits(hits - 1, before, at + wait.TotalSeconds - 0.5, limit).ShouldBeFalse($"{hits} {before} {at} {limit}: {wait}");
                    }
                }
            }
        }
    }

    /// <summary>Whether one more hit at that second is let through, windows rolling on as the store's do.</summary>
    private static bool Fits(int hits, int before, double seconds, int limit) => seconds switch
    {
        < 60 => Wait(hits + 1, before, seconds, limit) is null,
        < 120 => Wait(1, hits, seconds - 60, limit) is null,
        _ => Wait(1, 0, 0, limit) is null,
    };
}
