using Grantkeeper.Audit;
using Grantkeeper.Consents;
using Grantkeeper.Encryption;
using Grantkeeper.Errors;
using Grantkeeper.Integrations;
using Grantkeeper.OAuth;
using Grantkeeper.Providers;
using Grantkeeper.Storage;
using Grantkeeper.Tokens;

namespace Grantkeeper.Connect;

/// <summary>
/// Integration, tokens, consent, audit row and the flow's end in one transaction. The same account of the same user is the
/// same integration, with a new epoch; a named reconnect insists on its account.
/// </summary>
internal sealed class GrantWrites(Database database, TokenVault vault, ConsentStore consents, Revocations revocations, SecretBox box, AuditLog audit, TimeProvider time) : IGrantWrites
{
    private sealed record Existing(Guid Id);

    public Task<Result<Guid>> Write(PendingFlow flow, Provider provider, Account account, TokenResponse answer, DateTimeOffset sentAt, TimeSpan duration, AuditSource source, CancellationToken cancellation) =>
        database.ForUser(flow.UserId).Transaction(db => Write(db, flow, provider, account, answer, sentAt, duration, source, cancellation), cancellation);

    private async Task<Result<Guid>> Write(IDb db, PendingFlow flow, Provider provider, Account account, TokenResponse answer, DateTimeOffset sentAt, TimeSpan duration, AuditSource source, CancellationToken cancellation)
    {
        // Connects of one user at one provider come one after the other, so that there is one row an account and one primary.
        await db.Execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", cancellation, $"{flow.UserId}\n{provider.Key}");
        // The user may have been erased while the provider was asked. In this order, which is the erasure's.
        if (await OwnerSalts.Existing(db, flow.UserId, cancellation) is not { } salt || !await FlowStore.Hold(db, flow, cancellation))
            return await Unwanted(db, flow, provider, account, answer, cancellation);
        var known = account.Id is null ? null : (await OfAccount(db, flow.UserId, provider.Key, account.Id, cancellation))?.Id;
        var id = flow.ReconnectIntegrationId ?? known;
        var old = id is null ? null : await TokenVault.Lock(db, id.Value, flow.UserId, cancellation);
        if (flow.ReconnectIntegrationId is not null)
        {
            if (old is null)
                return new Failure(ErrorCatalogue.Integrations.NotFound);
            if (!flow.ReplaceAccount && account.Id is not null && old.Integration.AccountId is not null && old.Integration.AccountId != account.Id)
                return new Failure(ErrorCatalogue.Integrations.AccountMismatch);
            if (known is not null && known != id)
                return new Failure(ErrorCatalogue.Integrations.AccountMismatch, "The account that came back is connected already, as another integration of this user. Both were kept as they were.");
        }

        var integrationId = id ?? Guid.CreateVersion7(time.GetUtcNow());
        var tokens = TokenMerge.Merge(answer, KeptRefreshToken(old, account), flow.Scopes, sentAt);
        var epoch = (old?.Integration.Epoch ?? 0) + 1;
        var generation = (old?.Tokens?.Generation ?? 0) + 1;
        await Upsert(db, flow, provider, account, integrationId, epoch, tokens.Scopes, cancellation);
        await vault.StoreConsent(db, flow.UserId, provider.Key, integrationId, epoch, generation, salt, tokens, provider.Manifest.RefreshTokenIdle, cancellation);
        // What an earlier consent of the same account brought may come back beside what is asked for now (incremental authorization).
        var unasked = ScopePolicy.Unasked(provider.Manifest, flow.Scopes, old?.Integration.UsableScopes ?? ScopeSet.Empty, tokens.Scopes);
        await consents.Record(db, flow.UserId, integrationId, epoch, flow.Scopes, tokens.Scopes, unasked, provider.Manifest.GrantLimits.ConsentEnd(answer, sentAt), source, cancellation);
        await FlowStore.Finish(db, flow, FlowStatus.Completed, integrationId, null, cancellation);
        await audit.Write(db, new AuditEvent(AuditAction.Connect, flow.UserId, source)
        {
            IntegrationId = integrationId, Provider = provider.Key, Scopes = tokens.Scopes, Duration = duration,
        }, cancellation);
        if (unasked.Count > 0)
        {
            await audit.Write(db, new AuditEvent(AuditAction.ScopeEscalated, flow.UserId, source)
            {
                IntegrationId = integrationId, Provider = provider.Key, Scopes = unasked, Success = false, Code = "grant",
            }, cancellation);
        }

        if (old is not null && !old.Integration.Scopes.Equals(tokens.Scopes))
            await audit.Write(db, new AuditEvent(AuditAction.ScopesChanged, flow.UserId, source) { IntegrationId = integrationId, Provider = provider.Key, Scopes = tokens.Scopes }, cancellation);
        return integrationId;
    }

