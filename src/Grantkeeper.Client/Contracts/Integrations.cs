namespace Grantkeeper.Client.Contracts;

/// <summary>Answer of <c>GET /api/v1/oauth/integrations</c>.</summary>
public sealed record IntegrationList(IReadOnlyList<IntegrationEntry> Integrations, string? NextCursor);

/// <summary>One integration: a user's grant at one provider account. Never a token.</summary>
public sealed record IntegrationEntry(
    Guid Id, string Provider, string UserId, string Status, string? Reason, string? ReasonDetail, bool IsActive, bool IsPrimary,
    AccountEntry Account, IReadOnlyList<string> Scopes, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, DateTimeOffset? ExpiresAt,
    DateTimeOffset? LastSyncAt, IReadOnlyDictionary<string, object?> Metadata, string? Label);

/// <summary>Whose account it is.</summary>
public sealed record AccountEntry(string? AccountId, string? DisplayName, string? Email, string? AvatarUrl);

/// <summary>Answer of <c>GET /oauth/{provider}/accounts</c>.</summary>
public sealed record AccountList(IReadOnlyList<ConnectedAccount> Accounts);

/// <summary>One connected account of a user.</summary>
public sealed record ConnectedAccount(
    string? AccountId, string? DisplayName, string? Email, DateTimeOffset? ConnectedAt, DateTimeOffset? ExpiresAt,
    bool IsActive, bool IsPrimary, Guid IntegrationId);

/// <summary>Answer of <c>GET /oauth/{provider}/status</c>.</summary>
public sealed record ConnectionStatus(
    string ProviderKey, string DisplayName, string UserId, bool Connected, DateTimeOffset? ExpiresAt, bool Refreshable,
    DateTimeOffset LastChecked, IReadOnlyList<string> Warnings, IReadOnlyDictionary<string, object?> Details, ErrorEntry? Error);
