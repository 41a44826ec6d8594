using System.Text.Json;
using Grantkeeper.Encryption;

namespace Grantkeeper.OAuth;

/// <summary>A successful answer of the token endpoint (RFC 6749 section 5.1). Absent members stay null: nothing is invented.</summary>
internal sealed record TokenResponse
{
    /// <summary>Lifetimes above ten years, or not above zero, are mistakes or mean "never": they count as not stated.</summary>
    private static readonly TimeSpan LongestLifetime = TimeSpan.FromDays(3653);

    public required Secret AccessToken { get; init; }

    public Secret RefreshToken { get; init; }

    public Secret IdToken { get; init; }

    public string TokenType { get; init; } = "Bearer";

    /// <summary>How long the access token lives; null when the provider does not say, or says something absurd.</summary>
    public TimeSpan? ExpiresIn { get; init; }

    /// <summary>What was granted; null when the provider does not say, which means: as asked (RFC 6749 section 5.1).</summary>
    public ScopeSet? Scope { get; init; }

    /// <summary>Reads the members; null when there is no access token or its type is not Bearer.</summary>
    public static TokenResponse? Read(JsonElement json, string scopeSeparator)
    {
        if (Text(json, OAuthNames.AccessToken) is not { Length: > 0 } accessToken)
            return null;
        var tokenType = Text(json, OAuthNames.TokenType) is { Length: > 0 } type ? type : "Bearer";
        if (!tokenType.Equals("Bearer", StringComparison.OrdinalIgnoreCase))
            return null;
        return new TokenResponse
        {
            AccessToken = new Secret(accessToken),
            RefreshToken = new Secret(Text(json, OAuthNames.RefreshToken)),
            IdToken = new Secret(Text(json, OAuthNames.IdToken)),
            TokenType = "Bearer",
            ExpiresIn = Lifetime(json),
            Scope = Scopes(json, scopeSeparator),
        };
    }

    internal static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String ? member.GetString() : null;

    private static TimeSpan? Lifetime(JsonElement json)
    {
        if (!json.TryGetProperty(OAuthNames.ExpiresIn, out var member))
            return null;
        var seconds = member.ValueKind switch
        {
            JsonValueKind.Number when member.TryGetDouble(out var number) => number,
            JsonValueKind.String when double.TryParse(member.GetString(), out var number) => number,
            _ => 0,
        };
        return seconds > 0 && seconds <= LongestLifetime.TotalSeconds ? TimeSpan.FromSeconds(Math.Floor(seconds)) : null;
    }

    private static ScopeSet? Scopes(JsonElement json, string separator)
    {
        if (!json.TryGetProperty(OAuthNames.Scope, out var member))
            return null;
        var scopes = member.ValueKind switch
        {
            JsonValueKind.String => ScopeSet.Parse(member.GetString(), separator),
            JsonValueKind.Array => ScopeSet.Of(member.EnumerateArray()
                .Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!)),
            _ => ScopeSet.Empty,
        };
        return scopes.Count == 0 ? null : scopes;
    }
}
