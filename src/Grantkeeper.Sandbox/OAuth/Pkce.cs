using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Grantkeeper.Sandbox.OAuth;

/// <summary>Proof Key for Code Exchange, S256 only (RFC 7636).</summary>
internal static class Pkce
{
    private const int ChallengeLength = 43;
    private const int LongestVerifier = 128;

    /// <summary>Whether this can be an S256 challenge.</summary>
    public static bool IsChallenge(string? text) => text is { Length: ChallengeLength } && text.All(IsBase64Url);

    /// <summary>Whether the verifier is well formed and belongs to the challenge.</summary>
    public static bool Proves(string verifier, string challenge) =>
        verifier.Length is >= ChallengeLength and <= LongestVerifier
        && verifier.All(letter => IsBase64Url(letter) || letter is '.' or '~')
        && Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier))) == challenge;

    private static bool IsBase64Url(char letter) => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_';
}
