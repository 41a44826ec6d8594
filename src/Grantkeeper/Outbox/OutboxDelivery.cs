using Grantkeeper.Failpoints;
using Grantkeeper.Storage;
using Microsoft.Extensions.Logging;

namespace Grantkeeper.Outbox;

/// <summary>Hands an entry to the handler of its kind and records how it ended.</summary>
internal sealed class OutboxDelivery(OutboxStore store, IEnumerable<IOutboxHandler> handlers, IFailpoints failpoints, ILogger<OutboxDelivery> logger) : IDisposable
{
    private const string Pending = "pending";
    private static readonly TimeSpan AfterFault = TimeSpan.FromMinutes(10);

    private readonly Dictionary<string, IOutboxHandler> _handlers = handlers.ToDictionary(handler => handler.Kind, StringComparer.Ordinal);
    private readonly SemaphoreSlim _nudge = new(0, 1);

    public async Task<Delivered> Deliver(OutboxEntry entry, CancellationToken cancellation)
    {
        var delivered = entry.Payload.IsEmpty || !_handlers.TryGetValue(entry.Kind, out var handler)
            ? new Delivered("failed")
            : await Handled(handler, entry, cancellation);
        await failpoints.Reach(Points.OutboxDelivered);
        await store.Record(entry, delivered, cancellation);
        OutboxLog.Delivered(logger, entry.Kind, entry.Id, entry.Attempts, delivered.Outcome);
        return delivered;
    }

    /// <summary>A fault of ours in one entry keeps no other waiting, and undoes no disconnect that is done.</summary>
    private async Task<Delivered> Handled(IOutboxHandler handler, OutboxEntry entry, CancellationToken cancellation)
    {
        try
        {
            return await handler.Deliver(entry, cancellation);
        }
        catch (Exception exception) when (exception is not (OperationCanceledException or StorageUnavailableException))
        {
            OutboxLog.DeliveryFailed(logger, exception, entry.Kind, entry.Id);
            return new Delivered(Pending, AfterFault);
        }
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
