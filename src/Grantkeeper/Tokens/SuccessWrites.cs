using Grantkeeper.Audit;
using Grantkeeper.Encryption;
using Grantkeeper.Integrations;
using Grantkeeper.Storage;
using Npgsql;

namespace Grantkeeper.Tokens;

/// <summary>A refresh whose answer is to be stored.</summary>
internal sealed record SuccessRequest(GrantRow Row, TokenSet Tokens, Guid AttemptId, RefreshAttempt Attempt, AuditSource Source, string Node);

/// <summary>
/// Stores answers, those that come at the same time in one statement and one commit: tokens, the integration where something
/// changes at it, the attempt, the audit row, and away with what lost against the generation before. A group holds rows of
/// several users, so it runs in the service's context and matches each row's user; a lone answer runs in its user's.
/// </summary>
internal sealed class SuccessWrites(Database database, SecretBox box, TimeProvider time)
{
    private const int MostInGroup = 128;

    private const string Given = """
        unnest($1::text[], $2::uuid[], $3::int[], $4::bigint[], $5::text[], $6::text[], $7::timestamptz[], $8::int[], $9::text[], $10::timestamptz[], $11::uuid[],
            $12::text[], $13::timestamptz[], $14::int[], $15::uuid[], $16::uuid[], $17::text[], $18::text[], $19::text[], $20::inet[], $21::text[], $22::text[], $23::text[], $24::text[], $25::text[], $26::uuid[], $27::uuid[])
        AS g(user_id, integration_id, epoch, generation, access_token, refresh_token, expires_at, lifetime_seconds, scope, next_refresh_at, attempt,
            class, started_at, duration_ms, attempt_row, audit_row, provider, actor, caller, ip_address, user_agent, correlation_id, node, evidence, refused_scopes, refused_row, scopes_row)
        """;

    private const string ReadyRows = """
        SELECT g.* FROM given g JOIN oauth_tokens t ON t.user_id = g.user_id AND t.integration_id = g.integration_id
        WHERE t.epoch = g.epoch AND t.generation = g.generation FOR UPDATE OF t
        """;

    /// <summary>A grant that came back for another account is its user's matter: no answer of the provider thaws it.</summary>
    private const string IsOwn = $"i.reason_detail IS DISTINCT FROM '{Reasons.AccountChanged}'";

