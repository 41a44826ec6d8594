using Grantkeeper.Sandbox.Control;
using Grantkeeper.Sandbox.OAuth;

namespace Grantkeeper.Sandbox.Grants;

/// <summary>
/// Codes, grants and tokens of one platform, in memory, under one lock. A refresh token works once; showing an old one
/// again, or a code again, ends the grant with all its tokens.
/// </summary>
public sealed class GrantStore
{
    private const int SweepEvery = 1024;
    private static readonly TimeSpan KeptAfterExpiry = TimeSpan.FromHours(1);

    private readonly Lock gate = new();
    private readonly TimeProvider clock;
    private readonly Counters counters;
    private readonly Dictionary<string, CodeEntry> codes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Grant> grants = new(StringComparer.Ordinal);
    private readonly Dictionary<string, AccessToken> accessTokens = new(StringComparer.Ordinal);
    private readonly Dictionary<string, RefreshEntry> refreshTokens = new(StringComparer.Ordinal);
    private int issued;
    private long refreshIssued;

    internal GrantStore(TimeProvider clock, Counters counters) => (this.clock, this.counters) = (clock, counters);

    /// <summary>Every grant since the start or the last reset, newest first.</summary>
    public IReadOnlyList<Grant> All
    {
        get { lock (gate) return [.. grants.Values.OrderByDescending(grant => grant.GrantedAt)]; }
    }

    /// <summary>The grant with this id, or none.</summary>
    public Grant? Find(string id)
    {
        lock (gate) return grants.GetValueOrDefault(id);
    }

    /// <summary>Ends all access tokens; grants and refresh tokens stay. Returns how many were still good.</summary>
    public int ExpireAccessTokens()
    {
        lock (gate)
        {
            var now = clock.GetUtcNow();
            var live = accessTokens.Values.Where(token => token.ExpiresAt > now).ToList();
            foreach (var token in live) accessTokens[token.Value] = token with { ExpiresAt = now };
            return live.Count;
        }
    }

    /// <summary>Ends every grant of a person, as the person would in the account's settings. Returns how many were in force.</summary>
    public int RevokeUser(string subject)
    {
        lock (gate)
        {
            var live = grants.Values.Where(grant => grant.IsLive && grant.Subject == subject).ToList();
            foreach (var grant in live) End(grant.Id, "withdrawn by the person");
            foreach (var code in codes.Where(code => code.Value.Bound.Subject == subject).Select(code => code.Key).ToList()) codes.Remove(code);
            return live.Count;
        }
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        lock (gate)
        {
            codes.Clear();
            grants.Clear();
            accessTokens.Clear();
            refreshTokens.Clear();
        }
    }

    /// <summary>Whether a person has already granted a client all of this.</summary>
    internal bool Covers(string clientId, string subject, IEnumerable<string> scopes)
    {
        lock (gate)
        {
            return grants.Values.Any(grant => grant.IsLive && grant.ClientId == clientId && grant.Subject == subject
                && scopes.All(scope => grant.Scopes.Contains(scope)));
        }
    }

    /// <summary>A fresh code.</summary>
    internal string IssueCode(AuthorizationCode bound)
    {
        lock (gate)
        {
            var now = clock.GetUtcNow();
            foreach (var old in codes.Where(code => code.Value.ExpiresAt + KeptAfterExpiry < now).Select(code => code.Key).ToList()) codes.Remove(old);
            var value = Opaque.New("sbx_code_");
            codes[value] = new CodeEntry(bound, now + bound.Lifetime, GrantId: null);
            return value;
        }
    }

