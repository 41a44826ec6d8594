using System.Net.Http.Headers;

namespace Grantkeeper.Client;

/// <summary>What an API says about a refused bearer token (RFC 6750 section 3).</summary>
/// <param name="Error"><c>invalid_token</c>, <c>insufficient_scope</c>, <c>invalid_request</c>, Microsoft's <c>insufficient_claims</c>, or null.</param>
/// <param name="Scopes">The scopes that the API asks for.</param>
/// <param name="Claims">What the API wants to be asked for with the next token, as it stands in the header; null for nothing.</param>
internal readonly record struct BearerChallenge(string? Error, IReadOnlyList<string> Scopes, string? Claims = null)
{
    /// <summary>The token ended early; the next one must be asked for with the claims: https://learn.microsoft.com/entra/identity-platform/claims-challenge.</summary>
    public const string InsufficientClaims = "insufficient_claims";

    public const string InvalidToken = "invalid_token";
    public const string InsufficientScope = "insufficient_scope";

    /// <summary>The first Bearer challenge that names an error; without one, an empty challenge.</summary>
    public static BearerChallenge Of(HttpResponseMessage response) => Of(response.Headers.WwwAuthenticate);

    /// <inheritdoc cref="Of(HttpResponseMessage)"/>
    public static BearerChallenge Of(IEnumerable<AuthenticationHeaderValue> challenges)
    {
        foreach (var header in challenges)
        {
            if (string.Equals(header.Scheme, "Bearer", StringComparison.OrdinalIgnoreCase) && Read(header.Parameter) is { Error: not null } challenge)
                return challenge;
        }

        return new BearerChallenge(null, []);
    }

    /// <summary>Reads <c>name=value</c> pairs between commas, values quoted or not (RFC 9110 section 11.2); stops at what it cannot read.</summary>
    private static BearerChallenge Read(string? parameters)
    {
        string? error = null;
        string? claims = null;
        IReadOnlyList<string> scopes = [];
        var rest = parameters.AsSpan();
        while (rest.IndexOf('=') is > 0 and var equals)
        {
            var name = rest[..equals].Trim(" \t,");
            if (Value(rest[(equals + 1)..].TrimStart(), out rest) is not { } value)
                break;
            if (error is null && name.Equals("error", StringComparison.OrdinalIgnoreCase))
                error = value;
            else if (name.Equals("claims", StringComparison.OrdinalIgnoreCase))
                claims = value;
            else if (name.Equals("scope", StringComparison.OrdinalIgnoreCase))
                scopes = value.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        }

        return new BearerChallenge(error, scopes, error == InsufficientClaims ? claims : null);
    }

    private static string? Value(ReadOnlySpan<char> text, out ReadOnlySpan<char> rest)
    {
        if (text is not ['"', ..])
        {
            var end = text.IndexOf(',') is >= 0 and var comma ? comma : text.Length;
            rest = text[end..];
            return text[..end].Trim().ToString();
        }

        var value = new System.Text.StringBuilder();
        for (var i = 1; i < text.Length; i++)
        {
            if (text[i] == '"')
            {
                rest = text[(i + 1)..];
                return value.ToString();
            }

            if (text[i] == '\\' && i + 1 < text.Length)
                i++;
            value.Append(text[i]);
        }

        rest = [];
        return null;
    }
}
