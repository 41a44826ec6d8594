using System.Globalization;

namespace Grantkeeper.Settings;

/// <summary>A colour and how well it is read, by the formulas of WCAG 2.2. Pure.</summary>
internal readonly record struct BrandColor(byte Red, byte Green, byte Blue)
{
    /// <summary>The contrast that text needs (WCAG 2.2, 1.4.3).</summary>
    public const double Readable = 4.5;

    public static readonly BrandColor White = new(255, 255, 255);
    public static readonly BrandColor Black = new(0, 0, 0);

    /// <summary>Reads #rgb or #rrggbb; null when a text is neither.</summary>
    public static BrandColor? Parse(string text)
    {
        if (text.Length is not (4 or 7) || text[0] != '#' || !text.Skip(1).All(char.IsAsciiHexDigit))
            return null;
        var digits = text.Length == 7 ? text[1..] : string.Concat(text.Skip(1).Select(c => new string(c, 2)));
        byte At(int index) => byte.Parse(digits.AsSpan(index, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return new BrandColor(At(0), At(2), At(4));
    }

    /// <summary>1 (none) to 21 (black on white).</summary>
    public double ContrastWith(BrandColor other)
    {
        var (a, b) = (Luminance, other.Luminance);
        return (Math.Max(a, b) + 0.05) / (Math.Min(a, b) + 0.05);
    }

    /// <summary>Black or white, whichever is read better on this colour; one of them always reaches 4.5.</summary>
    public BrandColor TextOn => ContrastWith(White) >= ContrastWith(Black) ? White : Black;

    /// <summary>A share of <paramref name="other"/>, 0 to 1, mixed in.</summary>
    public BrandColor Mix(BrandColor other, double share)
    {
        byte Between(byte from, byte to) => (byte)Math.Round(from + ((to - from) * share));
        return new BrandColor(Between(Red, other.Red), Between(Green, other.Green), Between(Blue, other.Blue));
    }

    /// <summary>
    /// The nearest shade that can be read on a background and on that background tinted by itself: towards black on light
    /// ones, towards white on dark ones.
    /// </summary>
    public (BrandColor Shade, BrandColor Tint) ReadableOn(BrandColor background)
    {
        const int steps = 50;
        var towards = background.TextOn;
        for (var step = 0; ; step++)
        {
            var shade = Mix(towards, (double)step / steps);
            var tint = background.Mix(shade, 0.12);
            if (step == steps || (shade.ContrastWith(background) >= Readable && shade.ContrastWith(tint) >= Readable))
                return (shade, tint);
        }
    }

    public override string ToString() => $"#{Red:x2}{Green:x2}{Blue:x2}";

    private double Luminance => (0.2126 * Linear(Red)) + (0.7152 * Linear(Green)) + (0.0722 * Linear(Blue));

    private static double Linear(byte channel)
    {
        var share = channel / 255.0;
        return share <= 0.04045 ? share / 12.92 : Math.Pow((share + 0.055) / 1.055, 2.4);
    }
}
