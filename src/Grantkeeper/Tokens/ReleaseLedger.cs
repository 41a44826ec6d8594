using Grantkeeper.Audit;
using Grantkeeper.Spool;
using Grantkeeper.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Grantkeeper.Tokens;

/// <summary>
/// Counts token reads in memory and writes them in batches: one audit row per integration, caller and minute each second,
/// and <c>usage_count</c> with <c>last_used_at</c> once a minute. A read itself writes nothing. Batches are numbered per
/// node, so that reads lost in a crash show as a gap.
/// </summary>
internal sealed class ReleaseLedger(Database database, AuditLog audit, Readiness readiness, NodeIdentity node, TimeProvider time, ILogger<ReleaseLedger> logger)
    : BackgroundService, IReleases
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan UsagePause = TimeSpan.FromMinutes(1);

    private readonly record struct Key(string UserId, Guid IntegrationId, string Provider, string Caller, long Minute);

    private sealed record Usage(string UserId, int Count, DateTimeOffset LastUsedAt);

    private readonly ReleaseCounts<Key> _counts = new();
    private readonly Dictionary<Guid, Usage> _usage = [];
    private readonly Lock _gate = new();
    private Task _flushing = Task.CompletedTask;
    private DateTimeOffset _usageWrittenAt = time.GetUtcNow();
    private long _sequence;

    public void Count(GrantRow row, string caller)
    {
        var minute = time.GetUtcNow().ToUnixTimeSeconds() / 60;
        _counts.Add(new Key(row.Integration.UserId, row.Integration.Id, row.Integration.Provider, caller, minute));
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await readiness.Ready.WaitAsync(stoppingToken);
        using var timer = new PeriodicTimer(Pause, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await Flush(withUsage: time.GetUtcNow() - _usageWrittenAt >= UsagePause, stoppingToken);
        }
        catch (OperationCanceledException)
        {
            // Stopping: what is counted is written below.
        }

        await Flush(withUsage: true, CancellationToken.None);
    }

    /// <summary>Writes what was counted so far. What the database does not take is kept for the next time.</summary>
    internal Task Flush(bool withUsage, CancellationToken cancellation)
    {
        lock (_gate)
            return _flushing = After(_flushing);

        async Task After(Task last)
        {
            await last.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            await Write(withUsage, cancellation);
        }
    }

    private async Task Write(bool withUsage, CancellationToken cancellation)
    {
        var taken = _counts.Take();
        try
        {
            if (taken.Count > 0)
            {
                var sequence = _sequence + 1;
                await database.AsService(ServiceReason.Worker).Transaction(async db =>
                {
                    foreach (var (key, count) in taken)
                        await audit.Write(db, Row(key, count, sequence), cancellation);
                    return true;
                }, cancellation);
                _sequence = sequence;
                foreach (var (key, count) in taken)
                    _usage[key.IntegrationId] = new Usage(key.UserId, count + (_usage.GetValueOrDefault(key.IntegrationId)?.Count ?? 0), time.GetUtcNow());
                taken.Clear();
            }

            if (withUsage && _usage.Count > 0)
            {
                await WriteUsage(cancellation);
                _usage.Clear();
                _usageWrittenAt = time.GetUtcNow();
            }
        }
        catch (StorageUnavailableException)
        {
            TokensLog.ReleasesWait(logger);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // A node whose ledger has a fault goes on serving.
            TokensLog.ReleasesFailed(logger, exception);
        }
        finally
        {
            // However it ended: what was not written is counted on.
            foreach (var (key, count) in taken)
                _counts.Add(key, count);
        }
    }

    private AuditEvent Row(Key key, int count, long sequence) => new(AuditAction.TokenRead, key.UserId, new AuditSource(key.Caller, null, null, null, null))
    {
        IntegrationId = key.IntegrationId, Provider = key.Provider, Count = count, Node = node.Id, NodeSequence = sequence,
    };

    private Task<int> WriteUsage(CancellationToken cancellation) => database.AsService(ServiceReason.Worker).Execute(
        """
        UPDATE oauth_tokens t SET usage_count = t.usage_count + u.count, last_used_at = u.at
        FROM unnest($1::text[], $2::uuid[], $3::int[], $4::timestamptz[]) AS u(user_id, id, count, at)
        WHERE t.user_id = u.user_id AND t.integration_id = u.id
        """,
        cancellation, _usage.Values.Select(usage => usage.UserId).ToArray(), _usage.Keys.ToArray(),
        _usage.Values.Select(usage => usage.Count).ToArray(), _usage.Values.Select(usage => usage.LastUsedAt.UtcDateTime).ToArray());
}
