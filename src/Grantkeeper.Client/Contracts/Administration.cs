namespace Grantkeeper.Client.Contracts;

/// <summary>Body of <c>POST /api/v1/oauth/admin/api-keys</c>.</summary>
public sealed record CreateApiKeyRequest(string? Name, IReadOnlyList<string>? Permissions, DateTimeOffset? ExpiresAt);

/// <summary>Answer that holds a new key; it is shown once. A class, so that the key never prints.</summary>
public sealed class CreatedApiKey
{
    /// <summary>The key's id.</summary>
    public required Guid Id { get; init; }

    /// <summary>The key itself.</summary>
    public required string Key { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>What it may do.</summary>
    public required IReadOnlyList<string> Permissions { get; init; }

    /// <summary>When it ends; null: never.</summary>
    public required DateTimeOffset? ExpiresAt { get; init; }
}

/// <summary>Answer of <c>GET /api/v1/oauth/admin/api-keys</c>.</summary>
public sealed record ApiKeyList(IReadOnlyList<ApiKeyEntry> ApiKeys, string? NextCursor);

/// <summary>One key, without its secret.</summary>
public sealed record ApiKeyEntry(
    Guid Id, string Name, string Prefix, IReadOnlyList<string> Permissions, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, DateTimeOffset? RevokedAt);

/// <summary>Answer of <c>POST /api/v1/oauth/admin/sign-in-links</c>. A class, so that the link never prints.</summary>
public sealed class SignInLink
{
    /// <summary>Opens the pages once.</summary>
    public required string Url { get; init; }

    /// <summary>Seconds until it stops working.</summary>
    public required int ExpiresIn { get; init; }
}

/// <summary>Answer of the health routes. Status: healthy, degraded, unhealthy.</summary>
public sealed record HealthAnswer(string Status, IReadOnlyDictionary<string, HealthComponent> Components);

/// <summary>Answer of <c>GET /oauth/{provider}/health</c>: how this node gets on with a provider.</summary>
/// <param name="ProviderKey">The provider's key.</param>
/// <param name="CircuitBreakerState">closed, open or half_open.</param>
/// <param name="FailureCount">Failed operations in a row.</param>
/// <param name="SuccessCount">Good operations since the circuit was last opened, or since this node started.</param>
/// <param name="LastFailureTime">When an operation failed last; null: never.</param>
/// <param name="MaxRetries">Repeats inside one operation.</param>
/// <param name="RetryDelay">Seconds before the first repeat.</param>
/// <param name="Score">100 nothing failed of late, 75 something did, 50 on the way to an open circuit, 25 half open, 0 open.</param>
public sealed record ProviderHealth(
    string ProviderKey, string CircuitBreakerState, int FailureCount, long SuccessCount, DateTimeOffset? LastFailureTime, int MaxRetries, double RetryDelay, int Score);

/// <summary>One component's health.</summary>
public sealed record HealthComponent(string Status, string? Code, string? Message);
