using System.Globalization;
using System.Text;

namespace Grantkeeper.Cli;

/// <summary>
/// Text of strangers (names, scopes, provider errors) for a terminal: what could move the cursor, change colours, turn the
/// writing direction or hide is shown as its code point, so that it is seen and does nothing.
/// </summary>
internal static class Printable
{
    public static string Of(string? text)
    {
        if (text is null)
            return "-";
        var shown = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (IsHarmless(rune))
                shown.Append(rune.ToString());
            else
                shown.Append(CultureInfo.InvariantCulture, $"\\u{{{rune.Value:x}}}");
        }

        return shown.ToString();
    }

    private static bool IsHarmless(Rune rune) => Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned or UnicodeCategory.Surrogate);
}
