using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Grantkeeper.Encryption;

/// <summary>256 random bits as 43 base64url characters: state, start handle, ticket, API key (RFC 6749 section 10.10).</summary>
internal static class RandomHandle
{
    /// <summary>Longest text that is hashed for a lookup; anything longer was never issued here.</summary>
    public const int MaxLength = 256;

    public static Secret New() => new(Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32)));

    /// <summary>The form that is stored: lower-case hexadecimal SHA-256. 256 random bits need no salt.</summary>
    public static string HashOf(Secret handle) => HashOf(handle.Reveal());

    public static string HashOf(string handle) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(handle)));
}
