using Grantkeeper.OAuth;
using Grantkeeper.Storage;
using Npgsql;

namespace Grantkeeper.Integrations;

/// <summary>What a list of integrations is narrowed to.</summary>
internal sealed record IntegrationFilter(string? UserId, string? Provider, bool ActiveOnly, Guid? After, int Limit)
{
    /// <summary>True: without those that are disconnected.</summary>
    public bool IsLive { get; init; }

    /// <summary>Of one status only, as it is shown. Null: of all.</summary>
    public IntegrationStatus? Status { get; init; }
}

/// <summary>Integrations in PostgreSQL.</summary>
internal sealed class IntegrationStore(Database database)
{
    internal const string Columns = """
        i.user_id, i.id, i.provider, i.provider_account_id, i.account_email, i.account_name, i.account_avatar, i.status, i.reason,
        i.reason_detail, i.is_primary, i.epoch, i.scopes, i.created_at, i.updated_at, i.connected_at, i.last_sync_at, t.expires_at, t.refresh_token IS NOT NULL,
        i.unasked_scopes, i.consent_expires_at
        """;

    private const string Select = $"SELECT {Columns}, i.label, i.metadata::text FROM oauth_integrations i LEFT JOIN oauth_tokens t ON t.user_id = i.user_id AND t.integration_id = i.id";

    /// <summary>By id; with a user only that user's, without one any (a service key names the id alone).</summary>
    public Task<Integration?> Find(Guid id, string? userId, CancellationToken cancellation) => userId is null
        ? database.AsService(ServiceReason.ServiceKey).Read($"{Select} WHERE i.id = $1", Whole, cancellation, id)
        : database.ForUser(userId).Read($"{Select} WHERE i.user_id = $2 AND i.id = $1", Whole, cancellation, id, userId);

    /// <summary>The user's account at a provider: the named one, else the primary one.</summary>
    public Task<Integration?> FindAt(string provider, string userId, string? accountId, CancellationToken cancellation) => accountId is null
        ? database.ForUser(userId).Read($"{Select} WHERE i.user_id = $1 AND i.provider = $2 AND i.is_primary", Whole, cancellation, userId, provider)
        : database.ForUser(userId).Read($"{Select} WHERE i.user_id = $1 AND i.provider = $2 AND i.provider_account_id = $3", Whole, cancellation, userId, provider, accountId);

    /// <summary>A page, newest id last; without a user all users' (administrators).</summary>
    public Task<List<Integration>> List(IntegrationFilter filter, CancellationToken cancellation)
    {
        var session = filter.UserId is null ? database.AsService(ServiceReason.Administrator) : database.ForUser(filter.UserId);
        return session.ReadAll(
            $"""
            {Select}
            WHERE ($1::text IS NULL OR i.user_id = $1) AND ($2::text IS NULL OR i.provider = $2)
              AND (NOT $3 OR {Expiry.Status} IN ('active', 'pending')) AND ($4::uuid IS NULL OR i.id > $4)
              AND (NOT $6 OR i.status <> 'revoked') AND ($7::text IS NULL OR {Expiry.Status} = $7)
            ORDER BY i.id LIMIT $5
            """,
            Whole, cancellation, filter.UserId, filter.Provider, filter.ActiveOnly, filter.After, filter.Limit, filter.IsLive, filter.Status?.ToString().ToLowerInvariant());
    }

    /// <summary>True when somebody has a grant at a provider.</summary>
    public async Task<bool> AnyAt(string provider, CancellationToken cancellation) => await database.AsService(ServiceReason.Administrator).Read(
        "SELECT provider FROM oauth_integrations WHERE provider = $1 AND status <> 'revoked' LIMIT 1", row => row.GetString(0), cancellation, provider) is not null;

    private static Integration Whole(NpgsqlDataReader row) => Map(row) with { Label = row.TextOrNull(21), Metadata = row.GetString(22) };

    internal static Integration Map(NpgsqlDataReader row) => new()
    {
        UserId = row.GetString(0),
        Id = row.GetGuid(1),
        Provider = row.GetString(2),
        AccountId = row.TextOrNull(3),
        AccountEmail = row.TextOrNull(4),
        AccountName = row.TextOrNull(5),
        AccountAvatar = row.TextOrNull(6),
        Status = Enum.Parse<IntegrationStatus>(row.GetString(7), ignoreCase: true),
        Reason = row.TextOrNull(8),
        ReasonDetail = row.TextOrNull(9),
        IsPrimary = row.GetBoolean(10),
        Epoch = row.GetInt32(11),
        Scopes = ScopeSet.Of(row.Texts(12)),
        CreatedAt = row.Time(13),
        UpdatedAt = row.Time(14),
        ConnectedAt = row.TimeOrNull(15),
        LastSyncAt = row.TimeOrNull(16),
        ExpiresAt = row.TimeOrNull(17),
        HasRefreshToken = row.GetBoolean(18),
        UnaskedScopes = ScopeSet.Of(row.Texts(19)),
        ConsentExpiresAt = row.TimeOrNull(20),
    };
}
