using Grantkeeper.Errors;
using Grantkeeper.Integrations;
using Grantkeeper.OAuth;
using Grantkeeper.Providers;
using Grantkeeper.Storage;
using Grantkeeper.Tokens;
using Npgsql;

namespace Grantkeeper.Monitoring;

/// <summary>What a verdict needs beside the grant itself.</summary>
internal sealed record TimelineFacts
{
    public static readonly TimelineFacts None = new();

    public string? LastClass { get; init; }

    public string? LastCode { get; init; }

    public DateTimeOffset? LastAttemptAt { get; init; }

    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>What the newest consent asked for.</summary>
    public ScopeSet Asked { get; init; } = ScopeSet.Empty;

    /// <summary>When the newest consent was given.</summary>
    public DateTimeOffset? ConsentedAt { get; init; }

    /// <summary>When the newest consent ends, as far as the provider said.</summary>
    public DateTimeOffset? ConsentEndsAt { get; init; }

    /// <summary>What the provider said to the last revocation.</summary>
    public string? Revocation { get; init; }

    /// <summary>Of the last fifty refreshes those that brought a new refresh token.</summary>
    public int NewTokens { get; init; }

    /// <summary>Of the last fifty refreshes those after which the refresh token stayed as it was.</summary>
    public int SameTokens { get; init; }

    /// <summary>Of the last fifty refreshes those with a refresh token that may have been used before.</summary>
    public int Again { get; init; }
}

/// <summary>One row of the timeline; the sources keep what they have and leave the rest null.</summary>
internal sealed record TimelineRow(
    Guid Id, DateTimeOffset At, string Kind, string Event, bool Success, int? Epoch, long? Generation, string? Code, string? Delivery, int? DurationMs,
    DateTimeOffset? NextAttemptAt, IReadOnlyList<string> Asked, IReadOnlyList<string> Granted, string? Caller, string? Actor, DateTimeOffset? EndedAt, string? EndedReason);

/// <summary>An integration's state and history, as one reading.</summary>
internal sealed record Timeline(GrantRow Grant, Provider? Provider, TimelineFacts Facts, Verdict Verdict, IReadOnlyList<TimelineRow> Rows, Guid? Next)
{
    /// <summary>What may have ended the grant that an attempt was refused for; nothing of one that an earlier consent gave.</summary>
    public string? LikelyCause(TimelineRow row) =>
        row is { Kind: Timelines.Attempt, Event: "rejected" } && row.Epoch == Grant.Tokens?.Epoch ? LikelyCauses.Of(Provider, Grant, Facts, row.At) : null;

    /// <summary>What was asked for and not granted; nothing after a disconnect.</summary>
    public ScopeSet Missing => Grant.Integration.Status == IntegrationStatus.Revoked ? ScopeSet.Empty : Grant.Integration.Scopes.MissingFrom(Facts.Asked);
}

/// <summary>
/// "Why is this broken?": reads refresh attempts, consents and audit rows of one integration and judges how it stands.
/// Reads of tokens are left out, they are too many to tell a story; and so are the audit rows of refreshes, which the
/// attempts tell in more detail. Writes nothing, asks no provider.
/// </summary>
internal sealed class Timelines(TokenVault vault, Database database, ProviderCatalogue catalogue, SharedTime time)
{
    public const string Attempt = "attempt";
    public const string Consent = "consent";
    public const string AuditRow = "audit";

    private const string SelectFacts = """
        SELECT a.class, a.code, a.started_at, t.last_used_at, c.scopes_requested, r.code, e.new_tokens, e.same_tokens, e.again, c.granted_at, c.expires_at
        FROM oauth_integrations i
        LEFT JOIN oauth_tokens t ON t.user_id = i.user_id AND t.integration_id = i.id
        LEFT JOIN LATERAL (
            SELECT class, code, started_at FROM refresh_attempts WHERE user_id = i.user_id AND integration_id = i.id ORDER BY started_at DESC LIMIT 1) a ON true
        LEFT JOIN LATERAL (
            SELECT scopes_requested, granted_at, expires_at FROM oauth_consents WHERE user_id = i.user_id AND integration_id = i.id ORDER BY granted_at DESC LIMIT 1) c ON true
        LEFT JOIN LATERAL (
            SELECT code FROM oauth_audit_log WHERE user_id = i.user_id AND integration_id = i.id AND action = 'provider_revocation' ORDER BY created_at DESC LIMIT 1) r ON true
        LEFT JOIN LATERAL (
            SELECT count(*) FILTER (WHERE code LIKE 'new_token%')::int AS new_tokens, count(*) FILTER (WHERE code LIKE 'same_token%')::int AS same_tokens,
                count(*) FILTER (WHERE code LIKE '%_again')::int AS again
            FROM (SELECT code FROM refresh_attempts WHERE user_id = i.user_id AND integration_id = i.id AND class = 'refreshed' ORDER BY id DESC LIMIT 50) last) e ON true
        WHERE i.user_id = $1 AND i.id = $2
        """;