    // Tokens first, then the integration, as everybody does. The last part reads what stood before this statement: what it
    // changes at an integration itself comes from healed.
    private const string Rest = $"""
        , t AS (
            UPDATE oauth_tokens o SET generation = g.generation + 1, access_token = g.access_token, refresh_token = g.refresh_token, expires_at = g.expires_at,
                lifetime_seconds = g.lifetime_seconds, scope = g.scope, next_refresh_at = g.next_refresh_at, updated_at = now(), last_refreshed_at = now(),
                suspect_generation = NULL, claims_challenge = NULL, failure_count = 0, lease_until = NULL, intent_id = NULL, intent_generation = NULL, intent_nodes = NULL, intent_at = NULL,
                intent_retries = 0, stored_attempt = g.attempt, claimed_until = NULL,
                is_active = EXISTS (SELECT FROM oauth_integrations i WHERE i.user_id = g.user_id AND i.id = g.integration_id AND i.status NOT IN ('inactive', 'revoked') AND {IsOwn})
            FROM ready g
            WHERE o.user_id = g.user_id AND o.integration_id = g.integration_id AND o.epoch = g.epoch AND o.generation = g.generation
            RETURNING o.*
        ), healed AS (
            UPDATE oauth_integrations i SET status = CASE WHEN status IN ('pending', 'expired', 'error') THEN 'active' ELSE status END,
                reason = CASE WHEN status = 'inactive' THEN '{Reasons.SwitchedOff}' END, reason_detail = NULL, scopes = string_to_array(t.scope, ' '), updated_at = now(), error_message = NULL, error_count = 0
            FROM t
            WHERE i.user_id = t.user_id AND i.id = t.integration_id AND {IsOwn}
              AND (i.status <> 'active' OR i.reason IS NOT NULL OR i.error_count > 0 OR i.scopes <> string_to_array(t.scope, ' '))
            RETURNING i.user_id, i.id, i.status, i.scopes
        ), used AS (
            -- What lost against this generation was kept until it had been used, which it has been now.
            DELETE FROM superseded_answers l USING t
            WHERE l.user_id = t.user_id AND l.integration_id = t.integration_id AND (l.epoch < t.epoch OR l.generation < t.generation - 1)
        ), tried AS (
            INSERT INTO refresh_attempts (user_id, id, integration_id, epoch, generation, class, code, started_at, duration_ms, next_attempt_at)
            SELECT g.user_id, g.attempt_row, g.integration_id, g.epoch, g.generation, g.class, g.evidence, g.started_at, g.duration_ms, g.next_refresh_at
            FROM ready g JOIN t ON t.user_id = g.user_id AND t.integration_id = g.integration_id
        ), told AS (
            INSERT INTO oauth_audit_log (user_id, id, integration_id, action, provider, actor, caller, scopes, ip_address, user_agent, duration_ms, node, correlation_id, success, code)
            SELECT g.user_id, g.audit_row, g.integration_id, 'refresh', g.provider, g.actor, g.caller, string_to_array(g.scope, ' '), g.ip_address, g.user_agent, g.duration_ms,
                g.node, g.correlation_id, true, NULL
            FROM ready g JOIN t ON t.user_id = g.user_id AND t.integration_id = g.integration_id
            UNION ALL
            SELECT g.user_id, g.refused_row, g.integration_id, 'scope_escalated', g.provider, g.actor, g.caller, string_to_array(g.refused_scopes, ' '), g.ip_address, g.user_agent, NULL,
                g.node, g.correlation_id, false, 'refresh'
            FROM ready g JOIN t ON t.user_id = g.user_id AND t.integration_id = g.integration_id WHERE g.refused_scopes IS NOT NULL
        ), changed AS (
            -- The integration is read as it stood before.
            INSERT INTO oauth_audit_log (user_id, id, integration_id, action, provider, actor, caller, scopes, ip_address, user_agent, node, correlation_id)
            SELECT g.user_id, g.scopes_row, g.integration_id, 'scopes_changed', g.provider, g.actor, g.caller, h.scopes, g.ip_address, g.user_agent, g.node, g.correlation_id
            FROM healed h JOIN ready g ON g.user_id = h.user_id AND g.integration_id = h.id
            JOIN oauth_integrations i ON i.user_id = h.user_id AND i.id = h.id
            WHERE NOT (i.scopes @> h.scopes AND i.scopes <@ h.scopes)
        )
        SELECT {GrantRows.Columns}, t.stored_attempt, h.status
        {GrantRows.OfTokens}
        LEFT JOIN healed h ON h.user_id = t.user_id AND h.id = t.integration_id
        """;

    // In a group a row that somebody else holds is passed over: it would keep everybody's answer from the disk.
    private const string Together = $"WITH given AS (SELECT * FROM {Given}), ready AS ({ReadyRows} SKIP LOCKED){Rest}";
    private const string Patiently = $"WITH given AS (SELECT * FROM {Given}), ready AS ({ReadyRows}){Rest}";

    private readonly GroupedWrites<SuccessRequest, GrantRow?> _groups = new(MostInGroup, group => Write(
        group.Count == 1 ? database.ForUser(group[0].Row.Integration.UserId) : database.AsService(ServiceReason.Worker), Together, group, box, time));

