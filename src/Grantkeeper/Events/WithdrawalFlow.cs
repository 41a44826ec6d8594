using Grantkeeper.Audit;
using Grantkeeper.Consents;
using Grantkeeper.Integrations;
using Grantkeeper.Storage;
using Grantkeeper.Tokens;

namespace Grantkeeper.Events;

/// <summary>
/// Ends the grants of an account whose owner took them away at the provider, and says why: the user has to connect again.
/// </summary>
/// <remarks>
/// 1. whose integrations are at this account? Several owners may have connected it<br/>
/// 2. each in one transaction: status and reason, new epoch, tokens destroyed, consent ended, audit; a consent that is younger
/// than the event keeps its grant<br/>
/// 3. wait until no node serves them from memory<br/>
/// Twice is harmless: the second time changes nothing and tells the nodes again.
/// </remarks>
internal sealed class WithdrawalFlow(Database database, AuditLog audit, INodeSignals signals)
{
    /// <summary>Events carry whole seconds: what happened within the one that they name happened then.</summary>
    private static readonly TimeSpan Precision = TimeSpan.FromSeconds(1);

    private sealed record Found(string UserId, Guid Id);

    /// <summary>How many grants ended.</summary>
    /// <param name="provider">The provider's key.</param>
    /// <param name="accountId">The account, as integrations name it.</param>
    /// <param name="at">When it happened, by the provider's clock; null: now.</param>
    /// <param name="source">Who tells.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public async Task<int> Withdraw(string provider, string accountId, DateTimeOffset? at, AuditSource source, CancellationToken cancellation)
    {
        // 1. whose integrations are at this account?
        var found = await database.AsService(ServiceReason.ProviderEvent).ReadAll(
            "SELECT user_id, id FROM oauth_integrations WHERE provider = $1 AND provider_account_id = $2 AND status <> 'revoked'",
            row => new Found(row.GetString(0), row.GetGuid(1)), cancellation, provider, accountId);

        // 2. each in one transaction
        var ended = 0;
        foreach (var one in found)
        {
            if (await database.ForUser(one.UserId).Transaction(db => End(db, provider, one, null, at, source, cancellation), cancellation))
                ended++;
        }

        // 3. wait until no node serves them from memory
        await Task.WhenAll(found.Select(one => signals.ChangedEverywhere(one.Id)));
        return ended;
    }

    /// <summary>One grant whose token the provider calls void, steps 2 and 3; false when it has changed since.</summary>
    /// <param name="integration">The integration.</param>
    /// <param name="generation">The generation of the token that was asked about.</param>
    /// <param name="source">Who asked.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public async Task<bool> WithdrawOne(Integration integration, long generation, AuditSource source, CancellationToken cancellation)
    {
        var one = new Found(integration.UserId, integration.Id);
        var ended = await database.ForUser(one.UserId).Transaction(db => End(db, integration.Provider, one, generation, null, source, cancellation), cancellation);
        await signals.ChangedEverywhere(one.Id);
        return ended;
    }

    private async Task<bool> End(IDb db, string provider, Found one, long? generation, DateTimeOffset? at, AuditSource source, CancellationToken cancellation)
    {
        // The lock that connects take: a consent that is being stored is either seen here or comes after this.
        await db.Execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", cancellation, $"{one.UserId}\n{provider}");
        if (await TokenVault.Lock(db, one.Id, one.UserId, cancellation) is not { } row || (generation is not null && row.Tokens?.Generation != generation))
            return false;
        // What is switched off stays so; a refresh that follows its being switched on again will tell.
        var changed = await db.Execute(
            """
            UPDATE oauth_integrations SET status = 'error', reason = $3, reason_detail = $4, epoch = epoch + 1, updated_at = now(), error_count = error_count + 1, error_message = $4
            WHERE user_id = $1 AND id = $2 AND status NOT IN ('revoked', 'inactive') AND NOT (status = 'error' AND reason_detail IS NOT DISTINCT FROM $4)
              AND coalesce(connected_at, created_at) < coalesce($5, now())
            """,
            cancellation, one.UserId, one.Id, Reasons.ReauthorizationRequired, Reasons.ProviderRevoked, (at + Precision)?.UtcDateTime);
        if (changed == 0)
            return false;
        await db.Execute("DELETE FROM oauth_tokens WHERE user_id = $1 AND integration_id = $2", cancellation, one.UserId, one.Id);
        await db.Execute("DELETE FROM superseded_answers WHERE user_id = $1 AND integration_id = $2", cancellation, one.UserId, one.Id);
        await ConsentStore.End(db, one.UserId, one.Id, Reasons.ProviderRevoked, cancellation);
        await audit.Write(db, new AuditEvent(AuditAction.Withdrawn, one.UserId, source)
        {
            IntegrationId = one.Id, Provider = provider, Scopes = row.Integration.Scopes, Code = Reasons.ProviderRevoked,
        }, cancellation);
        return true;
    }
}