    // Ids are UUIDv7: their order is the order in which things were written, over all three tables.
    private const string SelectRows = """
        (SELECT id, started_at, 'attempt', class, class = 'refreshed', epoch, generation, code, delivery, duration_ms, next_attempt_at,
            NULL::text[], NULL::text[], NULL, NULL, NULL::timestamptz, NULL
        FROM refresh_attempts WHERE user_id = $1 AND integration_id = $2 AND ($3::uuid IS NULL OR id < $3) ORDER BY id DESC LIMIT $4)
        UNION ALL
        (SELECT id, granted_at, 'consent', 'consent', true, epoch, NULL, NULL, NULL, NULL, expires_at,
            scopes_requested, scopes, NULL, actor, revoked_at, revoked_reason
        FROM oauth_consents WHERE user_id = $1 AND integration_id = $2 AND ($3::uuid IS NULL OR id < $3) ORDER BY id DESC LIMIT $4)
        UNION ALL
        (SELECT id, created_at, 'audit', action, success, NULL, NULL, code, NULL, duration_ms, NULL,
            NULL, NULL, caller, actor, NULL, NULL
        FROM oauth_audit_log
        WHERE user_id = $1 AND integration_id = $2 AND ($3::uuid IS NULL OR id < $3)
          AND action <> 'token_read' AND NOT (action IN ('refresh', 'refresh_failed') AND duration_ms IS NOT NULL)
        ORDER BY id DESC LIMIT $4)
        ORDER BY 1 DESC LIMIT $4
        """;

    /// <summary>One page, newest first. Failure: <c>integrations.not_found</c>.</summary>
    /// <param name="integrationId">The integration.</param>
    /// <param name="userId">Whose it must be; null for a service key that names the id alone.</param>
    /// <param name="before">Only what is older than this entry; null for the newest page.</param>
    /// <param name="limit">The most entries.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public async Task<Result<Timeline>> Read(Guid integrationId, string? userId, Guid? before, int limit, CancellationToken cancellation)
    {
        if (await vault.Find(integrationId, userId, cancellation) is not { } grant)
            return new Failure(ErrorCatalogue.Integrations.NotFound);
        var owner = grant.Integration.UserId;
        var session = database.ForUser(owner);
        var facts = await session.Read(SelectFacts, MapFacts, cancellation, owner, integrationId) ?? TimelineFacts.None;
        var rows = await session.ReadAll(SelectRows, MapRow, cancellation, owner, integrationId, before, limit + 1);
        var provider = catalogue.Find(grant.Integration.Provider);
        var shown = rows.Take(limit).ToList();
        return new Timeline(grant, provider, facts, Verdict.Of(grant, facts, provider, time.GetUtcNow()), shown, rows.Count > limit ? shown[^1].Id : null);
    }

    /// <summary>A user's grants whose refreshes fail for now: how often in a row, and when the next one is tried.</summary>
    public async Task<IReadOnlyDictionary<Guid, (int Failures, DateTimeOffset? NextTryAt)>> Failing(string userId, CancellationToken cancellation) => (await database.ForUser(userId).ReadAll(
            "SELECT integration_id, failure_count, next_refresh_at FROM oauth_tokens WHERE user_id = $1 AND failure_count > 0 AND is_active",
            row => (Id: row.GetGuid(0), Failures: row.GetInt32(1), NextTryAt: row.TimeOrNull(2)), cancellation, userId))
        .ToDictionary(row => row.Id, row => (row.Failures, row.NextTryAt));

    private static TimelineFacts MapFacts(NpgsqlDataReader row) => new()
    {
        LastClass = row.TextOrNull(0),
        LastCode = row.TextOrNull(1),
        LastAttemptAt = row.TimeOrNull(2),
        LastUsedAt = row.TimeOrNull(3),
        Asked = ScopeSet.Of(row.Texts(4)),
        Revocation = row.TextOrNull(5),
        NewTokens = row.GetInt32(6),
        SameTokens = row.GetInt32(7),
        Again = row.GetInt32(8),
        ConsentedAt = row.TimeOrNull(9),
        ConsentEndsAt = row.TimeOrNull(10),
    };

    private static TimelineRow MapRow(NpgsqlDataReader row) => new(
        row.GetGuid(0), row.Time(1), row.GetString(2), row.GetString(3), row.GetBoolean(4), row.IsDBNull(5) ? null : row.GetInt32(5), row.LongOrNull(6),
        row.TextOrNull(7), row.TextOrNull(8), row.IsDBNull(9) ? null : row.GetInt32(9), row.TimeOrNull(10), row.Texts(11), row.Texts(12),
        row.TextOrNull(13), row.TextOrNull(14), row.TimeOrNull(15), row.TextOrNull(16));
}
