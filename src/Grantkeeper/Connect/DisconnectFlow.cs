using Grantkeeper.Audit;
using Grantkeeper.Consents;
using Grantkeeper.Encryption;
using Grantkeeper.Errors;
using Grantkeeper.Failpoints;
using Grantkeeper.Integrations;
using Grantkeeper.Outbox;
using Grantkeeper.Storage;
using Grantkeeper.Tokens;

namespace Grantkeeper.Connect;

/// <summary>What a disconnect did here and what the provider said.</summary>
internal sealed record Disconnected(Integration Integration, bool WasConnected, string ProviderRevocation);

/// <summary>
/// Ends a grant: here at once, at the provider through the outbox.
/// </summary>
/// <remarks>
/// 1. can the provider be asked at all? Looked up first, since no transaction waits for a provider<br/>
/// 2. one transaction: tombstone, new epoch, tokens destroyed, consent ended, revocation into the outbox, audit<br/>
/// 3. wait until no node serves it from memory, then deliver the revocation right away; when the provider does not answer, the outbox goes on<br/>
/// Twice is harmless: the second time tells what became of the first.
/// </remarks>
internal sealed class DisconnectFlow(IntegrationStore integrations, Database database, SecretBox box, Revocations revocations, LateTokens lateTokens, OutboxStore outbox, OutboxDelivery delivery, AuditLog audit, INodeSignals signals, IFailpoints failpoints)
{
    public async Task<Result<Disconnected>> Disconnect(Guid integrationId, string userId, string? reason, AuditSource source, CancellationToken cancellation)
    {
        // 1. can the provider be asked at all?
        if (await integrations.Find(integrationId, userId, cancellation) is not { } integration)
            return new Failure(ErrorCatalogue.Integrations.NotFound);
        var supported = await revocations.IsSupported(integration.Provider);

        // 2. one transaction
        await failpoints.Reach(Points.DisconnectBegun);
        Guid? revocationId = null;
        GrantRow? found = null;
        var isGone = await database.ForUser(userId).Transaction(async db =>
        {
            // The lock that connects take: the next primary is chosen among accounts that stand still.
            await db.Execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", cancellation, $"{userId}\n{integration.Provider}");
            found = await TokenVault.Lock(db, integrationId, userId, cancellation);
            if (found is null || found.Integration.Status == IntegrationStatus.Revoked)
                return true;
            if (supported && found.Tokens is not null)
            {
                revocationId = await EnqueueRevocation(db, found, cancellation);
                await lateTokens.RevokeKept(db, found, cancellation);
            }

            await End(db, found, reason, source, cancellation);
            return false;
        }, cancellation);
        if (found is null)
            return new Failure(ErrorCatalogue.Integrations.NotFound);
        // Also the second time: the first may have died before it told anybody.
        await signals.ChangedEverywhere(integrationId);
        if (isGone)
            return new Disconnected(found.Integration, false, await outbox.LastOutcome(userId, integrationId, Revocations.KindName, cancellation) ?? Revocations.Unsupported);

        // 3. no node serves it any more: deliver the revocation right away
        await failpoints.Reach(Points.DisconnectStored);
        if (revocationId is null)
            return new Disconnected(found.Integration, true, supported ? Revocations.Failed : Revocations.Unsupported);
        var entry = await outbox.Claimed(revocationId.Value, userId, CancellationToken.None);
        var delivered = entry is null ? new Delivered(Revocations.Pending) : await delivery.Deliver(entry, CancellationToken.None);
        return new Disconnected(found.Integration, true, delivered.Outcome);
    }

    private async Task<Guid?> EnqueueRevocation(IDb db, GrantRow row, CancellationToken cancellation)
    {
        var refreshToken = row.OpenRefreshToken(box) ?? default;
        var accessToken = row.OpenAccessToken(box) ?? default;
        // Tokens that do not open cannot be revoked; the disconnect itself must not fail for that.
        return refreshToken.IsEmpty && accessToken.IsEmpty
            ? null
            : await revocations.Enqueue(db, row.Integration, refreshToken, accessToken, claimed: true, cancellation);
    }

    private async Task End(IDb db, GrantRow row, string? reason, AuditSource source, CancellationToken cancellation)
    {
        var (userId, id) = (row.Integration.UserId, row.Integration.Id);
        await db.Execute("DELETE FROM oauth_tokens WHERE user_id = $1 AND integration_id = $2", cancellation, userId, id);
        await db.Execute("DELETE FROM superseded_answers WHERE user_id = $1 AND integration_id = $2", cancellation, userId, id);
        await db.Execute(
            """
            UPDATE oauth_integrations SET status = 'revoked', reason = 'disconnected', reason_detail = NULL, epoch = epoch + 1, is_primary = false,
                revoked_at = now(), updated_at = now(), error_message = NULL, error_count = 0
            WHERE user_id = $1 AND id = $2
            """,
            cancellation, userId, id);
        // The oldest other account of the user takes over.
        await db.Execute(
            """
            UPDATE oauth_integrations SET is_primary = true, updated_at = now() WHERE user_id = $1 AND id = (
                SELECT id FROM oauth_integrations WHERE user_id = $1 AND provider = $2 AND status <> 'revoked' ORDER BY created_at, id LIMIT 1)
              AND NOT EXISTS (SELECT FROM oauth_integrations WHERE user_id = $1 AND provider = $2 AND is_primary)
            """,
            cancellation, userId, row.Integration.Provider);
        await ConsentStore.End(db, userId, id, reason is { Length: > 0 and <= 100 } ? reason : "disconnected", cancellation);
        await audit.Write(db, new AuditEvent(AuditAction.Disconnect, userId, source) { IntegrationId = id, Provider = row.Integration.Provider, Scopes = row.Integration.Scopes }, cancellation);
    }
}
