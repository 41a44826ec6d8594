using Grantkeeper.Audit;
using Grantkeeper.Tokens;

namespace Grantkeeper.Testing.Twins;

/// <summary>The twin behind the engine's own seams. Each question goes through <paramref name="ask"/>, which may delay, lose or refuse it.</summary>
internal sealed class VaultTwin(StoreTwin store, VaultTwin.IAsking ask) : ITokenVault, ILateTokens, IDueQueue
{
    /// <summary>How a statement gets to the store and its answer back.</summary>
    internal interface IAsking
    {
        /// <summary>Runs a statement.</summary>
        /// <param name="isRead">A pure read, which the product repeats on a broken connection.</param>
        /// <param name="statement">What the store does.</param>
        Task<T> Ask<T>(bool isRead, Func<T> statement);
    }

    /// <summary>At once, and always; one statement after the other, whoever asks.</summary>
    internal sealed class AtOnce : IAsking
    {
        private readonly Lock _gate = new();

        public Task<T> Ask<T>(bool isRead, Func<T> statement)
        {
            lock (_gate)
                return Task.FromResult(statement());
        }
    }

    public Task<GrantRow?> Find(Guid integrationId, string? userId, CancellationToken cancellation) => ask.Ask(true, () => store.Find(integrationId, userId));

    public Task<GrantRow?> FindAt(string provider, string userId, string? accountId, CancellationToken cancellation) => ask.Ask(true, () => store.FindAt(provider, userId, accountId));

    public Task<Leased?> TakeLease(string userId, Guid integrationId, int epoch, Guid owner, string node, CancellationToken cancellation) =>
        ask.Ask(false, () => store.TakeLease(userId, integrationId, epoch, owner, node));

    public Task<bool> TakeOver(GrantRow row, Guid attemptId, IReadOnlyList<string> holders, CancellationToken cancellation) => ask.Ask(false, () => store.TakeOver(row, attemptId, holders));

    public Task<bool> Extend(GrantRow row, CancellationToken cancellation) => ask.Ask(false, () => store.Extend(row));

    public Task Release(GrantRow row, Guid owner, CancellationToken cancellation) => ask.Ask(false, () =>
    {
        store.Release(row, owner);
        return true;
    });

    public Task<SaveOutcome> SaveRefreshed(GrantRow row, TokenSet tokens, Guid attemptId, RefreshAttempt attempt, AuditSource source, string node, CancellationToken cancellation) =>
        ask.Ask(false, () => store.SaveRefreshed(row, tokens, attemptId, attempt));

    public Task<bool> SaveFailure(GrantRow row, Guid attemptId, RefreshAttempt attempt, FailedRefresh failed, AuditSource source, string node, CancellationToken cancellation) =>
        ask.Ask(false, () => store.SaveFailure(row, attemptId, attempt, failed, node));

    public Task<bool> Suspect(GrantRow row, long generation, string? claimsChallenge, AuditSource source, CancellationToken cancellation) => ask.Ask(false, () => store.Suspect(row, generation, claimsChallenge));

    public Task AnnounceReplay(string node, CancellationToken cancellation) => ask.Ask(false, () =>
    {
        store.AnnounceReplay(node);
        return true;
    });

    public Task Handle(GrantRow tried, SpooledAnswer late, AuditSource source, CancellationToken cancellation) => ask.Ask(false, () => store.HandleLate(tried, late));

    public Task<SpooledAnswer?> Newest(GrantRow row, CancellationToken cancellation) => ask.Ask(true, () => store.Newest(row));

    public Task<List<DueGrant>> Claim(IReadOnlyList<DueLane> lanes, int limit, CancellationToken cancellation) => ask.Ask(false, () => store.Claim(lanes, limit));
}
