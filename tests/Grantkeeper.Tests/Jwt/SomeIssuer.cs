using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Grantkeeper.Jwt;

namespace Grantkeeper.Tests.Jwt;

/// <summary>An identity provider for tests: one RSA key, one EC key, one shared secret, and tokens of any shape.</summary>
internal static class SomeIssuer
{
    public const string Name = "https://idp.example.com";
    public const string ClientId = "client-1";
    public static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);
    public static readonly byte[] Secret = SHA256.HashData("shared"u8);
    public static readonly RSA Rsa = RSA.Create(2048);
    public static readonly ECDsa Ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    public static readonly JsonWebKeySet Keys = Set(RsaKey(Rsa), EcKey(Ec));
    public static readonly JwtRules Rules = new() { Issuers = [Name], Audience = ClientId, Keys = Keys };
    public static readonly JwtRules SecretRules = new() { Issuers = [Name], Audience = ClientId, Keys = Keys, HmacSecret = Secret };

    public static JsonWebKeySet Set(params string[] keys) =>
        JsonWebKeySet.TryParse($$"""{"keys":[{{string.Join(',', keys)}}]}""", out var set) ? set : throw new InvalidOperationException();

    public static string RsaKey(RSA rsa, string extra = ""","kid":"r","use":"sig" """)
    {
        var key = rsa.ExportParameters(false);
        return $$"""{"kty":"RSA","n":"{{Encode(key.Modulus!)}}","e":"{{Encode(key.Exponent!)}}"{{extra}}}""";
    }

    public static string EcKey(ECDsa ec, string extra = ""","kid":"e","alg":"ES256" """)
    {
        var key = ec.ExportParameters(false);
        return $$"""{"kty":"EC","crv":"P-256","x":"{{Encode(key.Q.X!)}}","y":"{{Encode(key.Q.Y!)}}"{{extra}}}""";
    }

    /// <summary>Good claims with changes; a null value removes one.</summary>
    public static string Claims(params (string Name, object? Value)[] changes)
    {
        var claims = new Dictionary<string, object?>
        {
            ["iss"] = Name, ["sub"] = "user-1", ["aud"] = ClientId, ["iat"] = Now.ToUnixTimeSeconds(), ["exp"] = Now.ToUnixTimeSeconds() + 300,
        };
        foreach (var (name, value) in changes) claims[name] = value;
        return JsonSerializer.Serialize(claims.Where(claim => claim.Value is not null).ToDictionary());
    }

    public static string Rs256(string claims, string header = """{"alg":"RS256","kid":"r"}""") =>
        Token(header, claims, data => Rsa.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));

    public static string Ps256(string claims) =>
        Token("""{"alg":"PS256","kid":"r"}""", claims, data => Rsa.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pss));

    public static string Es256(string claims, DSASignatureFormat format = DSASignatureFormat.IeeeP1363FixedFieldConcatenation) =>
        Token("""{"alg":"ES256","kid":"e"}""", claims, data => Ec.SignData(data, HashAlgorithmName.SHA256, format));

    public static string Hs256(string claims, byte[] secret, string header = """{"alg":"HS256"}""") => Token(header, claims, data => HMACSHA256.HashData(secret, data));

    public static string Token(string header, string claims, Func<byte[], byte[]> sign)
    {
        var signed = $"{Encode(Encoding.UTF8.GetBytes(header))}.{Encode(Encoding.UTF8.GetBytes(claims))}";
        return $"{signed}.{Encode(sign(Encoding.ASCII.GetBytes(signed)))}";
    }

    public static string Encode(byte[] bytes) => Base64Url.EncodeToString(bytes);

    public static JwtFault? Fault(string token, JwtRules? rules = null, DateTimeOffset? now = null) => JwtVerifier.Verify(token, rules ?? Rules, now ?? Now).Fault;
}
