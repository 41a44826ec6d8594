using Grantkeeper.Audit;
using Grantkeeper.Encryption;
using Grantkeeper.Integrations;
using Grantkeeper.Storage;

namespace Grantkeeper.Tokens;

/// <summary>
/// The sealed tokens in PostgreSQL. A success is written on (epoch, generation) alone, whoever holds the lease: the only
/// copy of a rotated token must not be refused. Every failure needs the holder's fence too.
/// </summary>
internal sealed class TokenVault(Database database, SecretBox box, AuditLog audit, TimeProvider time) : ITokenVault
{
    /// <summary>How long a lease lasts on the database's clock; longer than a provider call may take.</summary>
    /// <remarks>Shorter under failpoints alone, so that campaigns outlast it.</remarks>
    public static TimeSpan LeaseTime { get; internal set; } = TimeSpan.FromSeconds(15);

    private readonly LeaseWrites _leases = new(database);
    private readonly SuccessWrites _successes = new(database, box, time);

    private const string SelectGrant = $"""
        SELECT {GrantRows.Columns}
        FROM oauth_integrations i
        LEFT JOIN oauth_tokens t ON t.user_id = i.user_id AND t.integration_id = i.id
        LEFT JOIN owner_salts s ON s.user_id = i.user_id
        """;

    public Task<GrantRow?> Find(Guid integrationId, string? userId, CancellationToken cancellation) => userId is null
        ? database.AsService(ServiceReason.ServiceKey).Read($"{SelectGrant} WHERE i.id = $1", GrantRows.Map, cancellation, integrationId)
        : database.ForUser(userId).Read($"{SelectGrant} WHERE i.user_id = $2 AND i.id = $1", GrantRows.Map, cancellation, integrationId, userId);

    public Task<GrantRow?> FindAt(string provider, string userId, string? accountId, CancellationToken cancellation) => accountId is null
        ? database.ForUser(userId).Read($"{SelectGrant} WHERE i.user_id = $1 AND i.provider = $2 AND i.is_primary", GrantRows.Map, cancellation, userId, provider)
        : database.ForUser(userId).Read($"{SelectGrant} WHERE i.user_id = $1 AND i.provider = $2 AND i.provider_account_id = $3", GrantRows.Map, cancellation, userId, provider, accountId);

    public Task<Leased?> TakeLease(string userId, Guid integrationId, int epoch, Guid owner, string node, CancellationToken cancellation) =>
        _leases.Write(new LeaseRequest(userId, integrationId, epoch, owner, node), cancellation);

    public async Task<bool> TakeOver(GrantRow row, Guid attemptId, IReadOnlyList<string> holders, CancellationToken cancellation) => await database.ForUser(row.Integration.UserId).Execute(
        """
        UPDATE oauth_tokens SET intent_id = $4, intent_nodes = $5, intent_at = clock_timestamp()
        WHERE user_id = $1 AND integration_id = $2 AND fence = $3 AND lease_until > clock_timestamp()
        """,
        cancellation, row.Integration.UserId, row.Integration.Id, row.Tokens!.Fence, attemptId, holders.ToArray()) == 1;

    public async Task<bool> Extend(GrantRow row, CancellationToken cancellation) => await database.ForUser(row.Integration.UserId).Execute(
        "UPDATE oauth_tokens SET lease_until = clock_timestamp() + $4 WHERE user_id = $1 AND integration_id = $2 AND fence = $3 AND lease_until > clock_timestamp()",
        cancellation, row.Integration.UserId, row.Integration.Id, row.Tokens!.Fence, LeaseTime) == 1;

    public Task Release(GrantRow row, Guid owner, CancellationToken cancellation) => database.ForUser(row.Integration.UserId).Execute(
        $"""
        UPDATE oauth_tokens SET lease_until = NULL, {ClearOwnIntent}
        WHERE user_id = $1 AND integration_id = $2 AND lease_owner = $3 AND fence = $4
        """,
        cancellation, row.Integration.UserId, row.Integration.Id, owner, row.Tokens!.Fence);

    public async Task<SaveOutcome> SaveRefreshed(GrantRow row, TokenSet tokens, Guid attemptId, RefreshAttempt attempt, AuditSource source, string node, CancellationToken cancellation) =>
        (await _successes.Write(new SuccessRequest(row, tokens, attemptId, attempt, source, node), cancellation)).Outcome;

