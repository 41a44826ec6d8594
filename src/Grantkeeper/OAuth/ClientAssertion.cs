using System.Buffers.Text;
using System.Text;
using System.Text.Json.Nodes;
using Grantkeeper.Encryption;

namespace Grantkeeper.OAuth;

/// <summary>
/// The signed statement by which a client proves itself without a shared secret: <c>private_key_jwt</c> (OpenID Connect Core
/// section 9, RFC 7523 section 2.2 and 3). One is made for each request, since a server may take its <c>jti</c> once only.
/// </summary>
internal static class ClientAssertion
{
    /// <summary>The <c>client_assertion_type</c> (RFC 7523 section 2.2).</summary>
    public const string Type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

    /// <summary>How long one is good; longer than a request may take.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromSeconds(60);

    /// <summary>Makes an assertion.</summary>
    /// <param name="key">Signs it.</param>
    /// <param name="algorithm">One that fits the key.</param>
    /// <param name="keyId">Its <c>kid</c>; null to send none.</param>
    /// <param name="clientId">Whom it is about, and who issues it unless another does.</param>
    /// <param name="audience">Whom it is for: the token endpoint's address, or the issuer.</param>
    /// <param name="now">When it is issued.</param>
    /// <param name="issuer">Who issues it; null: the client, as the RFC says.</param>
    public static Secret Sign(ClientKey key, string algorithm, string? keyId, string clientId, string audience, DateTimeOffset now, string? issuer = null)
    {
        var header = new JsonObject { ["alg"] = algorithm, ["typ"] = "JWT" };
        if (keyId is not null)
            header["kid"] = keyId;
        if (key.CertificateThumbprint is { } thumbprint)
            header["x5t#S256"] = thumbprint;
        var claims = new JsonObject
        {
            ["iss"] = issuer ?? clientId, ["sub"] = clientId, ["aud"] = audience, ["jti"] = Guid.NewGuid().ToString(),
            ["iat"] = now.ToUnixTimeSeconds(), ["exp"] = (now + Life).ToUnixTimeSeconds(),
        };
        var signed = $"{Part(header)}.{Part(claims)}";
        return new Secret($"{signed}.{Base64Url.EncodeToString(key.Sign(algorithm, Encoding.ASCII.GetBytes(signed)))}");
    }

    private static string Part(JsonObject json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json.ToJsonString()));
}
