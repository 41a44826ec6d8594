namespace Grantkeeper.Client.Contracts;

/// <summary>Answer of <c>GET /oauth/providers</c>.</summary>
public sealed record ProviderList(IReadOnlyList<ProviderEntry> Providers);

/// <summary>One provider; <c>connected</c> and <c>status</c> are null when no user was named.</summary>
public sealed record ProviderEntry(
    string Key, string DisplayName, bool Configured, bool? Connected, string? Status, ProviderCapabilities Capabilities,
    IReadOnlyList<ScopeEntry> Scopes, IReadOnlyList<string> Features, IReadOnlyDictionary<string, object?> Details, ErrorEntry? Error);

/// <summary>What a provider can do here.</summary>
public sealed record ProviderCapabilities(bool Refresh, bool Revoke, bool Pkce, bool MultiAccount, bool Resources, bool Analytics, bool Proxy);

/// <summary>One scope of a provider's catalogue.</summary>
public sealed record ScopeEntry(string Scope, string DisplayName, string? Description, string? Category, bool Required, bool Sensitive);

/// <summary>A stable code and a sentence for people.</summary>
public sealed record ErrorEntry(string Code, string Message);
