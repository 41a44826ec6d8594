using Grantkeeper.Integrations;
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
/// <param name="Active">Good ones.</param>
/// <param name="Expired">Past their end.</param>
/// <param name="Revoked">Ended by a disconnect or a later consent.</param>
/// <param name="ExpiringSoon">Of the good ones, those that end within thirty days, here or at the provider.</param>
internal sealed record ConsentCounts(int Active, int Expired, int Revoked, int ExpiringSoon)
{
    /// <summary>From the rows of <see cref="ConsentReader.Counting"/>: word, count, and how many of them end soon.</summary>
    public static ConsentCounts Of(IReadOnlyList<(string Standing, int Count, int Soon)> rows)
    {
        int Count(string standing) => rows.Where(row => row.Standing == standing).Sum(row => row.Count);
        return new ConsentCounts(Count("active"), Count("expired"), Count("revoked"), rows.Sum(row => row.Soon));
    }
}

/// <summary>Reads consents; writes nothing.</summary>
internal sealed class ConsentReader(Database database)
{
    private const string Columns = """
        c.user_id, c.id, c.integration_id, c.scopes_requested, c.scopes, c.granted_at, c.expires_at, c.consent_version, c.actor, host(c.ip_address), c.user_agent,
        c.revoked_at, c.revoked_reason
        """;

    private sealed record Scopes(ScopeSet Asked);

    /// <summary>
    /// Counts consents by how they stand, for a statement in which <c>lapsed</c> holds the ids of the integrations whose
    /// consent is past its end: a list that is looked up, since a join would be planned for far fewer rows than there are.
    /// </summary>
    /// <param name="whose">A condition on <c>c</c>.</param>
    public static string Counting(string whose) => $"""
        SELECT NULL, CASE WHEN c.is_revoked THEN 'revoked' WHEN c.integration_id IN (SELECT id FROM lapsed) THEN 'expired' ELSE 'active' END,
            count(*)::int, (count(*) FILTER (WHERE NOT c.is_revoked AND c.expires_at > now() AND c.expires_at <= now() + interval '30 days'))::int
        FROM oauth_consents c WHERE {whose} GROUP BY 2
        """;

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
    public async Task<ConsentCounts> Count(string? userId, CancellationToken cancellation) => ConsentCounts.Of(await SessionOf(userId).ReadAll(
        $"""
        WITH lapsed AS MATERIALIZED (SELECT i.id FROM oauth_integrations i WHERE ($1::text IS NULL OR i.user_id = $1) AND {Expiry.ConsentIsOver})
        {Counting("($1::text IS NULL OR c.user_id = $1)")}
        """,
        row => (row.GetString(1), row.GetInt32(2), row.GetInt32(3)), cancellation, userId));

    private DbSession SessionOf(string? userId) => userId is null ? database.AsService(ServiceReason.Administrator) : database.ForUser(userId);

    private static Consent Map(NpgsqlDataReader row) => new()
    {
        UserId = row.GetString(0), Id = row.GetGuid(1), IntegrationId = row.GetGuid(2), Asked = ScopeSet.Of(row.Texts(3)), Granted = ScopeSet.Of(row.Texts(4)),
        GrantedAt = row.Time(5), ExpiresAt = row.TimeOrNull(6), Version = row.GetString(7), Actor = row.TextOrNull(8), IpAddress = row.TextOrNull(9),
        UserAgent = row.TextOrNull(10), RevokedAt = row.TimeOrNull(11), RevokedReason = row.TextOrNull(12),
    };
}