    /// <summary>Turns a code into tokens.</summary>
    internal (IssuedTokens? Issued, OAuthRefusal? Refusal) Redeem(
        string code, string clientId, string? redirectUri, string? verifier, IssuePlan plan)
    {
        lock (gate)
        {
            // 1. The code must be known, and this client's.
            if (!codes.TryGetValue(code, out var entry) || entry.Bound.ClientId != clientId)
                return Refuse("The code is not known here, or was given to another client.");

            // 2. A second use means that two parties hold it: nobody keeps anything.
            if (entry.GrantId is not null)
            {
                if (End(entry.GrantId, "its code was used twice")) counters.Add(Counter.FamiliesRevoked);
                return Refuse("The code was used before; the tokens that came of it are revoked.");
            }

            // 3. Everything it is bound to must match.
            if (entry.ExpiresAt <= clock.GetUtcNow()) return Refuse("The code has expired.");
            if (entry.Bound.RedirectUri != redirectUri) return Refuse("redirect_uri is not the one of the authorization request.");
            if (entry.Bound.CodeChallenge is { } challenge ? verifier is null || !Pkce.Proves(verifier, challenge) : verifier is not null)
                return Refuse("code_verifier does not belong to the code_challenge.");

            // 4. The grant begins.
            var grant = new Grant(Opaque.New("")[..8], clientId, entry.Bound.Subject, entry.Bound.Scopes, clock.GetUtcNow());
            grants[grant.Id] = grant;
            codes[code] = entry with { GrantId = grant.Id };
            counters.Add(Counter.CodesRedeemed);
            if (plan.GiveRefreshToken && entry.Bound.Offline) MakeRoom(grant, plan.Most);
            var refreshToken = plan.GiveRefreshToken && entry.Bound.Offline ? NewRefreshToken(grant.Id) : null;
            return (new IssuedTokens(grant, NewAccessToken(grant, grant.Scopes, plan), refreshToken, entry.Bound.Nonce), null);
        }
    }

    /// <summary>Turns a refresh token into new tokens.</summary>
    internal (IssuedTokens? Issued, OAuthRefusal? Refusal) Refresh(
        string refreshToken, string clientId, IReadOnlyList<string>? scopes, IssuePlan plan)
    {
        lock (gate)
        {
            // 1. The token must be known, and this client's.
            if (!refreshTokens.TryGetValue(refreshToken, out var entry) || grants[entry.GrantId] is not { } grant || grant.ClientId != clientId)
                return Refuse("The refresh token is not known here, or belongs to another client.");

            // 2. A token that was replaced is in two hands.
            if (entry.Replaced)
            {
                counters.Add(Counter.ReuseDetected);
                grants[grant.Id] = grant with { Reuses = grant.Reuses + 1 };
                if (End(grant.Id, "an old refresh token was used again")) counters.Add(Counter.FamiliesRevoked);
                return Refuse("The refresh token was replaced before; the grant is revoked.");
            }

            // 3. The grant must be in force and wide enough.
            if (!grant.IsLive) return Refuse("The grant has ended.");
            var now = clock.GetUtcNow();
            if (now - entry.UsedAt >= plan.Idle) return Refuse("The refresh token was not used for too long.");
            if (now - grant.GrantedAt >= plan.Life(grant.Scopes)) return Refuse("The refresh token is too old for an application in its testing phase.");
            if (scopes is not null && scopes.FirstOrDefault(scope => !grant.Scopes.Contains(scope)) is { } wider)
                return (null, OAuthRefusal.InvalidScope($"'{wider}' was not granted."));

            // 4. Replace, and issue.
            grants[grant.Id] = grant = grant with { Refreshes = grant.Refreshes + 1 };
            counters.Add(Counter.Refreshes);
            refreshTokens[refreshToken] = entry with { Replaced = plan.Rotate && !plan.KeepsOld, UsedAt = now };
            var next = plan.Rotate ? NewRefreshToken(grant.Id) : refreshToken;
            var access = NewAccessToken(grant, scopes ?? grant.Scopes, plan);
            return (new IssuedTokens(grant, access, plan.GiveRefreshToken && plan.NamesRefreshToken ? next : null, Nonce: null), null);
        }
    }

    /// <summary>The grant behind an access token that is good now, with the token; else nothing.</summary>
    internal (AccessToken Token, Grant Grant)? FindAccess(string? value)
    {
        lock (gate)
        {
            return value is not null && accessTokens.TryGetValue(value, out var token) && token.ExpiresAt > clock.GetUtcNow()
                && grants[token.GrantId] is { IsLive: true } grant ? (token, grant) : null;
        }
    }

    /// <summary>The grant behind a refresh token that would work now; else nothing.</summary>
    internal Grant? FindRefresh(string value)
    {
        lock (gate)
        {
            return refreshTokens.TryGetValue(value, out var entry) && !entry.Replaced
                && grants[entry.GrantId] is { IsLive: true } grant ? grant : null;
        }
    }

