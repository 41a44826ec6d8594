using Grantkeeper.Encryption;
using Grantkeeper.OAuth;

namespace Grantkeeper.Tokens;

/// <summary>What the vault stores for one generation.</summary>
internal sealed record TokenSet(Secret AccessToken, Secret RefreshToken, DateTimeOffset? ExpiresAt, TimeSpan? Lifetime, ScopeSet Scopes)
{
    /// <summary>What a refresh brought on top of what its user granted: not taken over, and told in the audit log.</summary>
    public ScopeSet RefusedScopes { get; init; } = ScopeSet.Empty;
}

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

    /// <summary>
    /// The same for a refresh, which may narrow a grant and never widen it (RFC 6749 section 6; R183): what nobody consented to
    /// is not taken over. An answer that shares no scope with the grant speaks of the same scopes by other names.
    /// </summary>
    public static TokenSet Renew(TokenResponse answer, Secret oldRefreshToken, ScopeSet oldScopes, DateTimeOffset sentAt, TimeSpan? oldLifetime)
    {
        var merged = Merge(answer, oldRefreshToken, oldScopes, sentAt, oldLifetime);
        var added = oldScopes.MissingFrom(merged.Scopes);
        if (added.Count == 0 || oldScopes.Count == 0)
            return merged;
        var kept = added.MissingFrom(merged.Scopes);
        return merged with { Scopes = kept.Count == 0 ? oldScopes : kept, RefusedScopes = added };
    }
}
