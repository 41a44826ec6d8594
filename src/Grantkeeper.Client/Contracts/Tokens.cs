namespace Grantkeeper.Client.Contracts;

/// <summary>Answer of a token read. A class, so that the token never prints.</summary>
public sealed class AccessTokenAnswer
{
    /// <summary>The access token.</summary>
    public required string AccessToken { get; init; }

    /// <summary>Always <c>Bearer</c>.</summary>
    public required string TokenType { get; init; }

    /// <summary>When it ends; null when the provider does not say.</summary>
    public required DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The scopes that the user granted.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>The integration that it belongs to.</summary>
    public required Guid IntegrationId { get; init; }

    /// <summary>Counts the refreshes; send it back when the API refuses the token.</summary>
    public required long Generation { get; init; }

    /// <summary>How many seconds a client may keep it without asking again.</summary>
    public required int CacheSeconds { get; init; }

    /// <summary>A word when something is not as it should be, for example <c>refresh_failed</c>.</summary>
    public required string? Warning { get; init; }

    /// <summary>Where the user can connect the account again, for example with more scopes; stable, holds no secret. Null from a server that does not say.</summary>
    public string? ReconnectUrl { get; init; }
}

/// <summary>Body of <c>POST /oauth/{provider}/refresh</c>.</summary>
public sealed record RefreshRequest(string? UserId, string? AccountId);

/// <summary>Answer of a refresh.</summary>
public sealed record RefreshAnswer(bool Success, string ProviderKey, DateTimeOffset? RefreshedAt, DateTimeOffset? ExpiresAt, ErrorEntry? Error);

/// <summary>Body of <c>POST /api/v1/oauth/integrations/{id}/token/rejected</c>.</summary>
/// <param name="Generation">The token's generation.</param>
/// <param name="Claims">The claims of the API's challenge (<c>insufficient_claims</c>), in base64 as they stood there or as JSON; left out when it asked for none.</param>
public sealed record TokenRejectedRequest(long? Generation, string? Claims = null);

/// <summary>Answer to a rejected token: whether the report made the generation suspect.</summary>
public sealed record TokenRejectedAnswer(bool Accepted);

/// <summary>Answer of <c>GET /api/v1/oauth/tokens</c>.</summary>
public sealed record TokenList(IReadOnlyList<TokenEntry> Tokens, string? NextCursor);

/// <summary>What is known of one stored access token. Never the token.</summary>
/// <param name="IntegrationId">The integration that it belongs to.</param>
/// <param name="UserId">Whose it is.</param>
/// <param name="Provider">The provider's key.</param>
/// <param name="Account">The account at the provider.</param>
/// <param name="Scopes">What the user granted.</param>
/// <param name="Generation">Counts its refreshes, from 1.</param>
/// <param name="ExpiresAt">When it ends; null when the provider does not say.</param>
/// <param name="ExpiresInSeconds">Seconds until then, 0 when it has ended; null when the provider does not say.</param>
/// <param name="Expired">True when it has ended.</param>
/// <param name="Refreshable">True when there is a refresh token: the next read of an ended one renews it.</param>
/// <param name="CreatedAt">When the account was connected; connecting it again without a disconnect keeps it.</param>
/// <param name="LastRefreshedAt">When it was renewed last; null: not yet.</param>
/// <param name="Status">The integration's status, as everywhere.</param>
/// <param name="Reason">Why the integration is not good, for example <c>reauthorization_required</c>; null when it is.</param>
/// <param name="ReasonDetail">The reason's detail.</param>
public sealed record TokenEntry(
    Guid IntegrationId, string UserId, string Provider, AccountEntry Account, IReadOnlyList<string> Scopes, long Generation, DateTimeOffset? ExpiresAt, long? ExpiresInSeconds, bool Expired,
    bool Refreshable, DateTimeOffset CreatedAt, DateTimeOffset? LastRefreshedAt, string Status, string? Reason, string? ReasonDetail);

/// <summary>Answer of <c>GET /api/v1/oauth/tokens/statistics</c>. Counts stored access tokens, whatever the status of their integrations.</summary>
/// <param name="TotalTokens">All of them.</param>
/// <param name="ExpiredTokens">Those that have ended; most of them are renewed by the next read.</param>
/// <param name="ProviderCounts">How many at each provider.</param>
/// <param name="ExpiringSoon">Those that are good and end within a span: <c>1h</c>, <c>24h</c>, <c>7d</c>. A longer span holds the shorter.</param>
public sealed record TokenStatistics(int TotalTokens, int ExpiredTokens, IReadOnlyDictionary<string, int> ProviderCounts, IReadOnlyDictionary<string, int> ExpiringSoon);
