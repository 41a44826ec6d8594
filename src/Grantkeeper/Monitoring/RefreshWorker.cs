using System.Collections.Concurrent;
using Grantkeeper.Audit;
using Grantkeeper.Providers;
using Grantkeeper.Resilience;
using Grantkeeper.Settings;
using Grantkeeper.Storage;
using Grantkeeper.Tokens;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Grantkeeper.Monitoring;

/// <summary>
/// Renews tokens before they end, so that readers find them fresh and no grant dies of not being used: 1. claim what is due,
/// of each provider no more than it answers soon 2. the one refresh path, behind readers who wait 3. again as soon as there
/// is room while there is more, else every two seconds.
/// </summary>
internal sealed class RefreshWorker(
    IDueQueue queue, ITokenVault vault, TokenRefresher refresher, ProviderCatalogue catalogue, ProviderCalls calls, Readiness readiness, GrantkeeperOptions options, IRefreshFigures figures, SharedTime sharedTime, TimeProvider time,
    ILogger<RefreshWorker> logger) : BackgroundService
{
    private const int Batch = 64;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan FarEnd = TimeSpan.FromHours(3);

    private readonly ConcurrentDictionary<Guid, (string Provider, Task Renewal)> _running = new();
    private TaskCompletionSource _ended = NewSignal();
    private int _round;
    private long _roundAt;

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

    /// <summary>How long ago it last looked for what is due; null before it did.</summary>
    public TimeSpan? SinceRound => Volatile.Read(ref _roundAt) is > 0 and var at ? time.GetElapsedTime(at) : null;

    /// <summary>Claims a batch, if there is room for one, and starts its refreshes; the number of grants that were claimed.</summary>
    internal async Task<int> Round(CancellationToken cancellation)
    {
        try
        {
            // A slow provider must not be claimed for more than is sent to it.
            if (!HasRoom)
                return 0;
            var lanes = Lanes();
            if (lanes.Count == 0)
                return 0;
            var due = await queue.Claim(lanes, Batch, cancellation);
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
        finally
        {
            Volatile.Write(ref _roundAt, time.GetTimestamp());
        }
    }

    /// <summary>Completes when what was started has ended.</summary>
    internal Task Idle() => Task.WhenAll(_running.Values.Select(running => running.Renewal));

    private bool HasRoom => _running.Count <= options.RefreshConcurrency - Batch;

    /// <summary>The providers with room, another one first each time, so that a long queue at one does not keep the others waiting.</summary>
    private List<DueLane> Lanes()
    {
        var running = _running.Values.CountBy(entry => entry.Provider).ToDictionary();
        var lanes = catalogue.All.Where(provider => provider is { IsConfigured: true, Manifest.Refresh: true })
            .Select(provider => new DueLane(provider.Key, Math.Min(Batch, calls.RoomFor(provider.Key) - running.GetValueOrDefault(provider.Key))))
            .Where(lane => lane.Room > 0).ToList();
        var first = lanes.Count == 0 ? 0 : _round++ % lanes.Count;
        return [.. lanes[first..], .. lanes[..first]];
    }

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
        var entry = (grant.Provider, renewing);
        _running[grant.IntegrationId] = entry;
        _ = Forget();

        async Task Forget()
        {
            await renewing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            _running.TryRemove(KeyValuePair.Create(grant.IntegrationId, entry));
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
