using System.Text.Json;
using Grantkeeper.Jwt;
using Grantkeeper.Settings;

namespace Grantkeeper.Identity;

/// <summary>What the claims of a verified token say about its user here: permissions, the second factor, who acts.</summary>
internal static class TokenClaims
{
    private const string Scope = "scope";
    private const string OwnPermissions = "oauth:";
    private const int LongestActor = 255;
    private static readonly TimeSpan ClockSkew = JwtRules.MaxClockSkew;

    /// <summary>
    /// What the roles allow, narrowed by the permissions that the token names. A token without the roles claim is a user's;
    /// one whose roles are all unknown may nothing. <c>scope</c> narrows when it names one of our permissions: <c>openid</c>
    /// and its like are about something else.
    /// </summary>
    public static HashSet<string> PermissionsOf(JwtClaims claims, ClaimNames names)
    {
        var allowed = Roles.Allow(RolesOf(claims, names));
        var named = Words(claims.Json, names.Permissions) ?? Words(claims.Json, Scope);
        if (named is null)
            return allowed;
        var words = named.SelectMany(word => word.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToHashSet(StringComparer.Ordinal);
        var isExplicit = Words(claims.Json, names.Permissions) is not null || words.Any(word => word.StartsWith(OwnPermissions, StringComparison.Ordinal));
        if (isExplicit)
            allowed.IntersectWith(words);
        return allowed;
    }

    /// <summary>The roles that the token names; a token without the claim is a user's.</summary>
    public static string[] RolesOf(JwtClaims claims, ClaimNames names) => Words(claims.Json, names.Roles) ?? [Roles.User];

    /// <summary>True when the token names the role administrator.</summary>
    public static bool IsAdministrator(JwtClaims claims, ClaimNames names) => (Words(claims.Json, names.Roles) ?? []).Contains(Roles.Administrator, StringComparer.Ordinal);

    /// <summary>Whether the user signed in with a second factor, recently enough; true when none is asked for.</summary>
    public static bool HasSecondFactor(JwtClaims claims, SecondFactor? asked, DateTimeOffset now)
    {
        if (asked is null)
            return true;
        if (!(Words(claims.Json, asked.Claim) ?? []).Any(asked.Values.Contains))
            return false;
        return asked.MaxAge is not { } age
            || (JwtJson.Instant(claims.Json, "auth_time", out var at) && at is { } signedIn && signedIn <= now + ClockSkew && now - signedIn <= age);
    }

    /// <summary>Who acts for the user (<c>act.sub</c>, RFC 8693 section 4.1); null when the token names nobody.</summary>
    public static string? ActorOf(JwtClaims claims) =>
        claims.Json.TryGetProperty("act", out var act) && act.ValueKind == JsonValueKind.Object && JwtJson.Text(act, "sub") is { Length: >= 1 and <= LongestActor } actor && !actor.Any(char.IsControl)
            ? actor : null;

    /// <summary>
    /// The texts of a claim; null when it is not there. The whole name comes first, since a name may be an address with dots
    /// in it; then each dot leads into an object.
    /// </summary>
    private static string[]? Words(JsonElement holder, string name)
    {
        while (!holder.TryGetProperty(name, out _))
        {
            var dot = name.IndexOf('.', StringComparison.Ordinal);
            if (dot < 0 || !holder.TryGetProperty(name[..dot], out var inner) || inner.ValueKind != JsonValueKind.Object)
                return null;
            (holder, name) = (inner, name[(dot + 1)..]);
        }

        return JwtJson.Strings(holder, name);
    }
}
