using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Grantkeeper.Sandbox.OAuth;

/// <summary>Values that nobody can guess, and short names for them that give nothing away.</summary>
internal static class Opaque
{
    private const int Bytes = 32;
    private const int FingerprintLength = 16;

    /// <summary>A fresh value; the prefix says what it is, so that a leak is found by a search.</summary>
    public static string New(string prefix) => prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Bytes));

    /// <summary>The start of a value's hash, for statistics.</summary>
    public static string Fingerprint(string value) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(value)))[..FingerprintLength];
}
