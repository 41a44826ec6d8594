using System.Numerics;
using System.Security.Cryptography;
using System.Text.Json;

namespace Grantkeeper.Jwt;

/// <summary>One public key of a key set (RFC 7517, RFC 7518 section 6): RSA of 2048 to 8192 bits, or EC on P-256.</summary>
internal sealed class JsonWebKey
{
    private const int MinModulusBytes = 256;
    private const int MaxModulusBytes = 1024;
    private const int CoordinateBytes = 32;

    private readonly RSAParameters? _rsa;
    private readonly ECParameters? _ec;

    private JsonWebKey(JsonElement json, RSAParameters? rsa, ECParameters? ec)
    {
        KeyId = JwtJson.Text(json, "kid");
        Algorithm = JwtJson.Text(json, "alg");
        Issuer = JwtJson.Text(json, "issuer");
        _rsa = rsa;
        _ec = ec;
    }

    /// <summary><c>kid</c>; null when the key has none.</summary>
    public string? KeyId { get; }

    /// <summary><c>alg</c>: the only algorithm that the key is for; null when it is not tied to one.</summary>
    public string? Algorithm { get; }

    /// <summary>
    /// The issuer that the key is tied to, which may hold <c>{tenantid}</c>; Microsoft's multi-tenant key sets name it
    /// (https://learn.microsoft.com/entra/identity-platform/access-tokens). Null elsewhere.
    /// </summary>
    public string? Issuer { get; }

    /// <summary>Reads a key; null when it is of another kind, too short, not for signatures, or not sound.</summary>
    public static JsonWebKey? Read(JsonElement json)
    {
        if (json.ValueKind is not JsonValueKind.Object) return null;
        if (json.TryGetProperty("use", out _) && JwtJson.Text(json, "use") is not "sig") return null;
        if (json.TryGetProperty("key_ops", out _) && !JwtJson.Strings(json, "key_ops").Contains("verify")) return null;
        return JwtJson.Text(json, "kty") switch
        {
            "RSA" => ReadRsa(json),
            "EC" when JwtJson.Text(json, "crv") is "P-256" => ReadEc(json),
            _ => null,
        };
    }

    /// <summary>True when the key is of the kind that the algorithm needs and is not tied to another one.</summary>
    public bool Fits(string algorithm) => (Algorithm is null || Algorithm == algorithm) && algorithm switch
    {
        JwtAlgorithms.Rs256 or JwtAlgorithms.Ps256 => _rsa is not null,
        JwtAlgorithms.Es256 => _ec is not null,
        _ => false,
    };

    /// <summary>Verifies a signature with SHA-256; false for one of the wrong length or form. An ES256 signature is the 64 bytes R and S (RFC 7518, section 3.4).</summary>
    public bool Verifies(string algorithm, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        if (!Fits(algorithm)) return false;
        if (_ec is { } ec)
        {
            if (signature.Length != 2 * CoordinateBytes) return false;
            using var ecdsa = ECDsa.Create(ec);
            return ecdsa.VerifyData(data, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }
        if (signature.Length != _rsa!.Value.Modulus!.Length) return false;
        using var rsa = RSA.Create(_rsa.Value);
        var padding = algorithm is JwtAlgorithms.Ps256 ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1;
        return rsa.VerifyData(data, signature, HashAlgorithmName.SHA256, padding);
    }

    private static JsonWebKey? ReadRsa(JsonElement json)
    {
        var modulus = Base64UrlStrict.Decode(JwtJson.Text(json, "n"))?.AsSpan().TrimStart((byte)0).ToArray();
        var exponent = Base64UrlStrict.Decode(JwtJson.Text(json, "e"))?.AsSpan().TrimStart((byte)0).ToArray();
        if (modulus is not { Length: >= MinModulusBytes and <= MaxModulusBytes } || modulus[0] < 0x80 && modulus.Length == MinModulusBytes) return null;
        if (exponent is not { Length: >= 1 and <= 4 } || new BigInteger(exponent, isUnsigned: true, isBigEndian: true) is var e && (e < 3 || e.IsEven)) return null;
        var key = new RSAParameters { Modulus = modulus, Exponent = exponent };
        return Sound(() => RSA.Create(key)) ? new JsonWebKey(json, key, null) : null;
    }

    private static JsonWebKey? ReadEc(JsonElement json)
    {
        var x = Base64UrlStrict.Decode(JwtJson.Text(json, "x"));
        var y = Base64UrlStrict.Decode(JwtJson.Text(json, "y"));
        if (x is not { Length: CoordinateBytes } || y is not { Length: CoordinateBytes }) return null;
        var key = new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = x, Y = y } };
        return Sound(() => ECDsa.Create(key)) ? new JsonWebKey(json, null, key) : null;
    }

    /// <summary>Imports the key once, which refuses a point off the curve, so that verifying cannot throw later.</summary>
    private static bool Sound(Func<AsymmetricAlgorithm> import)
    {
        try
        {
            import().Dispose();
            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
