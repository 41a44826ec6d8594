using System.Collections.Concurrent;
using Grantkeeper.Audit;
using Grantkeeper.Resilience;
using Grantkeeper.Settings;
using Grantkeeper.Storage;
using Grantkeeper.Tokens;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Grantkeeper.Monitoring;

/// <summary>
/// Renews tokens before they end, so that readers find them fresh and no grant dies of not being used: 1. claim what is due
/// 2. the one refresh path, behind readers who wait 3. again as soon as there is room while there is more, else every second.
/// </summary>
internal sealed class RefreshWorker(
    IDueQueue queue, ITokenVault vault, TokenRefresher refresher, Readiness readiness, GrantkeeperOptions options, IRefreshFigures figures, SharedTime sharedTime, TimeProvider time,
    ILogger<RefreshWorker> logger) : BackgroundService
{
    private const int Batch = 64;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FarEnd = TimeSpan.FromHours(3);

    private readonly ConcurrentDictionary<Guid, Task> _running = new();
    private TaskCompletionSource _ended = NewSignal();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.RunWorkers || !options.RefreshAhead)
            return;
        await readiness.Ready.WaitAsync(stoppingToken);
        using var timer = new PeriodicTimer(Pause, time);
        try
        {
            do
            {
                while (await Round(stoppingToken) == Batch)
                    await Room(stoppingToken);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException)
        {
            // Stopping: what is under way belongs to the refresher, which drains.
        }
    }

    /// <summary>Claims a batch, if there is room for one, and starts its refreshes; the number of grants that were claimed.</summary>
    internal async Task<int> Round(CancellationToken cancellation)
    {
        // A slow provider must not be claimed for more than is sent to it.
        if (!HasRoom)
            return 0;
        try
        {
            var due = await queue.Claim(Batch, cancellation);
            foreach (var grant in due)
                Start(grant);
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
            MonitoringLog.WorkerFailed(logger, exception, nameof(RefreshWorker));
            return 0;
        }
    }

    /// <summary>Completes when what was started has ended.</summary>
    internal Task Idle() => Task.WhenAll(_running.Values);

    private bool HasRoom => _running.Count <= options.RefreshConcurrency - Batch;

    /// <summary>Completes when there is room for a batch.</summary>
    private async Task Room(CancellationToken cancellation)
    {
        while (true)
        {
            // Taken before looking, so that an end in between is not missed.
            var ended = Volatile.Read(ref _ended).Task;
            if (HasRoom)
                return;
            await ended.WaitAsync(cancellation);
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Start(DueGrant grant)
    {
        var renewing = Renew(grant);
        _running[grant.IntegrationId] = renewing;
        _ = Forget();

        async Task Forget()
        {
            await renewing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            _running.TryRemove(KeyValuePair.Create(grant.IntegrationId, renewing));
            Interlocked.Exchange(ref _ended, NewSignal()).SetResult();
        }
    }

    /// <summary>Nobody needs it soon: it is renewed only because its provider ends what is not used.</summary>
    private bool IsKeptAlive(GrantRow row) => row.Tokens!.ExpiresAt is not { } end || end - sharedTime.GetUtcNow() > FarEnd;

    private async Task Renew(DueGrant grant)
    {
        try
        {
            // By generation and not by this node's clock, which may stand anywhere: somebody may have renewed it since the claim.
            var now = grant.Row ?? await vault.Find(grant.IntegrationId, grant.UserId, CancellationToken.None);
            if (now is not { Integration.IsActive: true, Tokens.RefreshToken: not null } row || row.Tokens.Generation != grant.Generation)
                return;
            if (row.Tokens.NextRefreshAt is { } due)
                figures.Began(row.Integration.Provider, sharedTime.GetUtcNow() - due);
            await refresher.Refresh(row, force: false, AuditSource.Background, IsKeptAlive(row) ? CallPriority.KeepAlive : CallPriority.Due);
        }
        catch (StorageUnavailableException)
        {
            // The claim ends by itself, and the grant is due again.
            MonitoringLog.DueWaits(logger);
        }
        catch (Exception exception)
        {
            MonitoringLog.WorkerFailed(logger, exception, nameof(RefreshWorker));
        }
    }
}
