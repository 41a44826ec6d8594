using Grantkeeper.Failpoints;
using Microsoft.Extensions.Logging;

namespace Grantkeeper.Outbox;

/// <summary>Hands an entry to the handler of its kind and records how it ended.</summary>
internal sealed class OutboxDelivery(OutboxStore store, IEnumerable<IOutboxHandler> handlers, IFailpoints failpoints, ILogger<OutboxDelivery> logger) : IDisposable
{
    private readonly Dictionary<string, IOutboxHandler> _handlers = handlers.ToDictionary(handler => handler.Kind, StringComparer.Ordinal);
    private readonly SemaphoreSlim _nudge = new(0, 1);

    public async Task<Delivered> Deliver(OutboxEntry entry, CancellationToken cancellation)
    {
        var delivered = entry.Payload.IsEmpty || !_handlers.TryGetValue(entry.Kind, out var handler)
            ? new Delivered("failed")
            : await handler.Deliver(entry, cancellation);
        await failpoints.Reach(Points.OutboxDelivered);
        await store.Record(entry, delivered, cancellation);
        OutboxLog.Delivered(logger, entry.Kind, entry.Id, entry.Attempts, delivered.Outcome);
        return delivered;
    }

    /// <summary>Wakes the worker before its pause ends.</summary>
    public void Nudge()
    {
        try
        {
            _nudge.Release();
        }
        catch (SemaphoreFullException)
        {
            // It is awake already.
        }
    }

    /// <summary>Waits for a nudge, at most <paramref name="pause"/>.</summary>
    public async Task Nudged(TimeSpan pause, TimeProvider time, CancellationToken cancellation)
    {
        using var end = new CancellationTokenSource(pause, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(end.Token, cancellation);
        try
        {
            await _nudge.WaitAsync(either.Token);
        }
        catch (OperationCanceledException)
        {
            cancellation.ThrowIfCancellationRequested();
        }
    }

    public void Dispose() => _nudge.Dispose();
}
