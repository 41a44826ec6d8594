using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Grantkeeper.Sandbox.Faults;
using Grantkeeper.Sandbox.Grants;
using Grantkeeper.Sandbox.People;

namespace Grantkeeper.Sandbox.OAuth;

/// <summary>Who signed in, as a signed token (OpenID Connect Core, 2 and 3.1.3.6).</summary>
internal static class IdToken
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    /// <summary>The token for freshly issued tokens, broken as the fault asks.</summary>
    public static string Create(SigningKey key, string issuer, IssuedTokens issued, JsonObject more, DateTimeOffset now, FaultMode? fault)
    {
        var subject = fault == FaultMode.OtherSubject ? Everybody.Other(issued.Grant.Subject).Subject : issued.Grant.Subject;
        var claims = Claims(subject, issued.Grant.Scopes);
        foreach (var (name, value) in more) claims[name] = value?.DeepClone();
        claims["iss"] = issuer;
        claims["aud"] = issued.Grant.ClientId;
        claims["iat"] = now.ToUnixTimeSeconds();
        claims["exp"] = (now + Lifetime).ToUnixTimeSeconds();
        claims["at_hash"] = HalfHash(issued.AccessToken.Value);
        if (issued.Nonce is not null) claims["nonce"] = issued.Nonce;
        if (fault == FaultMode.WrongNonce) claims["nonce"] = Opaque.New("");
        var token = key.Sign(claims);
        return fault == FaultMode.BadSignature ? Spoil(token) : token;
    }

    /// <summary>What the scopes allow to say about a person; userinfo says the same.</summary>
    public static JsonObject Claims(string subject, IReadOnlyCollection<string> scopes)
    {
        var claims = new JsonObject { ["sub"] = subject };
        if (Everybody.Find(subject) is not { } person) return claims;
        if (scopes.Contains("profile")) claims["name"] = person.Name;
        if (!scopes.Contains("email")) return claims;
        claims["email"] = person.Email;
        claims["email_verified"] = true;
        return claims;
    }

    private static string HalfHash(string accessToken) =>
        Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(accessToken)).AsSpan(0, SHA256.HashSizeInBytes / 2));

    private static string Spoil(string token)
    {
        var start = token.LastIndexOf('.') + 1;
        return token[..start] + (token[start] == 'A' ? 'B' : 'A') + token[(start + 1)..];
    }
}
