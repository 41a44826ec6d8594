namespace Grantkeeper.Jwt;

/// <summary>What a token must fulfil. One value per relying situation; nothing in the token itself can widen it.</summary>
internal sealed class JwtRules
{
    /// <summary>The shortest HMAC secret: 32 bytes (RFC 7518, section 3.2).</summary>
    public const int MinHmacSecretBytes = 32;

    /// <summary>The longest skew: 60 seconds.</summary>
    public static readonly TimeSpan MaxClockSkew = TimeSpan.FromSeconds(60);

    private readonly ReadOnlyMemory<byte>? _hmacSecret;
    private readonly TimeSpan _clockSkew = MaxClockSkew;

    /// <summary>
    /// The accepted values of <c>iss</c>, compared letter by letter. An entry with <c>{tenantid}</c> stands for the issuer of
    /// every tenant of a multi-tenant provider: the placeholder is replaced by the token's own <c>tid</c>, which must be
    /// 1 to 64 letters, digits or hyphens.
    /// </summary>
    public required IReadOnlyList<string> Issuers { get; init; }

    /// <summary>The value that <c>aud</c> must be or contain: our client_id, or our name as a resource.</summary>
    public required string Audience { get; init; }

    /// <summary>
    /// True, the default, for ID tokens: <c>azp</c> must be there beside several audiences, and wherever it is there it must
    /// equal <see cref="Audience"/> (OIDC Core, section 3.1.3.7). False for access tokens, whose <c>azp</c> names the caller.
    /// </summary>
    public bool RequireAzpWhenSeveralAudiences { get; init; } = true;

    /// <summary>The value that <c>nonce</c> must have; null when none was sent.</summary>
    public string? Nonce { get; init; }

    /// <summary>How far the clocks may be apart: zero to 60 seconds, 60 by default.</summary>
    public TimeSpan ClockSkew
    {
        get => _clockSkew;
        init => _clockSkew = value >= TimeSpan.Zero && value <= MaxClockSkew
            ? value : throw new ArgumentOutOfRangeException(nameof(value), "The clock skew is 0 to 60 seconds.");
    }

    /// <summary>The longest token in characters; 16,384 by default.</summary>
    public int MaxLength { get; init; } = 16 * 1024;

    /// <summary>The issuer's public keys; null to let <see cref="JwksCache"/> bring them, or beside <see cref="HmacSecret"/>.</summary>
    public JsonWebKeySet? Keys { get; init; }

    /// <summary>
    /// A secret shared with the issuer, at least 32 bytes. With it HS256 is the only accepted algorithm; without it HS256 is
    /// never accepted. A public key therefore cannot end up as an HMAC secret (RFC 8725, section 2.1).
    /// </summary>
    public ReadOnlyMemory<byte>? HmacSecret
    {
        get => _hmacSecret;
        init => _hmacSecret = value is null || value.Value.Length >= MinHmacSecretBytes
            ? value : throw new ArgumentException("An HS256 secret has at least 32 bytes.", nameof(value));
    }

    /// <summary>The accepted public-key algorithms: RS256, PS256 and ES256, or fewer.</summary>
    public IReadOnlyList<string> AllowedAlgorithms { get; init; } = JwtAlgorithms.PublicKey;

    /// <summary>
    /// The accepted values of <c>typ</c>, case and an <c>application/</c> prefix aside. <c>JWT</c> by default, which also admits
    /// a header without <c>typ</c>; add <c>at+jwt</c> for access tokens (RFC 9068, section 4).
    /// </summary>
    public IReadOnlyList<string> AcceptedTypes { get; init; } = ["JWT"];
}
