using System.Text.Json;

namespace Grantkeeper.Jwt;

/// <summary>The claims of a token that was verified. There is no other way to get one.</summary>
internal sealed class JwtClaims
{
    internal JwtClaims(JsonElement json, string algorithm, string subject, string issuer, IReadOnlyList<string> audiences, DateTimeOffset expiresAt)
    {
        Json = json;
        Algorithm = algorithm;
        Subject = subject;
        Issuer = issuer;
        Audiences = audiences;
        ExpiresAt = expiresAt;
    }

    /// <summary><c>sub</c>: 1 to 255 characters. A person is the pair of issuer and subject, never an e-mail address.</summary>
    public string Subject { get; }

    /// <summary><c>iss</c>, one of <see cref="JwtRules.Issuers"/>.</summary>
    public string Issuer { get; }

    /// <summary><c>aud</c>, as a list in either form.</summary>
    public IReadOnlyList<string> Audiences { get; }

    /// <summary><c>exp</c>, without the skew.</summary>
    public DateTimeOffset ExpiresAt { get; }

    /// <summary>The algorithm that the signature was verified with; <see cref="AtHash"/> wants it.</summary>
    public string Algorithm { get; }

    /// <summary>Every claim as sent.</summary>
    public JsonElement Json { get; }

    /// <summary>A claim that is a string; null when it is missing or something else.</summary>
    public string? Text(string name) => JwtJson.Text(Json, name);

    /// <summary>
    /// A claim that is a string or an array of strings, as a list. Other elements are left out; empty when there is no such claim.
    /// </summary>
    public IReadOnlyList<string> Strings(string name) => JwtJson.Strings(Json, name);
}
