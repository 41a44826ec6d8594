using Grantkeeper.Providers;
using Grantkeeper.Resilience;
using Grantkeeper.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Grantkeeper.Monitoring;

/// <summary>Adds up what all nodes counted: one statement every ten seconds, if there is something.</summary>
internal sealed class ProviderHours(PlatformDatabase platform, ProviderFigures figures, Readiness readiness, TimeProvider time, ILogger<ProviderHours> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await readiness.Ready.WaitAsync(stoppingToken);
        using var timer = new PeriodicTimer(Pause, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await Flush(stoppingToken);
        }
        catch (OperationCanceledException)
        {
            // Stopping: what is counted is written below.
        }

        await Flush(CancellationToken.None);
    }

    /// <summary>Writes what was counted so far; what the database does not take is kept for the next time.</summary>
    internal async Task Flush(CancellationToken cancellation)
    {
        var counts = figures.Take();
        if (counts.Count == 0)
            return;
        try
        {
            await platform.Database.AsService(ServiceReason.Deployment).Execute(
                """
                INSERT INTO provider_hours (provider, hour, ended, refreshes)
                SELECT provider, date_trunc('hour', now()), ended, refreshes FROM unnest($1::text[], $2::text[], $3::bigint[]) AS c(provider, ended, refreshes)
                ON CONFLICT (provider, hour, ended) DO UPDATE SET refreshes = provider_hours.refreshes + excluded.refreshes
                """,
                cancellation, counts.Keys.Select(key => key.Provider).ToArray(), counts.Keys.Select(key => Words.Of(key.End)).ToArray(), counts.Values.Select(count => (long)count).ToArray());
        }
        catch (StorageUnavailableException)
        {
            figures.Return(counts);
            MonitoringLog.FiguresWait(logger);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // A node whose worker has a fault goes on serving.
            figures.Return(counts);
            MonitoringLog.WorkerFailed(logger, exception, nameof(ProviderHours));
        }
    }
}