    public async Task<(SaveOutcome Outcome, GrantRow? Now)> SaveAndFind(GrantRow row, TokenSet tokens, Guid attemptId, RefreshAttempt attempt, AuditSource source, string node, CancellationToken cancellation)
    {
        var (outcome, now) = await _successes.Write(new SuccessRequest(row, tokens, attemptId, attempt, source, node), cancellation);
        return outcome == SaveOutcome.StoredBefore ? (outcome, await Find(row.Integration.Id, row.Integration.UserId, cancellation)) : (outcome, now);
    }

    public Task<bool> SaveFailure(GrantRow row, Guid attemptId, RefreshAttempt attempt, FailedRefresh failed, AuditSource source, string node, CancellationToken cancellation) =>
        database.ForUser(row.Integration.UserId).Transaction(async db =>
        {
            var (userId, id, rejectedDetail) = (row.Integration.UserId, row.Integration.Id, failed.RejectedDetail);
            var saved = await db.Execute(
                """
                UPDATE oauth_tokens SET failure_count = failure_count + 1, next_refresh_at = coalesce($6, next_refresh_at), updated_at = now(), lease_until = NULL, claimed_until = NULL,
                    intent_generation = CASE WHEN $7 OR intent_id <> $8 THEN intent_generation END,
                    intent_nodes = CASE WHEN intent_id <> $8 THEN intent_nodes WHEN $7 THEN array_remove(intent_nodes, $11) END,
                    intent_at = CASE WHEN $7 OR intent_id <> $8 THEN intent_at END, intent_id = CASE WHEN $7 OR intent_id <> $8 THEN intent_id END,
                    suspect_generation = CASE WHEN $10 THEN generation ELSE suspect_generation END, is_active = is_active AND $9::text IS NULL
                WHERE user_id = $1 AND integration_id = $2 AND epoch = $3 AND generation = $4 AND fence = $5
                """,
                cancellation, userId, id, row.Tokens!.Epoch, row.Tokens.Generation, row.Tokens.Fence, attempt.NextAttemptAt?.UtcDateTime, failed.MayHaveRotated, attemptId, rejectedDetail, failed.IsSuspect, node);
            await Record(db, row, attempt, cancellation);
            if (saved == 0)
                return false;
            await db.Execute(
                """
                UPDATE oauth_integrations SET error_count = error_count + 1, error_message = $3, updated_at = now(),
                    status = CASE WHEN $4::text IS NULL OR status = 'inactive' THEN status ELSE 'error' END,
                    reason = CASE WHEN $4::text IS NULL OR status = 'inactive' THEN reason ELSE $5 END, reason_detail = coalesce($4, reason_detail)
                WHERE user_id = $1 AND id = $2 AND epoch = $6 AND status <> 'revoked'
                """,
                cancellation, userId, id, attempt.Code, rejectedDetail, Reasons.ReauthorizationRequired, row.Tokens.Epoch);
            await audit.Write(db, new AuditEvent(AuditAction.RefreshFailed, userId, source)
            {
                IntegrationId = id, Provider = row.Integration.Provider, Success = false, Code = rejectedDetail ?? attempt.Code, Duration = attempt.Duration, Node = node,
            }, cancellation);
            return true;
        }, cancellation);

    public async Task<bool> Suspect(GrantRow row, long generation, string? claimsChallenge, AuditSource source, CancellationToken cancellation) =>
        await database.ForUser(row.Integration.UserId).Transaction(async db =>
        {
            var marked = await db.Execute(
                """
                UPDATE oauth_tokens SET suspect_generation = generation, claims_challenge = $4
                WHERE user_id = $1 AND integration_id = $2 AND generation = $3 AND suspect_generation IS DISTINCT FROM generation
                """,
                cancellation, row.Integration.UserId, row.Integration.Id, generation, claimsChallenge);
            if (marked == 0)
                return false;
            await audit.Write(db, new AuditEvent(AuditAction.TokenRejected, row.Integration.UserId, source) { IntegrationId = row.Integration.Id, Provider = row.Integration.Provider }, cancellation);
            return true;
        }, cancellation);

    public Task AnnounceReplay(string node, CancellationToken cancellation) => database.AsService(ServiceReason.Worker).Execute(
        """
        INSERT INTO nodes (node, spool_replayed_at) VALUES ($1, clock_timestamp())
        ON CONFLICT (node) DO UPDATE SET started_at = now(), spool_replayed_at = clock_timestamp()
        """,
        cancellation, node);

