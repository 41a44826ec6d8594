using Grantkeeper.Audit;
using Grantkeeper.Storage;

namespace Grantkeeper.Tokens;

/// <summary>
/// The vault that the engine has: whatever a reader would see differently is told to every node after its commit. What takes
/// a token away, a refusal and a reported generation, completes only when every living node has heard.
/// </summary>
internal sealed class SignallingVault(ITokenVault vault, INodeSignals signals) : ITokenVault
{
    public Task<GrantRow?> Find(Guid integrationId, string? userId, CancellationToken cancellation) => vault.Find(integrationId, userId, cancellation);

    public Task<GrantRow?> FindAt(string provider, string userId, string? accountId, CancellationToken cancellation) => vault.FindAt(provider, userId, accountId, cancellation);

    public Task<Leased?> TakeLease(string userId, Guid integrationId, int epoch, Guid owner, string node, CancellationToken cancellation) =>
        vault.TakeLease(userId, integrationId, epoch, owner, node, cancellation);

    public Task<bool> TakeOver(GrantRow row, Guid attemptId, IReadOnlyList<string> holders, CancellationToken cancellation) => vault.TakeOver(row, attemptId, holders, cancellation);

    public Task<bool> Extend(GrantRow row, CancellationToken cancellation) => vault.Extend(row, cancellation);

    public Task Release(GrantRow row, Guid owner, CancellationToken cancellation) => vault.Release(row, owner, cancellation);

    public async Task<SaveOutcome> SaveRefreshed(GrantRow row, TokenSet tokens, Guid attemptId, RefreshAttempt attempt, AuditSource source, string node, CancellationToken cancellation)
    {
        var outcome = await vault.SaveRefreshed(row, tokens, attemptId, attempt, source, node, cancellation);
        Tell(row, outcome);
        return outcome;
    }

    public async Task<(SaveOutcome Outcome, GrantRow? Now)> SaveAndFind(GrantRow row, TokenSet tokens, Guid attemptId, RefreshAttempt attempt, AuditSource source, string node, CancellationToken cancellation)
    {
        var saved = await vault.SaveAndFind(row, tokens, attemptId, attempt, source, node, cancellation);
        Tell(row, saved.Outcome);
        return saved;
    }

    public async Task<bool> SaveFailure(GrantRow row, Guid attemptId, RefreshAttempt attempt, FailedRefresh failed, AuditSource source, string node, CancellationToken cancellation)
    {
        var saved = await vault.SaveFailure(row, attemptId, attempt, failed, source, node, cancellation);
        if (saved && (failed.RejectedDetail is not null || failed.IsSuspect))
            await signals.ChangedEverywhere(row.Integration.Id);
        else if (saved)
            signals.Changed(row.Integration.Id);
        return saved;
    }

    public async Task<bool> Suspect(GrantRow row, long generation, string? claimsChallenge, AuditSource source, CancellationToken cancellation)
    {
        var counts = await vault.Suspect(row, generation, claimsChallenge, source, cancellation);
        if (counts)
            await signals.ChangedEverywhere(row.Integration.Id);
        return counts;
    }

    public Task AnnounceReplay(string node, CancellationToken cancellation) => vault.AnnounceReplay(node, cancellation);

    private void Tell(GrantRow row, SaveOutcome outcome)
    {
        if (outcome != SaveOutcome.Lost)
            signals.Changed(row.Integration.Id);
    }
}
