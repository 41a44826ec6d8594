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
/// <param name="ClientRefusedFor">Seconds for which the provider is left alone because it refuses our client; null while it takes it.</param>
/// <param name="Score">100 nothing failed of late, 75 something did, 50 on the way to an open circuit, 25 half open, 0 open or our client refused.</param>
public sealed record ProviderHealth(
    string ProviderKey, string CircuitBreakerState, int FailureCount, long SuccessCount, DateTimeOffset? LastFailureTime, int MaxRetries, double RetryDelay, double? ClientRefusedFor, int Score);

/// <summary>One component's health.</summary>
public sealed record HealthComponent(string Status, string? Code, string? Message);

/// <summary>Body of <c>PUT /api/v1/oauth/admin/clients/{provider}</c>. A class, so that the secret never prints.</summary>
public sealed class PutClientRegistrationRequest
{
    /// <summary>The client id that the provider's console shows: 1 to 500 characters. Required.</summary>
    public string? ClientId { get; init; }

    /// <summary>The client secret: 1 to 2,000 characters. Required, and left out only at providers without client secrets.</summary>
    public string? ClientSecret { get; init; }
}

/// <summary>Answer of <c>GET, PUT, DELETE /api/v1/oauth/admin/clients/{provider}</c>: our OAuth client at a provider, without its secret.</summary>
/// <param name="Provider">The provider's key.</param>
/// <param name="DisplayName">Its name for people.</param>
/// <param name="ClientId">The client id in use; null when there is none.</param>
/// <param name="HasSecret">Whether a client secret is there.</param>
/// <param name="Origin"><c>environment</c> (settings win and are changed there), <c>stored</c> (here), or <c>none</c>.</param>
/// <param name="Configured">Whether users can connect.</param>
/// <param name="Editable">Whether PUT is accepted.</param>
/// <param name="RedirectUri">What to register at the provider, letter by letter; null when it cannot be told, which warnings explain.</param>
/// <param name="ConsoleUrl">Where the client is registered at the provider; null when that is not known.</param>
/// <param name="Missing">The settings that would complete the registration.</param>
/// <param name="Warnings">Likely mistakes, a sentence each.</param>
/// <param name="UpdatedAt">When the stored registration was written; null when none is stored.</param>
/// <param name="UpdatedBy">Who wrote it.</param>
public sealed record ClientRegistrationEntry(
    string Provider, string DisplayName, string? ClientId, bool HasSecret, string Origin, bool Configured, bool Editable, string? RedirectUri, string? ConsoleUrl,
    IReadOnlyList<string> Missing, IReadOnlyList<string> Warnings, DateTimeOffset? UpdatedAt, string? UpdatedBy);
