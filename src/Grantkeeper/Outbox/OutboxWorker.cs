using Grantkeeper.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Grantkeeper.Outbox;

/// <summary>Delivers due entries, one after the other, every few seconds and when nudged.</summary>
internal sealed class OutboxWorker(OutboxStore store, OutboxDelivery delivery, Readiness readiness, Settings.GrantkeeperOptions options, TimeProvider time, ILogger<OutboxWorker> logger)
    : BackgroundService
{
    private const int Batch = 20;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.RunWorkers)
            return;
        await readiness.Ready.WaitAsync(stoppingToken);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (await DeliverDue(stoppingToken) == Batch)
                    continue;
            }
            catch (StorageUnavailableException)
            {
                OutboxLog.StorageUnavailable(logger);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                // A node whose worker has a fault goes on serving.
                OutboxLog.RoundFailed(logger, exception);
            }

            await delivery.Nudged(Pause, time, stoppingToken);
        }
    }

    /// <summary>One round; the number of entries that were claimed.</summary>
    internal async Task<int> DeliverDue(CancellationToken cancellation)
    {
        var entries = await store.ClaimDue(Batch, cancellation);
        foreach (var entry in entries)
            await delivery.Deliver(entry, cancellation);
        return entries.Count;
    }
}
