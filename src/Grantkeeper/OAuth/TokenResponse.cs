using System.Globalization;
using System.Text.Json;
using Grantkeeper.Encryption;

namespace Grantkeeper.OAuth;

/// <summary>A successful answer of the token endpoint (RFC 6749 section 5.1). Absent members stay null: nothing is invented.</summary>
internal sealed record TokenResponse
{
    /// <summary>Lifetimes above ten years, or not above zero, are mistakes or mean "never": they count as not stated.</summary>
    public static readonly TimeSpan LongestLifetime = TimeSpan.FromDays(3653);

    public required Secret AccessToken { get; init; }

    public Secret RefreshToken { get; init; }

    public Secret IdToken { get; init; }

    public string TokenType { get; init; } = "Bearer";

    /// <summary>How long the access token lives; null when the provider does not say, or says something absurd.</summary>
    public TimeSpan? ExpiresIn { get; init; }

    /// <summary>What was granted; null when the provider does not say, which means: as asked (RFC 6749 section 5.1).</summary>
    public ScopeSet? Scope { get; init; }

    /// <summary>All members as they came, for an account that is told here and nowhere else; never stored, never printed.</summary>
    public AnswerMembers? Members { get; init; }

    /// <summary>A lifetime in seconds in a member of the provider's own; null when there is none, or something absurd.</summary>
    public TimeSpan? LifetimeOf(string member) => Members is null ? null : Lifetime(Members.Json, member);

    /// <summary>Reads the members; null when there is no usable access token or its type is not Bearer.</summary>
    public static TokenResponse? Read(JsonElement json, string scopeSeparator)
    {
        if (JsonText.Of(json, OAuthNames.AccessToken) is not { Length: > 0 } accessToken || !IsUsable(accessToken))
            return null;
        var tokenType = JsonText.Of(json, OAuthNames.TokenType) is { Length: > 0 } type ? type : "Bearer";
        if (!tokenType.Equals("Bearer", StringComparison.OrdinalIgnoreCase))
            return null;
        return new TokenResponse
        {
            AccessToken = new Secret(accessToken),
            RefreshToken = new Secret(JsonText.Of(json, OAuthNames.RefreshToken)),
            IdToken = new Secret(JsonText.Of(json, OAuthNames.IdToken)),
            TokenType = "Bearer",
            ExpiresIn = Lifetime(json, OAuthNames.ExpiresIn),
            Scope = Scopes(json, scopeSeparator),
            Members = new AnswerMembers(json.Clone()),
        };
    }

    // RFC 6749 appendix A.12: anything else cannot stand in a header.
    private static bool IsUsable(string accessToken) => accessToken.All(c => c is >= ' ' and <= '~');

    private static TimeSpan? Lifetime(JsonElement json, string name)
    {
        if (JsonText.Member(json, name) is not { } member)
            return null;
        var seconds = Math.Floor(member.ValueKind switch
        {
            JsonValueKind.Number when member.TryGetDouble(out var number) => number,
            JsonValueKind.String when double.TryParse(JsonText.Of(member), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => number,
            _ => 0,
        });
        return seconds > 0 && seconds <= LongestLifetime.TotalSeconds ? TimeSpan.FromSeconds(seconds) : null;
    }

    private static ScopeSet? Scopes(JsonElement json, string separator)
    {
        if (JsonText.Member(json, OAuthNames.Scope) is not { } member)
            return null;
        var scopes = member.ValueKind switch
        {
            // Several providers take scopes separated by blanks and echo them separated by commas.
            JsonValueKind.String => ScopeSet.Parse(JsonText.Of(member), separator + ","),
            JsonValueKind.Array => ScopeSet.Of(member.EnumerateArray().Select(JsonText.Of).OfType<string>()),
            _ => ScopeSet.Empty,
        };
        // RFC 6749 section 3.3 allows printable characters only; PostgreSQL stores no U+0000, and an answer that cannot be stored is a lost grant.
        var usable = ScopeSet.Of(scopes.ToArray().Where(scope => !scope.Any(char.IsControl)));
        return usable.Count == 0 ? null : usable;
    }
}

/// <summary>An answer's members. Its text form tells nothing, since tokens are among them.</summary>
internal sealed class AnswerMembers(JsonElement json)
{
    public JsonElement Json { get; } = json;

    public override string ToString() => "(members of a token response)";
}
