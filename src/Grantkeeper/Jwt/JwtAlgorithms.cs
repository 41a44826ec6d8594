namespace Grantkeeper.Jwt;

/// <summary>The signature algorithms that are understood (RFC 7518, section 3.1).</summary>
internal static class JwtAlgorithms
{
    /// <summary>RSASSA-PKCS1-v1_5 with SHA-256.</summary>
    public const string Rs256 = "RS256";

    /// <summary>RSASSA-PSS with SHA-256.</summary>
    public const string Ps256 = "PS256";

    /// <summary>ECDSA on P-256 with SHA-256.</summary>
    public const string Es256 = "ES256";

    /// <summary>HMAC with SHA-256; only with a configured secret.</summary>
    public const string Hs256 = "HS256";

    /// <summary>RS256, PS256, ES256: the ones that need no shared secret.</summary>
    public static IReadOnlyList<string> PublicKey { get; } = [Rs256, Ps256, Es256];
}
