using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Grantkeeper.Jwt;

/// <summary>Public RSA keys as an operator copies them from a dashboard: one or more PEM blocks (RFC 7468), SubjectPublicKeyInfo or PKCS #1.</summary>
internal static class PublicKeyPem
{
    /// <summary>
    /// The keys; null when the text holds none, or one that is no RSA key of 2048 to 8192 bits. <c>\n</c> stands for the end of a
    /// line, since a variable of the environment has one line. Private keys are not taken.
    /// </summary>
    public static JsonWebKeySet? Read(string text)
    {
        var rest = text.Replace("\\n", "\n", StringComparison.Ordinal).AsSpan();
        var keys = new JsonArray();
        while (PemEncoding.TryFind(rest, out var block))
        {
            if (rest[block.Label] is not ("PUBLIC KEY" or "RSA PUBLIC KEY") || Jwk(rest[block.Location]) is not { } key)
                return null;
            keys.Add(key);
            rest = rest[block.Location.End..];
        }

        return JsonWebKeySet.TryParse(new JsonObject { ["keys"] = keys.DeepClone() }.ToJsonString(), out var set) && set.Keys.Count > 0 && set.Keys.Count == keys.Count
            ? set.Nameless()
            : null;
    }

    private static JsonObject? Jwk(ReadOnlySpan<char> pem)
    {
        try
        {
            using var rsa = RSA.Create();
            rsa.ImportFromPem(pem);
            var key = rsa.ExportParameters(includePrivateParameters: false);
            return new JsonObject { ["kty"] = "RSA", ["n"] = Base64Url.EncodeToString(key.Modulus), ["e"] = Base64Url.EncodeToString(key.Exponent) };
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            return null;
        }
    }
}
