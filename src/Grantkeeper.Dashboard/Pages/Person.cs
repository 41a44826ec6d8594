using System.Globalization;
using System.Text;

namespace Grantkeeper.Dashboard.Pages;

/// <summary>
/// Stands in for an account's picture. The picture's address at the provider is never opened from these pages: it would
/// tell the provider's servers who looks at which account, and when.
/// </summary>
/// <param name="Initials">One or two letters.</param>
/// <param name="Tone">0 to 5: the background, always the same for the same account.</param>
public sealed record Person(string Initials, int Tone)
{
    private const int Tones = 6;

    internal static Person Of(string name, string? accountId)
    {
        var words = name.Split((char[])[' ', '.', '_', '-', '@'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var letters = words.Select(word => StringInfo.GetNextTextElement(word)).Where(letter => Rune.IsLetterOrDigit(Rune.GetRuneAt(letter, 0))).Take(2);
        var initials = string.Concat(letters).ToUpperInvariant();
        // Not GetHashCode, which differs from process to process.
        var sum = (accountId ?? name).Aggregate(17, (hash, c) => unchecked((hash * 31) + c));
        return new Person(initials.Length == 0 ? "?" : initials, (int)((uint)sum % Tones));
    }
}
