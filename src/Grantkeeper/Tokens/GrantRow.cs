using Grantkeeper.Encryption;
using Grantkeeper.Integrations;

namespace Grantkeeper.Tokens;

/// <summary>An integration with its sealed tokens, as one read gives them. Opening a token needs the box.</summary>
internal sealed record GrantRow(Integration Integration, SealedTokens? Tokens, byte[] OwnerSalt)
{
    public const string AccessTokenPurpose = "oauth_tokens.access_token";
    public const string RefreshTokenPurpose = "oauth_tokens.refresh_token";

    /// <summary>The access token; null when it does not open.</summary>
    public Secret? OpenAccessToken(SecretBox box) => box.Open(Tokens!.AccessToken, Context(AccessTokenPurpose), OwnerSalt);

    /// <summary>The refresh token; null when there is none or it does not open.</summary>
    public Secret? OpenRefreshToken(SecretBox box) =>
        Tokens!.RefreshToken is null ? null : box.Open(Tokens.RefreshToken, Context(RefreshTokenPurpose), OwnerSalt);

    private SealContext Context(string purpose) => ContextOf(purpose, Integration.UserId, Integration.Id, Tokens!.Epoch, Tokens.Generation);

    public static SealContext ContextOf(string purpose, string userId, Guid integrationId, int epoch, long generation) =>
        new(purpose, userId, integrationId, epoch, generation);
}

/// <summary>The token row of an integration. The texts are ciphertext.</summary>
internal sealed record SealedTokens
{
    public required int Epoch { get; init; }

    public required long Generation { get; init; }

    public required string AccessToken { get; init; }

    public string? RefreshToken { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>How long an access token of this grant lived when it was new.</summary>
    public TimeSpan? Lifetime { get; init; }

    /// <summary>The generation that an API refused.</summary>
    public long? SuspectGeneration { get; init; }

    /// <summary>What that API asked for: claims that the next access token must have. Null when it asked for nothing.</summary>
    public string? ClaimsChallenge { get; init; }

    /// <summary>When the next attempt is due; after failures, not before.</summary>
    public DateTimeOffset? NextRefreshAt { get; init; }

    public DateTimeOffset? LastRefreshedAt { get; init; }

    public int FailureCount { get; init; }

    public long Fence { get; init; }

    /// <summary>The generation of an attempt whose end is not known; null when there is none.</summary>
    public long? IntentGeneration { get; init; }

    public Guid? IntentId { get; init; }
}
