using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Grantkeeper.Jwt;

/// <summary>
/// Judges the claims of a token whose signature holds (RFC 7519, section 4.1; OIDC Core, section 3.1.3.7): issuer, audience,
/// authorized party, times, nonce, subject, in this order.
/// </summary>
internal static class JwtClaimRules
{
    private const string TenantPlaceholder = "{tenantid}";
    private const int MaxTenantLength = 64;
    private const int MaxSubjectLength = 255;

    /// <summary>Gives the claims, or the first rule that they break.</summary>
    public static JwtVerification Judge(JsonElement claims, string algorithm, string? keyIssuer, JwtRules rules, DateTimeOffset now)
    {
        var issuer = JwtJson.Text(claims, "iss");
        var audiences = JwtJson.Strings(claims, "aud");
        var subject = JwtJson.Text(claims, "sub");
        if (!JwtJson.Instant(claims, "exp", out var expires) || expires is not { } expiresAt
            || !JwtJson.Instant(claims, "nbf", out var notBefore)
            || !JwtJson.Instant(claims, "iat", out var issuedAt)) return JwtVerification.Refused(JwtFault.Malformed);

        JwtFault? fault = null;
        if (issuer is null || !IssuerAccepted(issuer, claims, keyIssuer, rules.Issuers)) fault = JwtFault.IssuerWrong;
        else if (!audiences.Contains(rules.Audience)) fault = JwtFault.AudienceWrong;
        else if (rules.RequireAzpWhenSeveralAudiences && !AuthorizedPartyAccepted(claims, rules.Audience)) fault = JwtFault.AuthorizedPartyWrong;
        else if (now - rules.ClockSkew >= expiresAt) fault = JwtFault.Expired;
        else if (notBefore > now + rules.ClockSkew || issuedAt > now + rules.ClockSkew) fault = JwtFault.NotYetValid;
        else if (rules.Nonce is { } nonce && !SameText(nonce, JwtJson.Text(claims, "nonce"))) fault = JwtFault.NonceWrong;
        else if (subject is not { Length: >= 1 and <= MaxSubjectLength }) fault = JwtFault.SubjectMissing;

        return fault is { } found
            ? JwtVerification.Refused(found)
            : JwtVerification.Accepted(new JwtClaims(claims, algorithm, subject!, issuer!, audiences, expiresAt));
    }

    /// <summary>The issuer must be on the list and, when the key is tied to an issuer, be that one.</summary>
    private static bool IssuerAccepted(string issuer, JsonElement claims, string? keyIssuer, IReadOnlyList<string> accepted)
    {
        var tenant = JwtJson.Text(claims, "tid");
        return accepted.Any(entry => IssuerIs(issuer, entry, tenant)) && (keyIssuer is null || IssuerIs(issuer, keyIssuer, tenant));
    }

    private static bool IssuerIs(string issuer, string entry, string? tenant)
    {
        if (!entry.Contains(TenantPlaceholder, StringComparison.Ordinal)) return issuer == entry;
        return tenant is { Length: >= 1 and <= MaxTenantLength } && tenant.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '-')
            && issuer == entry.Replace(TenantPlaceholder, tenant, StringComparison.Ordinal);
    }

    /// <summary>Beside more than one audience, counted as sent, <c>azp</c> is required.</summary>
    private static bool AuthorizedPartyAccepted(JsonElement claims, string audience)
    {
        if (claims.TryGetProperty("azp", out _)) return JwtJson.Text(claims, "azp") == audience;
        return claims.GetProperty("aud") is not { ValueKind: JsonValueKind.Array } several || several.GetArrayLength() == 1;
    }

    private static bool SameText(string expected, string? actual) => actual is not null
        && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(expected), Encoding.UTF8.GetBytes(actual));
}
