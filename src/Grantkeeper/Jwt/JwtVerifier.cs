using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Grantkeeper.Jwt;

/// <summary>
/// Verifies signed JSON Web Tokens (RFC 7515, RFC 7519, RFC 8725; ID tokens by OIDC Core, section 3.1.3.7). Pure: no clock,
/// no network, no state. It never throws for what a token contains.
/// </summary>
/// <remarks>
/// In this order, and the first broken rule is the verdict: (1) length and three strict parts, (2) header: <c>crit</c>,
/// <c>typ</c>, <c>alg</c>, (3) key and signature, (4) claims. Of the header only <c>alg</c>, <c>kid</c>, <c>typ</c> and
/// <c>crit</c> are looked at; <c>jku</c>, <c>jwk</c>, <c>x5u</c> and <c>x5c</c> choose no key.
/// </remarks>
internal static class JwtVerifier
{
    private const int MaxCandidates = 10;

    /// <summary>Judges a token with the keys or the secret of the rules.</summary>
    /// <param name="token">The compact serialization; anything is allowed in here.</param>
    /// <param name="rules">What it must fulfil.</param>
    /// <param name="now">The current instant.</param>
    public static JwtVerification Verify(string token, JwtRules rules, DateTimeOffset now) => Verify(token, rules, rules.Keys, now);

    /// <summary>Judges a token with keys that stand in for those of the rules.</summary>
    public static JwtVerification Verify(string token, JwtRules rules, JsonWebKeySet? keys, DateTimeOffset now) =>
        Open(token, rules, keys, out var algorithm, out var key, out var fault) is { } claims
            ? JwtClaimRules.Judge(claims, algorithm, key?.Issuer, rules, now)
            : JwtVerification.Refused(fault);

    /// <summary>
    /// The claims of a message whose form, header and signature are good; null with the first rule that it breaks. What the
    /// claims say is the caller's to judge: it may name neither a person nor an end.
    /// </summary>
    /// <param name="token">The compact serialization; anything is allowed in here.</param>
    /// <param name="keys">The sender's public keys.</param>
    /// <param name="algorithms">The accepted algorithms, of RS256, PS256 and ES256.</param>
    /// <param name="maxLength">The longest message in characters.</param>
    /// <param name="fault">The rule; meaningless beside claims.</param>
    public static JsonElement? Open(string token, JsonWebKeySet keys, IReadOnlyList<string> algorithms, int maxLength, out JwtFault fault) =>
        Open(token, new JwtRules { Issuers = [], Audience = "", AllowedAlgorithms = algorithms, MaxLength = maxLength }, keys, out _, out _, out fault);

    private static JsonElement? Open(string token, JwtRules rules, JsonWebKeySet? keys, out string algorithm, out JsonWebKey? key, out JwtFault fault)
    {
        (algorithm, key) = ("", null);
        // (1) Length and three strict parts.
        fault = JwtFault.TooLong;
        if (token.Length > rules.MaxLength) return null;
        fault = JwtFault.Malformed;
        var parts = token.Split('.', 4);
        if (parts.Length != 3
            || Base64UrlStrict.Decode(parts[0]) is not { } headerBytes
            || Base64UrlStrict.Decode(parts[1]) is not { } claimBytes
            || Base64UrlStrict.Decode(parts[2]) is not { } signature) return null;
        if (JwtJson.Object(headerBytes, out fault) is not { } header) return null;

        // (2) The header.
        if (HeaderFault(header, rules) is { } headerFault)
        {
            fault = headerFault;
            return null;
        }

        algorithm = JwtJson.Text(header, "alg")!;

        // (3) Key and signature, over the text as it came.
        var signed = Encoding.ASCII.GetBytes(token, 0, parts[0].Length + 1 + parts[1].Length);
        if (SignatureFault(header, algorithm, signed, signature, rules, keys, out key) is { } signatureFault)
        {
            fault = signatureFault;
            return null;
        }

        // (4) The claims, which are read only now.
        return JwtJson.Object(claimBytes, out fault);
    }

    private static JwtFault? HeaderFault(JsonElement header, JwtRules rules)
    {
        if (header.TryGetProperty("crit", out _)) return JwtFault.CriticalHeader;
        if (JwtJson.Text(header, "alg") is not { } algorithm) return JwtFault.Malformed;
        if (header.TryGetProperty("kid", out _) && JwtJson.Text(header, "kid") is null) return JwtFault.Malformed;
        var type = JwtJson.Text(header, "typ");
        if (type is null && header.TryGetProperty("typ", out _)) return JwtFault.Malformed;
        if (!TypeAccepted(type ?? "JWT", rules.AcceptedTypes)) return JwtFault.TypeWrong;
        var allowed = rules.HmacSecret is not null
            ? algorithm is JwtAlgorithms.Hs256
            : rules.AllowedAlgorithms.Contains(algorithm) && JwtAlgorithms.PublicKey.Contains(algorithm);
        return allowed ? null : JwtFault.AlgorithmNotAllowed;
    }

    private static bool TypeAccepted(string type, IReadOnlyList<string> accepted)
    {
        const string prefix = "application/";
        if (type.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)) type = type[prefix.Length..];
        return accepted.Contains(type, StringComparer.OrdinalIgnoreCase);
    }

    private static JwtFault? SignatureFault(JsonElement header, string algorithm, byte[] signed, byte[] signature,
        JwtRules rules, JsonWebKeySet? keys, out JsonWebKey? key)
    {
        key = null;
        if (rules.HmacSecret is { } secret)
        {
            var expected = HMACSHA256.HashData(secret.Span, signed);
            return CryptographicOperations.FixedTimeEquals(expected, signature) ? null : JwtFault.SignatureInvalid;
        }
        if (keys is null) return JwtFault.KeysUnavailable;
        JsonWebKey[] candidates = [.. keys.Candidates(JwtJson.Text(header, "kid"), algorithm).Take(MaxCandidates)];
        if (candidates.Length == 0) return JwtFault.KeyUnknown;
        key = Array.Find(candidates, candidate => candidate.Verifies(algorithm, signed, signature));
        return key is null ? JwtFault.SignatureInvalid : null;
    }
}
