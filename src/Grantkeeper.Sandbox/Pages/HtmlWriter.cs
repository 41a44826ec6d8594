using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;

namespace Grantkeeper.Sandbox.Pages;

/// <summary>Collects an interpolated text: literals as they are, values encoded.</summary>
[InterpolatedStringHandler]
internal readonly ref struct HtmlWriter
{
    private const int RoomPerValue = 16;

    private readonly StringBuilder text;

    /// <summary>Makes room for the text.</summary>
    public HtmlWriter(int literalLength, int formattedCount) => text = new StringBuilder(literalLength + (formattedCount * RoomPerValue));

    /// <summary>Markup from the source code.</summary>
    public void AppendLiteral(string literal) => text.Append(literal);

    /// <summary>Text from anywhere.</summary>
    public void AppendFormatted(string? value) => text.Append(HtmlEncoder.Default.Encode(value ?? ""));

    /// <summary>A number.</summary>
    public void AppendFormatted(long value) => text.Append(value.ToString(CultureInfo.InvariantCulture));

    /// <summary>Markup that was made the same way.</summary>
    public void AppendFormatted(Html value) => text.Append(value.ToString());

    /// <inheritdoc />
    public override string ToString() => text.ToString();
}