    /// <summary>Nobody wants these tokens any more: the provider is told to end them, and nothing of them is kept.</summary>
    private async Task<Failure> Unwanted(IDb db, PendingFlow flow, Provider provider, Account account, TokenResponse answer, CancellationToken cancellation)
    {
        var nobodys = new Integration { UserId = flow.UserId, Id = Guid.CreateVersion7(time.GetUtcNow()), Provider = provider.Key, AccountId = account.Subject ?? account.Id };
        await revocations.Enqueue(db, nobodys, answer.RefreshToken, answer.AccessToken, claimed: false, cancellation);
        return new Failure(ErrorCatalogue.Connect.FlowUnknown);
    }

    private static Task<Existing?> OfAccount(IDb db, string userId, string provider, string accountId, CancellationToken cancellation) => db.One(
        "SELECT id FROM oauth_integrations WHERE user_id = $1 AND provider = $2 AND provider_account_id = $3",
        row => new Existing(row.GetGuid(0)), cancellation, userId, provider, accountId);

    /// <summary>A consent that brings no refresh token keeps the old one of the same account, as long as it was good, switched off or not (some providers give it only once).</summary>
    private Secret KeptRefreshToken(GrantRow? old, Account account) =>
        old is { Tokens: not null, Integration: { IsActive: true } or { Status: IntegrationStatus.Inactive, ReasonDetail: null } } && (account.Id is null || account.Id == old.Integration.AccountId)
            ? old.OpenRefreshToken(box) ?? default
            : default;

    private static Task Upsert(IDb db, PendingFlow flow, Provider provider, Account account, Guid id, int epoch, ScopeSet scopes, CancellationToken cancellation) => db.Execute(
        """
        INSERT INTO oauth_integrations (user_id, id, provider, provider_account_id, account_email, account_name, account_avatar, status, is_primary, epoch, scopes, connected_at, last_sync_at, provider_subject)
        VALUES ($1, $2, $3, coalesce($4, $2::text), $5, $6, $7, 'active',
            NOT EXISTS (SELECT FROM oauth_integrations p WHERE p.user_id = $1 AND p.provider = $3 AND p.is_primary), $8, $9, now(), now(), coalesce($10, $4, $2::text))
        ON CONFLICT (user_id, id) DO UPDATE SET provider_account_id = coalesce($4, oauth_integrations.provider_account_id),
            provider_subject = coalesce($10, $4, oauth_integrations.provider_subject), account_email = $5, account_name = $6, account_avatar = $7, status = 'active',
            reason = NULL, reason_detail = NULL, epoch = $8, scopes = $9, updated_at = now(), connected_at = now(), last_sync_at = now(),
            revoked_at = NULL, error_message = NULL, error_count = 0,
            is_primary = oauth_integrations.is_primary OR NOT EXISTS (SELECT FROM oauth_integrations p WHERE p.user_id = $1 AND p.provider = $3 AND p.is_primary)
        """,
        cancellation, flow.UserId, id, provider.Key, account.Id, account.Email, account.Name, account.AvatarUrl, epoch, scopes.ToArray(), account.Subject);
}
