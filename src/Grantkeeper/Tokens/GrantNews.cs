using System.Collections.Concurrent;
using Grantkeeper.Storage;

namespace Grantkeeper.Tokens;

/// <summary>Wakes whoever waits for another node's refresh as soon as that node says that it is stored.</summary>
internal sealed class GrantNews
{
    private readonly ConcurrentDictionary<Guid, TaskCompletionSource> _waiting = new();

    public GrantNews(INodeSignals signals) => signals.Changes += Hear;

    // Whoever waits goes on where the change is heard, up to its first own wait: a hop to the thread pool could not be replayed from a seed.
    /// <summary>Completes with the next change of an integration that is heard here. Taken before looking, so that none is missed.</summary>
    public Task Next(Guid integrationId) => _waiting.GetOrAdd(integrationId, _ => new TaskCompletionSource()).Task;

    /// <summary>Nobody waits any more.</summary>
    public void Forget(Guid integrationId) => _waiting.TryRemove(integrationId, out _);

    private void Hear(Guid? id)
    {
        foreach (var changed in id is { } one ? [one] : _waiting.Keys.ToList())
        {
            if (_waiting.TryRemove(changed, out var waiting))
                waiting.TrySetResult();
        }
    }
}
