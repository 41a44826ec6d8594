using System.Collections.Concurrent;

namespace Grantkeeper.Client;

/// <summary>
/// The accounts whose refused token this process has had renewed lately. When the token that followed is refused too, it is
/// not what the API objects to, and one more renewal would help nobody. Holds no more than what was renewed within the pause.
/// </summary>
internal sealed class RecentRenewals(TimeProvider time)
{
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<Guid, long> _renewedAt = new();
    private readonly ConcurrentQueue<(Guid IntegrationId, long At)> _order = new();

    public int Count => _renewedAt.Count;

    public bool Has(Guid integrationId) => _renewedAt.TryGetValue(integrationId, out var at) && time.GetElapsedTime(at) < Pause;

    public void Add(Guid integrationId)
    {
        var now = time.GetTimestamp();
        _renewedAt[integrationId] = now;
        _order.Enqueue((integrationId, now));
        while (_order.TryPeek(out var oldest) && time.GetElapsedTime(oldest.At) >= Pause && _order.TryDequeue(out oldest))
            _renewedAt.TryRemove(KeyValuePair.Create(oldest.IntegrationId, oldest.At));
    }
}
