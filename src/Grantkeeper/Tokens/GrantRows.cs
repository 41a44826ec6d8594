using Grantkeeper.Integrations;
using Grantkeeper.Storage;
using Npgsql;

namespace Grantkeeper.Tokens;

/// <summary>How a grant is read from a row: integration <c>i</c>, tokens <c>t</c>, salt <c>s</c>.</summary>
internal static class GrantRows
{
    /// <summary>The columns that <see cref="Map"/> reads, in its order.</summary>
    public const string Columns = $"""
        {IntegrationStore.Columns}, s.salt, t.epoch, t.generation, t.access_token, t.refresh_token, t.expires_at, t.lifetime_seconds,
        t.suspect_generation, t.next_refresh_at, t.failure_count, t.fence, t.intent_generation, t.intent_id, t.last_refreshed_at, t.claims_challenge
        """;

    /// <summary>The integration and the salt of the rows <c>t</c>.</summary>
    public const string OfTokens = """
        FROM t JOIN oauth_integrations i ON i.user_id = t.user_id AND i.id = t.integration_id
        LEFT JOIN owner_salts s ON s.user_id = t.user_id
        """;

    /// <summary>The first column after <see cref="Columns"/>.</summary>
    public const int Next = FirstToken + 14;

    private const int Salt = 21;
    private const int FirstToken = Salt + 1;

    public static GrantRow Map(NpgsqlDataReader row) => new(
        IntegrationStore.Map(row),
        row.IsDBNull(FirstToken) ? null : new SealedTokens
        {
            Epoch = row.GetInt32(FirstToken),
            Generation = row.GetInt64(FirstToken + 1),
            AccessToken = row.GetString(FirstToken + 2),
            RefreshToken = row.TextOrNull(FirstToken + 3),
            ExpiresAt = row.TimeOrNull(FirstToken + 4),
            Lifetime = row.IsDBNull(FirstToken + 5) ? null : TimeSpan.FromSeconds(row.GetInt32(FirstToken + 5)),
            SuspectGeneration = row.LongOrNull(FirstToken + 6),
            NextRefreshAt = row.TimeOrNull(FirstToken + 7),
            FailureCount = row.GetInt32(FirstToken + 8),
            Fence = row.GetInt64(FirstToken + 9),
            IntentGeneration = row.LongOrNull(FirstToken + 10),
            IntentId = row.GuidOrNull(FirstToken + 11),
            LastRefreshedAt = row.TimeOrNull(FirstToken + 12),
            ClaimsChallenge = row.TextOrNull(FirstToken + 13),
        },
        row.Bytes(Salt));
}
