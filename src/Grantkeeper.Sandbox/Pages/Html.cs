using System.Text;

namespace Grantkeeper.Sandbox.Pages;

/// <summary>Markup that is safe to send. It is made of literals only; whatever is put in between is encoded.</summary>
internal readonly struct Html
{
    private readonly string? markup;

    private Html(string markup) => this.markup = markup;

    /// <summary>Nothing.</summary>
    public static Html None => default;

    /// <summary>An interpolated text whose literal parts are markup and whose holes are text.</summary>
    public static Html Of(ref HtmlWriter writer) => new(writer.ToString());

    /// <summary>One piece per item.</summary>
    public static Html Each<T>(IEnumerable<T> items, Func<T, Html> piece)
    {
        var all = new StringBuilder();
        foreach (var item in items) all.Append(piece(item));
        return new Html(all.ToString());
    }

    /// <inheritdoc />
    public override string ToString() => markup ?? "";
}
