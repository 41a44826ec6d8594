using Grantkeeper.Providers;
using Grantkeeper.Settings;
using Grantkeeper.Storage;
using Grantkeeper.Tokens;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Grantkeeper.Monitoring;

/// <summary>Looks every minute for grants whose live check is due: of all nodes one asks about each.</summary>
internal sealed class LiveCheckWorker(
    CheckQueue queue, LiveChecks checks, ProviderCatalogue catalogue, Readiness readiness, GrantkeeperOptions options, TimeProvider time, ILogger<LiveCheckWorker> logger) : BackgroundService
{
    private const int Batch = 64;
    private const int AtOnce = 8;
    private const int MostPlaced = 5000;
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.RunWorkers || !options.RefreshAhead)
            return;
        await readiness.Ready.WaitAsync(stoppingToken);
        using var timer = new PeriodicTimer(Pause, time);
        do
        {
            while (await Round(stoppingToken) == Batch)
            {
                // More is due than one batch.
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    /// <summary>Claims a batch and looks at each of it; the number of grants that were claimed.</summary>
    internal async Task<int> Round(CancellationToken cancellation)
    {
        var lanes = catalogue.All.Where(provider => provider is { IsConfigured: true, Manifest.LiveCheck: not null })
            .Select(provider => new CheckLane(provider.Key, provider.Manifest.LiveCheck!.Every)).ToList();
        if (lanes.Count == 0)
            return 0;
        try
        {
            await queue.Place(lanes, MostPlaced, cancellation);
            var due = await queue.Claim(lanes, Batch, cancellation);
            await Parallel.ForEachAsync(due, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation }, async (row, stop) => await checks.Run(row, stop));
            return due.Count;
        }
        catch (StorageUnavailableException)
        {
            MonitoringLog.DueWaits(logger);
            return 0;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // A node whose worker has a fault goes on serving.
            MonitoringLog.WorkerFailed(logger, exception, nameof(LiveCheckWorker));
            return 0;
        }
    }
}
