using System.Collections.Concurrent;
using Grantkeeper.Audit;
using Grantkeeper.Connect;
using Grantkeeper.Integrations;
using Grantkeeper.Storage;

namespace Grantkeeper.Privacy;

/// <summary>What an erasure did: how many grants it ended, what became of them at their providers, and how many rows it removed.</summary>
internal sealed record Erased(int Ended, IReadOnlyDictionary<string, int> AtProviders, int Rows);

/// <summary>
/// Erases a user (R206): each live grant ends by the flow that ends grants, here on every node and at its provider; then all rows
/// of the user go in one transaction, and with them the salt of the user's key, so that sealed texts in copies of the rows open
/// nowhere any more. Twice is harmless, and goes on where the first time stopped.
/// </summary>
/// <remarks>
/// The audit log stays: it is the proof of what was done, this included. Revocations that a provider has not confirmed stay in
/// the outbox until it does, for seven days at most. A connect that is under way either ends before and is erased too, or finds
/// its flow gone and gives its tokens back.
/// </remarks>
internal sealed class UserErasure(Database database, IntegrationStore integrations, DisconnectFlow disconnect, AuditLog audit)
{
    private const int AtOnce = 8;
    private const int PageSize = 200;
    private const string Reason = "erased";

    /// <summary>Every table with rows of a user, in the order in which they can be removed, and which rows are.</summary>
    internal static readonly IReadOnlyList<(string Table, string Rows)> Tables =
    [
        ("oauth_state", ""), ("connect_sessions", ""), ("bulk_operations", ""), ("onboarding_completions", ""), ("refresh_attempts", ""), ("superseded_answers", ""),
        ("outbox", "AND finished_at IS NOT NULL"), ("oauth_consents", ""), ("oauth_tokens", ""), ("oauth_integrations", ""), ("owner_salts", ""),
    ];

    public async Task<Erased> Erase(string userId, AuditSource source, CancellationToken cancellation)
    {
        var outcomes = new ConcurrentBag<string>();
        while (true)
        {
            foreach (var outcome in await EndGrants(userId, source, cancellation))
                outcomes.Add(outcome);
            // Null: an account was connected meanwhile.
            if (await RemoveRows(userId, source, cancellation) is { } rows)
                return new Erased(outcomes.Count, outcomes.GroupBy(outcome => outcome).ToDictionary(group => group.Key, group => group.Count()), rows);
        }
    }

    private async Task<IReadOnlyCollection<string>> EndGrants(string userId, AuditSource source, CancellationToken cancellation)
    {
        var outcomes = new ConcurrentBag<string>();
        for (Guid? after = null; ;)
        {
            var page = await integrations.List(new IntegrationFilter(userId, null, ActiveOnly: false, after, PageSize) { IsLive = true }, cancellation);
            await Parallel.ForEachAsync(page, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation }, async (integration, stop) =>
            {
                // Gone, or ended already: another erasure or its user was faster.
                if ((await disconnect.Disconnect(integration.Id, userId, Reason, source, stop)).TryGet(out var ended, out _) && ended.WasConnected)
                    outcomes.Add(ended.ProviderRevocation);
            });
            if (page.Count < PageSize)
                return outcomes;
            after = page[^1].Id;
        }
    }

    private async Task<int?> RemoveRows(string userId, AuditSource source, CancellationToken cancellation)
    {
        var removed = 0;
        var isDone = await database.ForUser(userId).Transaction(async db =>
        {
            // From here on nothing new is sealed for this user; what was under way has been committed and can be seen.
            await OwnerSalts.Lock(db, userId, cancellation);
            if (await db.One("SELECT id FROM oauth_integrations WHERE user_id = $1 AND status <> 'revoked' LIMIT 1", row => row.GetGuid(0).ToString(), cancellation, userId) is not null)
                return false;
            foreach (var (table, rows) in Tables)
                removed += await db.Execute($"DELETE FROM {table} WHERE user_id = $1 {rows}", cancellation, userId);
            await audit.Write(db, new AuditEvent(AuditAction.UserErased, userId, source), cancellation);
            return true;
        }, cancellation);
        return isDone ? removed : null;
    }
}
