using Grantkeeper.Providers;
using Grantkeeper.Resilience;

namespace Grantkeeper.IntegrationTests.Storage;

/// <summary>The places in a provider's limit, given out by PostgreSQL to many nodes at once.</summary>
[Trait("category", "services")]
public sealed class RequestPacesTests : IAsyncLifetime
{
    private StoreKit _kit = null!;

    public async ValueTask InitializeAsync() => _kit = await StoreKit.New();

    public ValueTask DisposeAsync() => _kit.DisposeAsync();

    [Fact]
    public async Task No_place_is_given_twice_and_none_between_two_is_lost()
    {
        var limit = new RateLimit(1, TimeSpan.FromMinutes(1));
        var nodes = new[] { new RequestPaces(_kit.Database), new RequestPaces(_kit.Database) };
        var taken = await Task.WhenAll(Enumerable.Range(0, 60).Select(async n =>
        {
            var places = await nodes[n % 2].Take("p", limit, 1 + (n % 3), default);
            return (places.Count, Rank: (int)Math.Round(places.FirstIn / limit.Every));
        }));
        // In the order of their places each begins where the one before it ends; the moments of the run are far shorter than a place.
        var next = 0;
        foreach (var (count, rank) in taken.OrderBy(places => places.Rank))
        {
            rank.ShouldBe(next);
            next += count;
        }
    }

    [Fact]
    public async Task Time_that_nobody_took_is_lost_but_for_a_burst()
    {
        var (limit, paces) = (new RateLimit(100, TimeSpan.FromSeconds(100)), new RequestPaces(_kit.Database));
        await paces.Take("p", limit, 1, default);
        await _kit.Ask("UPDATE provider_paces SET taken_until = now() - interval '1 day'");
        var after = await paces.Take("p", limit, 1, default);
        (after.FirstIn / limit.Every).ShouldBe(1 - limit.Burst, 0.1);
        (await paces.Take("q", limit, 1, default)).FirstIn.ShouldBeLessThan(TimeSpan.Zero, "another provider has its own");
    }
}
