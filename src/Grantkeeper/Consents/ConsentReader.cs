using Grantkeeper.OAuth;
using Grantkeeper.Storage;
using Npgsql;

namespace Grantkeeper.Consents;

/// <summary>One row of <c>oauth_consents</c>.</summary>
internal sealed record Consent
{
    public required string UserId { get; init; }

    public required Guid Id { get; init; }

    public required Guid IntegrationId { get; init; }

    public required ScopeSet Asked { get; init; }

    public required ScopeSet Granted { get; init; }

    public DateTimeOffset GrantedAt { get; init; }

    /// <summary>Its end; null: without end.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    public required string Version { get; init; }

    public string? Actor { get; init; }

    public string? IpAddress { get; init; }

    public string? UserAgent { get; init; }

    public DateTimeOffset? RevokedAt { get; init; }

    public string? RevokedReason { get; init; }
}

/// <summary>How many consents there are, by how they stand.</summary>
internal sealed record ConsentCounts(int Active, int Expired, int Revoked);

/// <summary>Reads consents; writes nothing.</summary>
internal sealed class ConsentReader(Database database)
{
    private const string Columns = """
        c.user_id, c.id, c.integration_id, c.scopes_requested, c.scopes, c.granted_at, c.expires_at, c.consent_version, c.actor, host(c.ip_address), c.user_agent,
        c.revoked_at, c.revoked_reason
        """;

    private sealed record Scopes(ScopeSet Asked);

    /// <summary>A user's live consents by integration; an integration without one is missing.</summary>
    public async Task<IReadOnlyDictionary<Guid, Consent>> Live(string userId, CancellationToken cancellation) => (await database.ForUser(userId).ReadAll(
            $"SELECT DISTINCT ON (c.integration_id) {Columns} FROM oauth_consents c WHERE c.user_id = $1 AND NOT c.is_revoked ORDER BY c.integration_id, c.granted_at DESC",
            Map, cancellation, userId))
        .ToDictionary(consent => consent.IntegrationId);

    /// <summary>What the newest consent of an integration asked for, also when it has ended.</summary>
    public async Task<ScopeSet> AskedOf(string userId, Guid integrationId, CancellationToken cancellation) => (await database.ForUser(userId).Read(
        "SELECT scopes_requested FROM oauth_consents WHERE user_id = $1 AND integration_id = $2 ORDER BY granted_at DESC LIMIT 1",
        row => new Scopes(ScopeSet.Of(row.Texts(0))), cancellation, userId, integrationId))?.Asked ?? ScopeSet.Empty;

    /// <summary>A page, oldest first, ended ones included; without a user all users' (administrators).</summary>
    public Task<List<Consent>> List(string? userId, Guid? integrationId, Guid? after, int limit, CancellationToken cancellation) => SessionOf(userId).ReadAll(
        $"""
        SELECT {Columns} FROM oauth_consents c
        WHERE ($1::text IS NULL OR c.user_id = $1) AND ($2::uuid IS NULL OR c.integration_id = $2) AND ($3::uuid IS NULL OR c.id > $3)
        ORDER BY c.id LIMIT $4
        """,
        Map, cancellation, userId, integrationId, after, limit);

    /// <summary>How many there are (R190); without a user all users' (administrators).</summary>
    public async Task<ConsentCounts> Count(string? userId, CancellationToken cancellation) => (await SessionOf(userId).ReadAll(
        """
        SELECT count(*) FILTER (WHERE NOT c.is_revoked AND (i.consent_expires_at IS NULL OR i.consent_expires_at > now()))::int,
            count(*) FILTER (WHERE NOT c.is_revoked AND i.consent_expires_at <= now())::int, count(*) FILTER (WHERE c.is_revoked)::int
        FROM oauth_consents c JOIN oauth_integrations i ON i.user_id = c.user_id AND i.id = c.integration_id WHERE ($1::text IS NULL OR c.user_id = $1)
        """,
        row => new ConsentCounts(row.GetInt32(0), row.GetInt32(1), row.GetInt32(2)), cancellation, userId))[0];

    private DbSession SessionOf(string? userId) => userId is null ? database.AsService(ServiceReason.Administrator) : database.ForUser(userId);

    private static Consent Map(NpgsqlDataReader row) => new()
    {
        UserId = row.GetString(0), Id = row.GetGuid(1), IntegrationId = row.GetGuid(2), Asked = ScopeSet.Of(row.Texts(3)), Granted = ScopeSet.Of(row.Texts(4)),
        GrantedAt = row.Time(5), ExpiresAt = row.TimeOrNull(6), Version = row.GetString(7), Actor = row.TextOrNull(8), IpAddress = row.TextOrNull(9),
        UserAgent = row.TextOrNull(10), RevokedAt = row.TimeOrNull(11), RevokedReason = row.TextOrNull(12),
    };
}
