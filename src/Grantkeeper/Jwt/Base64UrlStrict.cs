using System.Buffers;
using System.Buffers.Text;

namespace Grantkeeper.Jwt;

/// <summary>
/// Base64url as RFC 7515 section 2 has it: no padding, no whitespace, and no unused bits set at the end (RFC 4648, section 3.5),
/// so that every byte string has exactly one spelling.
/// </summary>
internal static class Base64UrlStrict
{
    private const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    private static readonly SearchValues<char> Alphabet = SearchValues.Create(Letters);

    /// <summary>The bytes of a text; null when it is missing or has another spelling than the one.</summary>
    public static byte[]? Decode(string? text) => text is null ? null : Decode(text.AsSpan());

    /// <summary>The bytes of a text; null when it has another spelling than the one.</summary>
    public static byte[]? Decode(ReadOnlySpan<char> text)
    {
        if (text.ContainsAnyExcept(Alphabet)) return null;
        var unused = (text.Length % 4) switch { 0 => 0, 2 => 0b1111, 3 => 0b11, _ => -1 };
        if (unused < 0 || unused > 0 && (Letters.IndexOf(text[^1], StringComparison.Ordinal) & unused) != 0) return null;
        return Base64Url.DecodeFromChars(text);
    }
}
