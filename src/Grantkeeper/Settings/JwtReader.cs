using System.Globalization;
using System.Text;
using Grantkeeper.Encryption;
using Microsoft.Extensions.Configuration;

namespace Grantkeeper.Settings;

/// <summary>Reads whose tokens are accepted. Nothing set means none; half of it set is a fault.</summary>
internal static class JwtReader
{
    /// <summary>The shortest secret of HS256: as long as its hash (RFC 7518, section 3.2).</summary>
    private const int MinSecretBytes = 32;

    private const int LongestName = 200;
    private static readonly TimeSpan LongestAge = TimeSpan.FromDays(30);

    /// <summary>The options; null when tokens are not accepted, or with a fault.</summary>
    /// <param name="configuration">What the operator wrote.</param>
    /// <param name="signsIn">Whether operators sign in at the issuer, which needs it alone.</param>
    /// <param name="allowsLoopbackHttp">Whether http is accepted on loopback.</param>
    /// <param name="apiKey">The bootstrap key, which must not look like a token.</param>
    /// <param name="faults">What is wrong is added here.</param>
    public static JwtOptions? Read(IConfiguration configuration, bool signsIn, bool allowsLoopbackHttp, Secret apiKey, List<string> faults)
    {
        var before = faults.Count;
        var issuer = Text(configuration, "GRANTKEEPER_JWT_ISSUER");
        var audience = Text(configuration, "GRANTKEEPER_JWT_AUDIENCE");
        var jwksUri = Text(configuration, "GRANTKEEPER_JWT_JWKS_URI");
        var secret = new Secret(Text(configuration, "GRANTKEEPER_JWT_SECRET"));
        var claims = Claims(configuration, faults);
        var isAsked = audience is not null || jwksUri is not null || !secret.IsEmpty;
        if (!isAsked && (issuer is null || signsIn))
            return null;

        if (issuer is null)
            faults.Add("GRANTKEEPER_JWT_ISSUER is not set, but other settings of tokens are. Write the value of iss in your identity provider's tokens, letter by letter.");
        else if (issuer.Contains('{', StringComparison.Ordinal))
            faults.Add("GRANTKEEPER_JWT_ISSUER holds a placeholder; it must name one issuer, since sub is unique within one only.");
        if (audience is null)
            faults.Add("GRANTKEEPER_JWT_AUDIENCE is not set: without it a token that was issued for another application would be accepted here. Write the name that aud has in tokens for Grantkeeper.");
        if ((jwksUri is null) == secret.IsEmpty)
            faults.Add($"GRANTKEEPER_JWT_JWKS_URI and GRANTKEEPER_JWT_SECRET are {(jwksUri is null ? "both missing" : "both set")}. Set one: the address of the issuer's public keys, or the secret that it signs with (HS256).");
        if (!secret.IsEmpty && Encoding.UTF8.GetByteCount(secret.Reveal()) < MinSecretBytes)
            faults.Add($"GRANTKEEPER_JWT_SECRET is shorter than {MinSecretBytes} bytes. Make one with: openssl rand -base64 32.");
        var keys = jwksUri is null ? null : Address(jwksUri, allowsLoopbackHttp);
        if (jwksUri is not null && keys is null)
            faults.Add("GRANTKEEPER_JWT_JWKS_URI is not usable: write an https address without user and fragment.");
        if (apiKey.Reveal().Contains('.', StringComparison.Ordinal))
            faults.Add("GRANTKEEPER_API_KEY holds a dot and would be read as a token of GRANTKEEPER_JWT_ISSUER. Make one with: openssl rand -base64 32.");

        return faults.Count > before ? null : new JwtOptions { Issuer = issuer!, Audience = audience!, JwksUri = keys, Secret = secret, Claims = claims };
    }

    /// <summary>The names of claims; they serve the operators' sign-in too.</summary>
    public static ClaimNames Claims(IConfiguration configuration, List<string> faults)
    {
        var usual = new ClaimNames();
        return new ClaimNames
        {
            Roles = Name(configuration, "GRANTKEEPER_JWT_ROLES_CLAIM", faults) ?? usual.Roles,
            Permissions = Name(configuration, "GRANTKEEPER_JWT_PERMISSIONS_CLAIM", faults) ?? usual.Permissions,
            SecondFactor = SecondFactor(configuration, faults),
        };
    }

    /// <summary>An https address, or http on loopback in development; null for anything else.</summary>
    internal static Uri? Address(string text, bool allowsLoopbackHttp) =>
        Uri.TryCreate(text, UriKind.Absolute, out var address) && address.UserInfo.Length == 0 && address.Fragment.Length == 0
        && (address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback && allowsLoopbackHttp)) ? address : null;

    private static SecondFactor? SecondFactor(IConfiguration configuration, List<string> faults)
    {
        var claim = Name(configuration, "GRANTKEEPER_JWT_MFA_CLAIM", faults);
        var values = Text(configuration, "GRANTKEEPER_JWT_MFA_VALUES");
        var age = Text(configuration, "GRANTKEEPER_JWT_MFA_MAX_AGE");
        foreach (var (name, value) in new[] { ("GRANTKEEPER_JWT_MFA_VALUES", values), ("GRANTKEEPER_JWT_MFA_MAX_AGE", age) })
        {
            if (claim is null && value is not null)
                faults.Add($"{name} is set, but GRANTKEEPER_JWT_MFA_CLAIM is not, so no second factor would be asked for. Name the claim, for example amr.");
        }

        TimeSpan? oldest = null;
        if (age is not null)
        {
            if (TimeSpan.TryParse(age, CultureInfo.InvariantCulture, out var span) && span > TimeSpan.Zero && span <= LongestAge)
                oldest = span;
            else
                faults.Add($"GRANTKEEPER_JWT_MFA_MAX_AGE is \"{age}\"; write hours:minutes:seconds, at most {LongestAge:c}, for example 00:15:00.");
        }

        return claim is null ? null : new SecondFactor(claim, values?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? ["mfa"], oldest);
    }

    private static string? Name(IConfiguration configuration, string name, List<string> faults)
    {
        if (Text(configuration, name) is not { } text)
            return null;
        if (text.Length <= LongestName && !text.Any(c => char.IsControl(c) || c == ' '))
            return text;
        faults.Add($"{name} is no name of a claim: at most {LongestName} characters without blanks.");
        return null;
    }

    private static string? Text(IConfiguration configuration, string name) => configuration[name] is { } text && !string.IsNullOrWhiteSpace(text) ? text.Trim() : null;
}
