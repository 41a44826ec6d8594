namespace Grantkeeper.Client.Contracts;

/// <summary>Answer of <c>GET /api/v1/oauth/scopes</c>.</summary>
public sealed record ScopeList(IReadOnlyList<ScopeCatalogueEntry> Scopes, string? NextCursor);

/// <summary>One scope that can be asked for; <c>granted</c> is null when no user was named.</summary>
public sealed record ScopeCatalogueEntry(
    string Provider, string Scope, string DisplayName, string? Description, string? Category, bool Required, bool Sensitive, bool? Granted);

/// <summary>Answer of <c>GET /api/v1/oauth/consents</c>; the summary counts all, not only this page.</summary>
public sealed record ConsentList(IReadOnlyList<ConsentEntry> Consents, ConsentSummary Summary, string? NextCursor);

/// <summary>How many consents there are, by how they stand.</summary>
/// <param name="Active">Good ones.</param>
/// <param name="Expired">Past their end.</param>
/// <param name="Revoked">Ended by a disconnect or a later consent.</param>
/// <param name="ExpiringSoon">Of the good ones, those that end within thirty days, by the lifetime set here or at the provider.</param>
public sealed record ConsentSummary(int Active, int Expired, int Revoked, int ExpiringSoon);

/// <summary>One consent: what was asked and granted, when, by whom and from where.</summary>
public sealed record ConsentEntry(
    Guid Id, string UserId, Guid IntegrationId, IReadOnlyList<string> ScopesRequested, IReadOnlyList<string> ScopesGranted, DateTimeOffset GrantedAt, DateTimeOffset? ExpiresAt,
    string ConsentVersion, string? Actor, string? IpAddress, string? UserAgent, DateTimeOffset? RevokedAt, string? RevokedReason);

/// <summary>Answer of <c>GET /api/v1/oauth/features</c>.</summary>
public sealed record FeatureList(IReadOnlyList<FeatureEntry> Features);

/// <summary>A feature of the product, as it stands for one user.</summary>
/// <param name="Key">Its key.</param>
/// <param name="DisplayName">Its name for people.</param>
/// <param name="Description">A further sentence; null when there is none.</param>
/// <param name="Active">True when an account of the user grants all that it needs.</param>
/// <param name="State">active, partial or locked.</param>
/// <param name="Reason">Why it is not active: not_connected, scopes_missing, consent_expired, inactive, reauthorization_required; null when it is.</param>
/// <param name="Requires">What it needs.</param>
/// <param name="Missing">The scopes that are still to be granted; of a group the one that is asked for.</param>
/// <param name="UnlockUrl">The operation that starts a connection for what is missing; null when it is active.</param>
/// <param name="IntegrationId">The integration that unlocks it, or would after a further consent; null when there is none.</param>
public sealed record FeatureEntry(
    string Key, string DisplayName, string? Description, bool Active, string State, string? Reason, FeatureRequirement Requires, IReadOnlyList<string> Missing, string? UnlockUrl, Guid? IntegrationId);

/// <summary>What a feature needs: all scopes, and one scope of each group.</summary>
public sealed record FeatureRequirement(string Provider, IReadOnlyList<string> Scopes, IReadOnlyList<IReadOnlyList<string>> AnyOf);

/// <summary>Body of <c>POST /api/v1/oauth/features/{key}/unlock</c>; members as in <see cref="InitiateRequest"/>.</summary>
public sealed record UnlockRequest
{
    /// <summary>Whose feature it is. Required with an API key.</summary>
    public string? UserId { get; init; }

    /// <summary>Where the browser goes afterwards.</summary>
    public string? ReturnTo { get; init; }

    /// <summary>Whether the connection waits for a confirmation; true by default.</summary>
    public bool? Confirm { get; init; }

    /// <summary>The account to preselect at the provider.</summary>
    public string? LoginHint { get; init; }

    /// <summary>The origin of the page that opens the popup.</summary>
    public string? OpenerOrigin { get; init; }

    /// <summary>Whether the link is opened in a popup.</summary>
    public bool? Popup { get; init; }

    /// <summary>The person or agent who acts, if that is not the user.</summary>
    public string? Actor { get; init; }

    /// <summary>The user's role, when the operator's policy is to hold.</summary>
    public string? Role { get; init; }
}

/// <summary>Answer of <c>POST /api/v1/oauth/features/{key}/unlock</c>. A class, so that the link never prints.</summary>
public sealed class UnlockAnswer
{
    /// <summary>The one-time start link; send the user's browser there.</summary>
    public required string AuthorizationUrl { get; init; }

    /// <summary>The flow's id.</summary>
    public required Guid FlowId { get; init; }

    /// <summary>The scopes that are asked for in addition.</summary>
    public required IReadOnlyList<string> Missing { get; init; }

    /// <summary>Seconds until the link stops working.</summary>
    public required int ExpiresIn { get; init; }

    /// <summary>Origins that a popup's opener accepts the result message from.</summary>
    public required IReadOnlyList<string> TrustedOrigins { get; init; }
}
