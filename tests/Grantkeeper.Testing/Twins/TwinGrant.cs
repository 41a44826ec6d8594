using Grantkeeper.Integrations;
using Grantkeeper.OAuth;
using Grantkeeper.Tokens;

namespace Grantkeeper.Testing.Twins;

/// <summary>An integration with its tokens, as its rows in PostgreSQL hold it.</summary>
internal sealed class TwinGrant
{
    public required string UserId { get; init; }

    public required Guid Id { get; init; }

    public required string Provider { get; init; }

    public required string? AccountId { get; init; }

    public required byte[] Salt { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public IntegrationStatus Status { get; set; } = IntegrationStatus.Active;

    public string? Reason { get; set; }

    public string? ReasonDetail { get; set; }

    public bool IsPrimary { get; set; } = true;

    /// <summary>The integration's; a disconnect counts it up.</summary>
    public int Epoch { get; set; } = 1;

    public ScopeSet Scopes { get; set; } = ScopeSet.Empty;

    /// <summary>Null after a disconnect.</summary>
    public TwinTokens? Tokens { get; set; }

    /// <summary>The row as a read gives it.</summary>
    public GrantRow ToRow() => new(
        new Integration
        {
            UserId = UserId, Id = Id, Provider = Provider, AccountId = AccountId, Status = Status, Reason = Reason, ReasonDetail = ReasonDetail, IsPrimary = IsPrimary,
            Epoch = Epoch, Scopes = Scopes, CreatedAt = CreatedAt, UpdatedAt = CreatedAt, ExpiresAt = Tokens?.ExpiresAt, HasRefreshToken = Tokens?.RefreshToken is not null,
        },
        Tokens is null ? null : new SealedTokens
        {
            Epoch = Tokens.Epoch, Generation = Tokens.Generation, AccessToken = Tokens.AccessToken, RefreshToken = Tokens.RefreshToken, ExpiresAt = Tokens.ExpiresAt,
            Lifetime = Tokens.Lifetime, SuspectGeneration = Tokens.SuspectGeneration, ClaimsChallenge = Tokens.ClaimsChallenge, NextRefreshAt = Tokens.NextRefreshAt, LastRefreshedAt = Tokens.LastRefreshedAt,
            FailureCount = Tokens.FailureCount, Fence = Tokens.Fence, IntentGeneration = Tokens.IntentGeneration, IntentId = Tokens.IntentId,
        },
        Salt);
}

/// <summary>The token row.</summary>
internal sealed class TwinTokens
{
    public required int Epoch { get; set; }

    public required long Generation { get; set; }

    public required string AccessToken { get; set; }

    public string? RefreshToken { get; set; }

    public DateTimeOffset? ExpiresAt { get; set; }

    public TimeSpan? Lifetime { get; set; }

    public long? SuspectGeneration { get; set; }

    public string? ClaimsChallenge { get; set; }

    public DateTimeOffset? NextRefreshAt { get; set; }

    public DateTimeOffset? LastRefreshedAt { get; set; }

    public int FailureCount { get; set; }

    public bool IsActive { get; set; } = true;

    public Guid? LeaseOwner { get; set; }

    public DateTimeOffset? LeaseUntil { get; set; }

    public long Fence { get; set; }

    public Guid? IntentId { get; set; }

    public long? IntentGeneration { get; set; }

    public IReadOnlyList<string>? IntentNodes { get; set; }

    public DateTimeOffset? IntentAt { get; set; }

    public int IntentRetries { get; set; }

    public Guid? StoredAttempt { get; set; }

    public DateTimeOffset? ClaimedUntil { get; set; }

    public void ClearIntent() => (IntentId, IntentGeneration, IntentNodes, IntentAt) = (null, null, null, null);
}
