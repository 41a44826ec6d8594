using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Grantkeeper.Encryption;

namespace Grantkeeper.OAuth;

/// <summary>Proof Key for Code Exchange, method S256 only (RFC 7636 sections 4.1 and 4.2, RFC 9700 section 2.1.1).</summary>
internal static class Pkce
{
    /// <summary>43 characters out of 256 random bits, the length that RFC 7636 section 4.1 recommends.</summary>
    public static Secret NewVerifier() => RandomHandle.New();

    public static string ChallengeOf(Secret codeVerifier) =>
        Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(codeVerifier.Reveal())));
}