    /// <summary>The outcome, with the grant as it stands now if it was saved; see <see cref="ITokenVault.SaveRefreshed"/>.</summary>
    public async Task<(SaveOutcome Outcome, GrantRow? Now)> Write(SuccessRequest request, CancellationToken cancellation)
    {
        if (await _groups.Write(request, cancellation) is { } saved)
            return (SaveOutcome.Saved, saved);
        // Moved on, gone, or held by somebody for a moment: which of them is found out alone, behind whoever holds it.
        var (userId, id) = (request.Row.Integration.UserId, request.Row.Integration.Id);
        var db = database.ForUser(userId);
        if ((await Write(db, Patiently, [request], box, time))[0] is { } late)
            return (SaveOutcome.Saved, late);
        var before = await db.Read(
            "SELECT integration_id FROM oauth_tokens WHERE user_id = $1 AND integration_id = $2 AND stored_attempt = $3",
            row => row.GetGuid(0).ToString(), cancellation, userId, id, request.AttemptId);
        return (before is null ? SaveOutcome.Lost : SaveOutcome.StoredBefore, null);
    }

    private static async Task<IReadOnlyList<GrantRow?>> Write(DbSession db, string sql, IReadOnlyList<SuccessRequest> group, SecretBox box, TimeProvider time)
    {
        // Two answers for one row: the first is tried, the other one alone afterwards.
        var given = group.DistinctBy(request => (request.Row.Integration.UserId, request.Row.Integration.Id)).ToList();
        T[] Each<T>(Func<SuccessRequest, T> value) => [.. given.Select(value)];
        Guid[] NewIds() => Each(_ => Guid.CreateVersion7(time.GetUtcNow()));
        var saved = (await db.List(
            sql, Map, CancellationToken.None,
            Each(request => request.Row.Integration.UserId), Each(request => request.Row.Integration.Id), Each(request => request.Row.Tokens!.Epoch), Each(request => request.Row.Tokens!.Generation),
            Each(request => Seal(box, request, request.Tokens.AccessToken, GrantRow.AccessTokenPurpose)), Each(request => Seal(box, request, request.Tokens.RefreshToken, GrantRow.RefreshTokenPurpose)),
            Each(request => request.Tokens.ExpiresAt?.UtcDateTime), Each(request => (int?)request.Tokens.Lifetime?.TotalSeconds), Each(request => request.Tokens.Scopes.ToString()),
            Each(request => request.Attempt.NextAttemptAt?.UtcDateTime), Each(request => request.AttemptId),
            Each(request => request.Attempt.Class), Each(request => request.Attempt.StartedAt.UtcDateTime), Each(request => (int)request.Attempt.Duration.TotalMilliseconds),
            NewIds(), NewIds(), Each(request => request.Row.Integration.Provider),
            Each(request => request.Source.Actor), Each(request => request.Source.Caller), Each(request => Rows.Address(request.Source.IpAddress)), Each(request => Rows.UserAgent(request.Source.UserAgent)),
            Each(request => request.Source.CorrelationId), Each(request => request.Node), Each(request => request.Attempt.Code),
            Each(request => request.Tokens.RefusedScopes.Count == 0 ? null : request.Tokens.RefusedScopes.ToString()), NewIds(), NewIds())).ToDictionary();
        return [.. group.Select(request => saved.GetValueOrDefault(request.AttemptId) is { } now ? Heal(now, request) : null)];
    }

    private sealed record Saved(GrantRow Row, string? HealedTo);

    private static KeyValuePair<Guid, Saved> Map(NpgsqlDataReader row) => new(row.GetGuid(GrantRows.Next), new Saved(GrantRows.Map(row), row.TextOrNull(GrantRows.Next + 1)));

    private static GrantRow Heal(Saved saved, SuccessRequest request) => saved.HealedTo is null ? saved.Row : saved.Row with
    {
        Integration = saved.Row.Integration with
        {
            Status = Enum.Parse<IntegrationStatus>(saved.HealedTo, ignoreCase: true), Reason = null, ReasonDetail = null, Scopes = request.Tokens.Scopes,
        },
    };

    private static string? Seal(SecretBox box, SuccessRequest request, Secret secret, string purpose) => secret.IsEmpty ? null : box.Seal(
        secret,
        GrantRow.ContextOf(purpose, request.Row.Integration.UserId, request.Row.Integration.Id, request.Row.Tokens!.Epoch, request.Row.Tokens.Generation + 1),
        request.Row.OwnerSalt);
}
