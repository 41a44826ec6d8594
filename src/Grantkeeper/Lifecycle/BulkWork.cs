using System.Collections.Concurrent;
using Grantkeeper.Audit;
using Grantkeeper.Connect;
using Grantkeeper.Errors;
using Grantkeeper.Storage;
using Grantkeeper.Tokens;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Grantkeeper.Lifecycle;

/// <summary>
/// Carries bulk operations out, page by page: one operation at a time on a node, and any node goes on with what another left.
/// A page is done before it is written down, so that after a crash its integrations may be done twice, which harms neither a
/// refresh nor a disconnect.
/// </summary>
internal sealed class BulkWork(
    BulkOperations operations, ITokenVault vault, TokenAccess tokens, DisconnectFlow disconnect, Readiness readiness, Settings.GrantkeeperOptions options, TimeProvider time, ILogger<BulkWork> logger)
    : BackgroundService
{
    private const int PageSize = 50;
    private const int AtOnce = 8;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _nudge = new(0, 1);

    /// <summary>Says that there is something to do.</summary>
    public void Nudge()
    {
        try
        {
            _nudge.Release();
        }
        catch (SemaphoreFullException)
        {
            // It has been said already.
        }
    }

    public override void Dispose()
    {
        _nudge.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.RunWorkers)
            return;
        await readiness.Ready.WaitAsync(stoppingToken);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                while (await operations.Take(stoppingToken) is { } operation)
                    await CarryOut(operation, stoppingToken);
            }
            catch (StorageUnavailableException)
            {
                // The operation stays where it is, and goes on once the database is back and its claim has ended.
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                LifecycleLog.BulkFailed(logger, exception);
            }

            using var pause = new CancellationTokenSource(Pause, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(pause.Token, stoppingToken);
            try
            {
                await _nudge.WaitAsync(either.Token);
            }
            catch (OperationCanceledException) when (!stoppingToken.IsCancellationRequested)
            {
                // The pause is over.
            }
        }
    }

    private async Task CarryOut(BulkOperation begun, CancellationToken stop)
    {
        var source = new AuditSource(begun.Caller, begun.Actor, null, null, begun.Id.ToString("N"));
        for (var operation = begun; operation is { Status: BulkStatus.Running };)
        {
            var page = operation.Last is null ? [] : await operations.Page(operation, PageSize, stop);
            var failures = new ConcurrentBag<BulkFailure>();
            await Parallel.ForEachAsync(page, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = stop }, async (item, cancellation) =>
            {
                if (await Do(operation.Action, item.Id, item.UserId, source, cancellation) is { } failure)
                    failures.Add(new BulkFailure(item.Id, failure.Code.Code));
            });
            operation = await operations.Advance(
                operation, page.Count > 0 ? page[^1].Id : null, page.Count - failures.Count, [.. failures.OrderBy(failure => failure.IntegrationId)], page.Count < PageSize, stop);
        }
    }

    private async Task<Failure?> Do(BulkAction action, Guid id, string userId, AuditSource source, CancellationToken cancellation)
    {
        if (action == BulkAction.Disconnect)
            return (await disconnect.Disconnect(id, userId, "bulk", source, cancellation)).Failure;
        return await vault.Find(id, userId, cancellation) is { } row ? (await tokens.Refresh(row, source, cancellation)).Failure : new Failure(ErrorCatalogue.Integrations.NotFound);
    }
}
