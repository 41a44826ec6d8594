using Grantkeeper.OAuth;

namespace Grantkeeper.Integrations;

/// <summary>Where an integration stands.</summary>
internal enum IntegrationStatus
{
    /// <summary>Adopted or imported; no call to the provider has succeeded yet.</summary>
    Pending,

    /// <summary>Good.</summary>
    Active,

    /// <summary>Past its end with nothing to renew it.</summary>
    Expired,

    /// <summary>The provider refused, or it is frozen.</summary>
    Error,

    /// <summary>Switched off by the user or an operator.</summary>
    Inactive,

    /// <summary>Disconnected: a tombstone without secrets.</summary>
    Revoked,
}

/// <summary>One user's grant at one provider account. Carries no token.</summary>
internal sealed record Integration
{
    public required string UserId { get; init; }

    public required Guid Id { get; init; }

    public required string Provider { get; init; }

    public string? AccountId { get; init; }

    public string? AccountEmail { get; init; }

    public string? AccountName { get; init; }

    public string? AccountAvatar { get; init; }

    public IntegrationStatus Status { get; init; }

    public string? Reason { get; init; }

    public string? ReasonDetail { get; init; }

    public bool IsPrimary { get; init; }

    public int Epoch { get; init; }

    public ScopeSet Scopes { get; init; } = ScopeSet.Empty;

    /// <summary>Of <see cref="Scopes"/> those that the provider granted although nobody had asked for them: recorded, and good for nothing here.</summary>
    public ScopeSet UnaskedScopes { get; init; } = ScopeSet.Empty;

    /// <summary>Until when the user's consent is good; null: without end.</summary>
    public DateTimeOffset? ConsentExpiresAt { get; init; }

    /// <summary>What was asked for and granted.</summary>
    public ScopeSet UsableScopes => UnaskedScopes.MissingFrom(Scopes);

    /// <summary>A name that people gave it; null when none did. Only where integrations are shown.</summary>
    public string? Label { get; init; }

    /// <summary>The host application's own members, a JSON object. Only where integrations are shown.</summary>
    public string Metadata { get; init; } = "{}";

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }

    public DateTimeOffset? ConnectedAt { get; init; }

    public DateTimeOffset? LastSyncAt { get; init; }

    /// <summary>When its access token ends; null when unknown or when there is none.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    public bool HasRefreshToken { get; init; }

    /// <summary>True when a token may be read.</summary>
    public bool IsActive => Status is IntegrationStatus.Active or IntegrationStatus.Pending;

    /// <summary>The status to show; <see cref="Expiry"/> says what has expired.</summary>
    public IntegrationStatus StatusAt(DateTimeOffset now) => Expiry.StatusOf(Status, ExpiresAt, HasRefreshToken, now);

    /// <summary>True when the user's consent is past its end (R191).</summary>
    public bool IsConsentOverAt(DateTimeOffset now) => Expiry.IsPast(ConsentExpiresAt, now);

    /// <summary>True when a token can be had now, if need be by a refresh.</summary>
    public bool IsConnectedAt(DateTimeOffset now) => !IsConsentOverAt(now) && StatusAt(now) is IntegrationStatus.Active or IntegrationStatus.Pending;
}

/// <summary>Why an integration needs its user again: the reason and its closed details.</summary>
internal static class Reasons
{
    public const string ReauthorizationRequired = "reauthorization_required";

    /// <summary>A person switched it off; a detail beside it tells that its grant was not good any more.</summary>
    public const string SwitchedOff = "switched_off";

    public const string InvalidGrant = "invalid_grant";
    public const string AmbiguousRefresh = "ambiguous_refresh";
    public const string AccountChanged = "account_changed";
    public const string ExpiredWithoutRefresh = "expired_without_refresh";
    public const string ConsentExpired = "consent_expired";
    public const string ProviderRevoked = "provider_revoked";
}
