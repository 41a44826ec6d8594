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
    /// moment of sending, so that a slow answer does not make a token look younger than it is. A refresh that does not say
    /// how long its token lives (RFC 6749 section 5.1 allows that) gets the lifetime that the provider stated before:
    /// a token that never ended would be handed out dead.
    /// </summary>
    public static TokenSet Merge(TokenResponse answer, Secret oldRefreshToken, ScopeSet oldScopes, DateTimeOffset sentAt, TimeSpan? oldLifetime = null)
    {
        var lifetime = answer.ExpiresIn ?? oldLifetime;
        return new TokenSet(
            answer.AccessToken,
            answer.RefreshToken.IsEmpty ? oldRefreshToken : answer.RefreshToken,
            sentAt + lifetime,
            lifetime,
            answer.Scope ?? oldScopes);
    }
}