    /// <summary>Lets the stored access token be past its end from now on, as if its time had run out. For the sandbox.</summary>
    public async Task Expire(GrantRow row, AuditSource source, CancellationToken cancellation) =>
        await database.ForUser(row.Integration.UserId).Transaction(async db =>
        {
            await db.Execute(
                "UPDATE oauth_tokens SET expires_at = least(expires_at, now()), updated_at = now() WHERE user_id = $1 AND integration_id = $2",
                cancellation, row.Integration.UserId, row.Integration.Id);
            await audit.Write(db, new AuditEvent(AuditAction.SandboxExpired, row.Integration.UserId, source) { IntegrationId = row.Integration.Id, Provider = row.Integration.Provider }, cancellation);
            return true;
        }, cancellation);

    /// <summary>Writes the tokens of a new consent: a new row, or a new epoch in the old one. Part of the connect transaction.</summary>
    public Task StoreConsent(IDb db, string userId, string provider, Guid integrationId, int epoch, long generation, byte[] ownerSalt, TokenSet tokens, TimeSpan? idle, CancellationToken cancellation)
    {
        string? Sealed(Secret secret, string purpose) =>
            secret.IsEmpty ? null : box.Seal(secret, GrantRow.ContextOf(purpose, userId, integrationId, epoch, generation), ownerSalt);
        return db.Execute(
            """
            INSERT INTO oauth_tokens (user_id, id, integration_id, epoch, generation, access_token, refresh_token, expires_at, lifetime_seconds, scope, next_refresh_at, provider)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
            ON CONFLICT (user_id, integration_id) DO UPDATE SET epoch = $4, generation = $5, access_token = $6, refresh_token = $7, expires_at = $8,
                lifetime_seconds = $9, scope = $10, next_refresh_at = $11, updated_at = now(), is_active = true, suspect_generation = NULL, claims_challenge = NULL, failure_count = 0,
                lease_until = NULL, intent_id = NULL, intent_generation = NULL, intent_nodes = NULL, intent_at = NULL, intent_retries = 0, claimed_until = NULL
            """,
            cancellation, userId, Guid.CreateVersion7(time.GetUtcNow()), integrationId, epoch, generation,
            Sealed(tokens.AccessToken, GrantRow.AccessTokenPurpose), Sealed(tokens.RefreshToken, GrantRow.RefreshTokenPurpose),
            tokens.ExpiresAt?.UtcDateTime, (int?)tokens.Lifetime?.TotalSeconds, tokens.Scopes.ToString(),
            RefreshDecision.NextRefresh(tokens.ExpiresAt, tokens.Lifetime, integrationId, idle is { } limit ? (time.GetUtcNow(), limit) : null)?.UtcDateTime, provider);
    }

    /// <summary>The grant inside a transaction, its rows locked until the end of it: tokens first, as a refresh that commits does it.</summary>
    public static async Task<GrantRow?> Lock(IDb db, Guid integrationId, string userId, CancellationToken cancellation)
    {
        await db.Execute("SELECT FROM oauth_tokens WHERE user_id = $1 AND integration_id = $2 FOR UPDATE", cancellation, userId, integrationId);
        return await db.One($"{SelectGrant} WHERE i.user_id = $2 AND i.id = $1 FOR UPDATE OF i", GrantRows.Map, cancellation, integrationId, userId);
    }

    private const string ClearOwnIntent = """
        intent_retries = CASE WHEN intent_id = $3 THEN 0 ELSE greatest(intent_retries - 1, 0) END,
        intent_generation = CASE WHEN intent_id = $3 THEN NULL ELSE intent_generation END,
        intent_nodes = CASE WHEN intent_id = $3 THEN NULL ELSE intent_nodes END,
        intent_at = CASE WHEN intent_id = $3 THEN NULL ELSE intent_at END,
        intent_id = CASE WHEN intent_id = $3 THEN NULL ELSE intent_id END
        """;

    private Task Record(IDb db, GrantRow row, RefreshAttempt attempt, CancellationToken cancellation) => db.Execute(
        """
        INSERT INTO refresh_attempts (user_id, id, integration_id, epoch, generation, class, code, delivery, started_at, duration_ms, next_attempt_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        """,
        cancellation, row.Integration.UserId, Guid.CreateVersion7(time.GetUtcNow()), row.Integration.Id, row.Tokens!.Epoch, row.Tokens.Generation,
        attempt.Class, attempt.Code, attempt.Delivery, attempt.StartedAt.UtcDateTime, (int)attempt.Duration.TotalMilliseconds, attempt.NextAttemptAt?.UtcDateTime);
}
