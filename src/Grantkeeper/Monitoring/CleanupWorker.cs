using Grantkeeper.Settings;
using Grantkeeper.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Grantkeeper.Monitoring;

/// <summary>Sweeps once an hour.</summary>
internal sealed class CleanupWorker(Cleanup cleanup, Readiness readiness, GrantkeeperOptions options, TimeProvider time, ILogger<CleanupWorker> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.RunWorkers)
            return;
        await readiness.Ready.WaitAsync(stoppingToken);
        using var timer = new PeriodicTimer(Pause, time);
        do
        {
            try
            {
                if (await cleanup.Sweep(stoppingToken) is { Total: > 0 } swept)
                    MonitoringLog.Swept(logger, swept.Tokens, swept.Flows, swept.Sessions, swept.Attempts, swept.Deliveries, swept.SignInLinks, swept.Superseded, swept.Hours);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                MonitoringLog.WorkerFailed(logger, exception, nameof(CleanupWorker));
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }
}
