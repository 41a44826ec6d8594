using Grantkeeper.Tokens;

namespace Grantkeeper.Tests.Tokens;

[Trait("category", "services")]
public sealed class ReleaseCountsTests
{
    [Fact]
    public async Task Nothing_is_lost_while_it_is_counted_and_taken_at_once()
    {
        const int Writers = 4, Each = 100_000;
        var counts = new ReleaseCounts<int>();
        var writing = Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < Each; i++)
                counts.Add(i % 3);
        })));
        var taken = 0;
        while (!writing.IsCompleted)
            taken += counts.Take().Values.Sum();
        await writing;
        (taken + counts.Take().Values.Sum()).ShouldBe(Writers * Each);
        counts.Take().ShouldBeEmpty();
    }

    [Fact]
    public void What_was_taken_can_be_put_back()
    {
        var counts = new ReleaseCounts<string>();
        counts.Add("a");
        counts.Add("a");
        var taken = counts.Take();
        counts.Add("a");
        foreach (var (key, count) in taken)
            counts.Add(key, count);
        counts.Take().ShouldBe(new Dictionary<string, int> { ["a"] = 3 });
    }
}
