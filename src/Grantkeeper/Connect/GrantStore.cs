using Grantkeeper.Audit;
using Grantkeeper.Errors;
using Grantkeeper.OAuth;
using Grantkeeper.Providers;
using Grantkeeper.Storage;

namespace Grantkeeper.Connect;

/// <summary>Stores a fresh grant, although the database may be away: these tokens exist nowhere else.</summary>
internal sealed class GrantStore(IFlows flows, IGrantWrites writes, INodeSignals signals, TimeProvider time)
{
    /// <summary>
    /// How long the only copy of fresh tokens waits for the database: long enough for a server that crashed to recover. The
    /// browser, or a proxy before us, may give up earlier; the flow's status then tells how it ended.
    /// </summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    /// <summary>The integration's id. Failures: <c>integrations.account_mismatch</c>, <c>integrations.not_found</c>; <c>connect.flow_unknown</c>
    /// when the user was erased meanwhile.</summary>
    public async Task<Result<Guid>> Store(PendingFlow flow, Provider provider, Account account, TokenResponse tokens, DateTimeOffset sentAt, TimeSpan duration, AuditSource source, CancellationToken cancellation)
    {
        var began = time.GetTimestamp();
        for (var isRepeated = false; ; isRepeated = true)
        {
            try
            {
                // A commit that was not confirmed may have happened.
                if (isRepeated && await flows.Find(flow.Id, flow.UserId, cancellation) is { Status: FlowStatus.Completed, IntegrationId: { } done })
                {
                    await signals.ChangedEverywhere(done);
                    return done;
                }

                var stored = await writes.Write(flow, provider, account, tokens, sentAt, duration, source, cancellation);
                if (stored.TryGet(out var id, out _))
                    await signals.ChangedEverywhere(id);
                return stored;
            }
            catch (StorageUnavailableException) when (time.GetElapsedTime(began) < LongestWait)
            {
                await Task.Delay(Pause, time, cancellation);
            }
        }
    }
}
