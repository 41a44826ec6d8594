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
public sealed record TokenRejectedRequest(long? Generation);

/// <summary>Answer to a rejected token: whether the report made the generation suspect.</summary>
public sealed record TokenRejectedAnswer(bool Accepted);
