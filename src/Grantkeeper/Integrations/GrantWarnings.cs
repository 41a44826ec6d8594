using Grantkeeper.Providers;
using Grantkeeper.Storage;

namespace Grantkeeper.Integrations;

/// <summary>What is said of a good grant before its provider ends it without a word.</summary>
internal sealed class GrantWarnings(Database database, ProviderCatalogue catalogue)
{
    /// <summary>The provider gave the consent for a limited time: then its user is needed again.</summary>
    public const string ConsentEnds = "consent_ends";

    /// <summary>The provider gave it as long as clients on trial get one: the operator has to finish the client's registration there.</summary>
    public const string ClientOnTrial = "client_on_trial";

    /// <summary>The refresh token was not used for so long that the provider soon ends it.</summary>
    public const string RefreshTokenIdle = "refresh_token_idle";

    /// <summary>The account has nearly as many live grants of this client as the provider allows; a further consent may end the oldest.</summary>
    public const string GrantLimitNear = "grant_limit_near";

    /// <summary>The token has no end and nothing renews it: it is good until somebody withdraws it, which shows only when the provider is asked.</summary>
    public const string EndsUnannounced = "ends_unannounced";

    private sealed record Facts(DateTimeOffset ConsentedAt, DateTimeOffset? EndsAt, DateTimeOffset? LastRefreshedAt);

    /// <summary>The warnings of an active integration, and when its consent ends if that is known.</summary>
    public async Task<(IReadOnlyList<string> Words, DateTimeOffset? ConsentEndsAt)> Of(Integration integration, Provider provider, DateTimeOffset now, CancellationToken cancellation)
    {
        var (limits, idle) = (provider.Manifest.GrantLimits, provider.Manifest.RefreshTokenIdle);
        if (!integration.IsActive || !integration.HasRefreshToken || (limits == GrantLimits.None && idle is null))
            return ([], null);
        var facts = await database.ForUser(integration.UserId).Read(
            """
            SELECT c.granted_at, c.expires_at, t.last_refreshed_at FROM oauth_consents c
            JOIN oauth_tokens t ON t.user_id = c.user_id AND t.integration_id = c.integration_id
            WHERE c.user_id = $1 AND c.integration_id = $2 AND NOT c.is_revoked ORDER BY c.granted_at DESC LIMIT 1
            """,
            row => new Facts(row.Time(0), row.TimeOrNull(1), row.TimeOrNull(2)), cancellation, integration.UserId, integration.Id);
        if (facts is null)
            return ([], null);
        var words = new List<string>();
        if (facts.EndsAt is not null)
            words.Add(ConsentEnds);
        if (limits.IsTrial(facts.ConsentedAt, facts.EndsAt))
            words.Add(ClientOnTrial);
        if (GrantLimits.IsIdle(idle, Later(facts.LastRefreshedAt, facts.ConsentedAt), now))
            words.Add(RefreshTokenIdle);
        if (limits.NearCount is { } near && await IsNear(integration, provider, near, idle, cancellation))
            words.Add(GrantLimitNear);
        return (words, facts.EndsAt);
    }

    /// <summary>
    /// Counts consents rather than integrations: the refresh token of one that a later consent replaced lives on at the
    /// provider. Over all owners, since several may have connected the same account.
    /// </summary>
    private async Task<bool> IsNear(Integration integration, Provider provider, int near, TimeSpan? idle, CancellationToken cancellation)
    {
        var sharing = catalogue.All
            .Where(other => other.Key == provider.Key || (provider.Manifest.RevocationGroup is { } group && other.Manifest.RevocationGroup == group && other.Client.ClientId == provider.Client.ClientId))
            .Select(other => other.Key).ToArray();
        return await database.AsService(ServiceReason.ServiceKey).Read(
            """
            SELECT count(*)::text FROM (
                SELECT FROM oauth_integrations i JOIN oauth_consents c ON c.user_id = i.user_id AND c.integration_id = i.id
                WHERE i.provider = ANY ($1) AND i.status <> 'revoked'
                  AND coalesce(i.provider_subject, i.provider_account_id) = (SELECT coalesce(provider_subject, provider_account_id) FROM oauth_integrations WHERE user_id = $2 AND id = $3)
                  AND (NOT c.is_revoked OR c.revoked_reason = 'superseded') AND ($4::interval IS NULL OR c.granted_at > now() - $4)
                LIMIT $5) live
            HAVING count(*) >= $5
            """,
            row => row.GetString(0), cancellation, sharing, integration.UserId, integration.Id, idle, near) is not null;
    }

    private static DateTimeOffset Later(DateTimeOffset? one, DateTimeOffset other) => one > other ? one.Value : other;
}
