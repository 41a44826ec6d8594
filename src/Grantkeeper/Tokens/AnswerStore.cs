using Grantkeeper.Audit;
using Grantkeeper.Failpoints;
using Grantkeeper.Integrations;

namespace Grantkeeper.Tokens;

/// <summary>
/// Finds the place of an answer, fresh from its provider or from a spool: 1. the next generation, if the grant still stands
/// where it was asked 2. the next generation too, if another answer won and the provider has refused that one meanwhile
/// 3. else it has come too late.
/// </summary>
internal sealed class AnswerStore(ITokenVault vault, ILateTokens lateTokens, IFailpoints failpoints)
{
    /// <summary>Stores it; <see cref="SaveOutcome.Lost"/> when it was kept aside, dropped or revoked.</summary>
    public async Task<SaveOutcome> Store(GrantRow tried, SpooledAnswer answer, AuditSource source, string node, CancellationToken cancellation)
    {
        // 1. the next generation
        var outcome = await vault.SaveRefreshed(tried, answer.Tokens, answer.AttemptId, answer.Attempt, source, node, cancellation);
        if (outcome != SaveOutcome.Lost)
            return outcome;

        // 2. the one that won is refused
        if (await vault.Find(answer.IntegrationId, answer.UserId, cancellation) is { } now && WasRefused(now, answer)
            && await vault.SaveRefreshed(now, answer.Tokens, answer.AttemptId, answer.Attempt, source, node, cancellation) is var second and not SaveOutcome.Lost)
            return second;

        // 3. too late
        await failpoints.Reach(Points.RefreshSuperseded);
        await lateTokens.Handle(tried, answer, source, cancellation);
        return SaveOutcome.Lost;
    }

    private static bool WasRefused(GrantRow now, SpooledAnswer answer) =>
        now is { Integration: { Status: IntegrationStatus.Error, ReasonDetail: Reasons.InvalidGrant or Reasons.AmbiguousRefresh }, Tokens: { } tokens }
        && tokens.Epoch == answer.Epoch && tokens.Generation == answer.Generation + 1;
}