    /// <summary>A grant without a code: an application that was installed. The same installation is one grant.</summary>
    internal Grant Install(string id, string clientId, string subject)
    {
        lock (gate)
        {
            if (grants.TryGetValue(id, out var known) && known.IsLive) return known;
            return grants[id] = new Grant(id, clientId, subject, [], clock.GetUtcNow());
        }
    }

    /// <summary>An access token of a grant that is in force, without a refresh token; none when it is not.</summary>
    internal IssuedTokens? Mint(string grantId, string clientId, IssuePlan plan)
    {
        lock (gate)
        {
            if (!grants.TryGetValue(grantId, out var grant) || !grant.IsLive || grant.ClientId != clientId) return null;
            grants[grant.Id] = grant = grant with { Refreshes = grant.Refreshes + 1 };
            return new IssuedTokens(grant, NewAccessToken(grant, grant.Scopes, plan), null, Nonce: null);
        }
    }

    /// <summary>Ends every grant of the person behind a client's token, as a platform does that knows one grant per person. False when the token is not known.</summary>
    internal bool RevokeAll(string value, string clientId)
    {
        lock (gate)
        {
            var grantId = accessTokens.TryGetValue(value, out var token) ? token.GrantId : refreshTokens.TryGetValue(value, out var entry) ? entry.GrantId : null;
            if (grantId is null || grants[grantId] is not { IsLive: true } grant || grant.ClientId != clientId) return false;
            foreach (var other in grants.Values.Where(other => other.Subject == grant.Subject && other.ClientId == clientId).ToList()) End(other.Id, "revoked by the client");
            return true;
        }
    }

    /// <summary>Ends what a client's token stands for: an access token alone, a refresh token with its whole grant.</summary>
    internal bool Revoke(string value, string clientId)
    {
        lock (gate)
        {
            if (accessTokens.TryGetValue(value, out var token) && grants[token.GrantId].ClientId == clientId)
                return accessTokens.Remove(value);
            return refreshTokens.TryGetValue(value, out var entry) && grants[entry.GrantId].ClientId == clientId
                && End(entry.GrantId, "revoked by the client");
        }
    }

    private static (IssuedTokens?, OAuthRefusal?) Refuse(string description) => (null, OAuthRefusal.InvalidGrant(description));

    private bool End(string grantId, string reason)
    {
        if (!grants[grantId].IsLive) return false;
        grants[grantId] = grants[grantId] with { EndedBy = reason };
        return true;
    }

    private string NewRefreshToken(string grantId)
    {
        var value = Opaque.New("sbx_rt_");
        refreshTokens[value] = new RefreshEntry(grantId, Replaced: false, clock.GetUtcNow(), ++refreshIssued);
        return value;
    }

    /// <summary>Ends the oldest refresh tokens of a person and a client, silently, so that one more finds room.</summary>
    private void MakeRoom(Grant grant, int? most)
    {
        if (most is not { } limit) return;
        var theirs = refreshTokens.Where(token => !token.Value.Replaced && grants[token.Value.GrantId] is { IsLive: true } other && other.ClientId == grant.ClientId && other.Subject == grant.Subject)
            .OrderBy(token => token.Value.Number).Select(token => token.Key).ToList();
        foreach (var old in theirs.Take(theirs.Count - limit + 1)) refreshTokens.Remove(old);
    }

    private AccessToken NewAccessToken(Grant grant, IReadOnlyList<string> scopes, IssuePlan plan)
    {
        var now = clock.GetUtcNow();
        if (++issued % SweepEvery == 0)
        {
            foreach (var old in accessTokens.Values.Where(token => token.ExpiresAt + KeptAfterExpiry < now).ToList())
                accessTokens.Remove(old.Value);
        }

        var token = new AccessToken(Opaque.New("sbx_at_"), grant.Id, scopes, now, now + plan.Lifetime);
        accessTokens[token.Value] = token;
        return token;
    }

    private sealed record CodeEntry(AuthorizationCode Bound, DateTimeOffset ExpiresAt, string? GrantId);

    private sealed record RefreshEntry(string GrantId, bool Replaced, DateTimeOffset UsedAt, long Number);
}
