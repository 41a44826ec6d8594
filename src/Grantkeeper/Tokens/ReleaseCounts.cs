using System.Collections.Concurrent;

namespace Grantkeeper.Tokens;

/// <summary>Counts that many threads add to while one takes them out; nothing is lost between the two.</summary>
internal sealed class ReleaseCounts<TKey> where TKey : notnull
{
    private readonly ConcurrentDictionary<TKey, int> _counts = new();

    public void Add(TKey key, int count = 1) =>
        _counts.AddOrUpdate(key, static (_, added) => added, static (_, present, added) => present + added, count);

    /// <summary>What was counted so far, entry by entry: what is added meanwhile goes into this batch or the next one.</summary>
    public Dictionary<TKey, int> Take()
    {
        var taken = new Dictionary<TKey, int>();
        foreach (var (key, _) in _counts)
        {
            if (_counts.TryRemove(key, out var count))
                taken.Add(key, count);
        }

        return taken;
    }
}
