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
    /// <summary>Stores it; <see cref="SaveOutcome.Lost"/> when it was kept aside, dropped or revoked. With the grant as it stands then.</summary>
    public async Task<(SaveOutcome Outcome, GrantRow? Now)> Store(GrantRow tried, SpooledAnswer answer, AuditSource source, string node, CancellationToken cancellation)
    {
        // 1. the next generation
        var stored = await vault.SaveAndFind(tried, answer.Tokens, answer.AttemptId, answer.Attempt, source, node, cancellation);
        if (stored.Outcome != SaveOutcome.Lost)
            return stored;

        // 2. the one that won is refused
        if (await vault.Find(answer.IntegrationId, answer.UserId, cancellation) is { } now && WasRefused(now, answer))
        {
            stored = await vault.SaveAndFind(now, answer.Tokens, answer.AttemptId, answer.Attempt, source, node, cancellation);
            if (stored.Outcome != SaveOutcome.Lost)
                return stored;
        }

        // 3. too late
        await failpoints.Reach(Points.RefreshSuperseded);
        await lateTokens.Handle(tried, answer, source, cancellation);
        return (SaveOutcome.Lost, await vault.Find(answer.IntegrationId, answer.UserId, cancellation));
    }

    private static bool WasRefused(GrantRow now, SpooledAnswer answer) =>
        now is { Integration: { Status: IntegrationStatus.Error, ReasonDetail: Reasons.InvalidGrant or Reasons.AmbiguousRefresh }, Tokens: { } tokens }
        && tokens.Epoch == answer.Epoch && tokens.Generation == answer.Generation + 1;
}
