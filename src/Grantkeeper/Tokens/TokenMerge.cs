using Grantkeeper.Encryption;
using Grantkeeper.OAuth;

namespace Grantkeeper.Tokens;

/// <summary>What the vault stores for one generation.</summary>
internal sealed record TokenSet(Secret AccessToken, Secret RefreshToken, DateTimeOffset? ExpiresAt, TimeSpan? Lifetime, ScopeSet Scopes);

/// <summary>Pure rules for what a new answer changes (R138, invariant I9).</summary>
internal static class TokenMerge
{
    /// <summary>
    /// A missing refresh token keeps the old one, a missing scope leaves the scopes as they were. The end counts from the
    /// moment of sending, so that a slow answer does not make a token look younger than it is.
    /// </summary>
    public static TokenSet Merge(TokenResponse answer, Secret oldRefreshToken, ScopeSet oldScopes, DateTimeOffset sentAt) => new(
        answer.AccessToken,
        answer.RefreshToken.IsEmpty ? oldRefreshToken : answer.RefreshToken,
        answer.ExpiresIn is { } lifetime ? sentAt + lifetime : null,
        answer.ExpiresIn,
        answer.Scope ?? oldScopes);
}
