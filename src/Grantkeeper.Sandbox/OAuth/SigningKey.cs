using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Grantkeeper.Sandbox.OAuth;

/// <summary>An RS256 key, made when it is first needed, that lives as long as the process.</summary>
internal sealed class SigningKey : IDisposable
{
    private const int Bits = 2048;

    private readonly Lock gate = new();
    private readonly Lazy<RSA> rsa = new(() => RSA.Create(Bits));

    /// <summary>The name by which a token's header points at the key.</summary>
    public string KeyId { get; } = Opaque.New("")[..12];

    /// <summary>A signed token with these claims.</summary>
    public string Sign(JsonObject claims)
    {
        var header = new JsonObject { ["alg"] = "RS256", ["kid"] = KeyId, ["typ"] = "JWT" };
        var signed = $"{Encode(header)}.{Encode(claims)}";
        byte[] signature;
        lock (gate) signature = rsa.Value.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return $"{signed}.{Base64Url.EncodeToString(signature)}";
    }

    /// <summary>The public half as a member of a key set, under a given name.</summary>
    public JsonObject ToJwk(string keyId)
    {
        RSAParameters parameters;
        lock (gate) parameters = rsa.Value.ExportParameters(includePrivateParameters: false);
        return new JsonObject
        {
            ["kty"] = "RSA",
            ["use"] = "sig",
            ["alg"] = "RS256",
            ["kid"] = keyId,
            ["n"] = Base64Url.EncodeToString(parameters.Modulus),
            ["e"] = Base64Url.EncodeToString(parameters.Exponent),
        };
    }

    /// <summary>The public half in PEM form (RFC 7468).</summary>
    public string ToPem()
    {
        lock (gate) return rsa.Value.ExportSubjectPublicKeyInfoPem();
    }

    /// <inheritdoc />
    public void Dispose()
    {
        if (rsa.IsValueCreated) rsa.Value.Dispose();
    }

    private static string Encode(JsonObject part) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(part.ToJsonString()));
}
