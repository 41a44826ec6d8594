using System.Security.Cryptography;
using System.Text;

namespace Grantkeeper.Jwt;

/// <summary>
/// The tie between an ID token and the access token beside it (OIDC Core, section 3.1.3.6): the left half of the access
/// token's hash, base64url.
/// </summary>
internal static class AtHash
{
    /// <summary>True when <c>at_hash</c> belongs to the access token. False for an algorithm that is not understood here.</summary>
    /// <param name="accessToken">The access token of the same response.</param>
    /// <param name="claim">The value of <c>at_hash</c>.</param>
    /// <param name="algorithm"><c>alg</c> of the ID token, <see cref="JwtClaims.Algorithm"/>; all of ours hash with SHA-256.</param>
    public static bool Matches(string accessToken, string claim, string algorithm)
    {
        if (!JwtAlgorithms.PublicKey.Contains(algorithm) && algorithm is not JwtAlgorithms.Hs256) return false;
        var hash = SHA256.HashData(Encoding.ASCII.GetBytes(accessToken));
        return CryptographicOperations.FixedTimeEquals(hash.AsSpan(0, hash.Length / 2), Base64UrlStrict.Decode(claim));
    }
}
