using Grantkeeper.Audit;
using Grantkeeper.Failpoints;
using Grantkeeper.Spool;
using Grantkeeper.Storage;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Grantkeeper.Tokens;

/// <summary>
/// Stores the answers that this node, or a node that died on this machine, held when it went away, and says so to the
/// others: until then they leave those grants alone. Before it has run, this node serves nothing and refreshes nothing.
/// </summary>
internal sealed class SpoolReplay(ISpool spool, ITokenVault vault, AnswerStore answers, IFailpoints failpoints, ILogger<SpoolReplay> logger)
{
    private readonly HashSet<Guid> _stored = [];
    private Queue<LeftBehind>? _left;

    /// <summary>Runs once, at start, when keys and database are there.</summary>
    /// <exception cref="StorageUnavailableException">The database went away; what is not stored stays and is found again by the next call.</exception>
    public async Task Run(CancellationToken cancellation)
    {
        _left ??= new Queue<LeftBehind>(spool.Open());
        while (_left.TryPeek(out var folder))
        {
            var refused = 0;
            foreach (var record in folder.Records.Where(record => !_stored.Contains(record.Id)))
            {
                try
                {
                    await failpoints.Reach(Points.ReplayRead);
                    if (SpooledAnswer.Read(record) is not { } answer)
                    {
                        // Of another release: it stays for one that can read it.
                        refused++;
                        TokensLog.ReplayRefused(logger, record.Id, "unreadable");
                        continue;
                    }

                    await Store(answer, folder.NodeId, cancellation);
                    await failpoints.Reach(Points.ReplayStored);
                    _stored.Add(record.Id);
                    folder.Stored(record);
                }
                catch (PostgresException exception) when (IsAboutTheValue(exception))
                {
                    // It stays, and one grant waits for somebody; the node and all other grants do not.
                    refused++;
                    TokensLog.ReplayRefused(logger, record.Id, exception.SqlState);
                }
            }

            await failpoints.Reach(Points.ReplayDone);
            // Somebody who can read the rest may come; until then nobody relies on this node having told everything.
            if (folder.Unreadable == 0 && refused == 0)
                await vault.AnnounceReplay(folder.NodeId, cancellation);
            folder.Finished();
            _left.Dequeue();
        }
    }

    /// <summary>Data exceptions and broken constraints: the next try would end in the same way.</summary>
    private static bool IsAboutTheValue(PostgresException exception) =>
        exception.SqlState.StartsWith("22", StringComparison.Ordinal) || exception.SqlState.StartsWith("23", StringComparison.Ordinal);

    private async Task Store(SpooledAnswer answer, string nodeId, CancellationToken cancellation)
    {
        var current = await vault.Find(answer.IntegrationId, answer.UserId, cancellation);
        if (current is null)
        {
            // The owner was erased: nothing of his is stored again.
            TokensLog.ReplayDiscarded(logger, answer.IntegrationId);
            return;
        }

        var (outcome, _) = await answers.Store(answer.On(current), answer, AuditSource.Background, nodeId, cancellation);
        TokensLog.Replayed(logger, answer.IntegrationId, answer.Generation + 1, outcome.ToString());
    }
}
