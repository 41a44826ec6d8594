using Grantkeeper.Errors;
using Grantkeeper.Settings;
using Grantkeeper.Texts;

namespace Grantkeeper.Dashboard.Hosted;

/// <summary>What every hosted page has in common: language, brand, and the way back to the application.</summary>
public sealed class HostedFrame
{
    private readonly PageTexts _texts;

    internal HostedFrame(PageTexts texts, GrantkeeperOptions options, Uri back, string nonce)
    {
        (_texts, Back, Nonce, Brand) = (texts, back.AbsoluteUri, nonce, options.BrandName);
        BackHost = back.Authority;
        LogoAddress = options.Brand.LogoFile is not null ? HostedEndpoints.LogoAddress : options.Brand.LogoUrl?.AbsoluteUri;
        Colors = options.Brand.Color is { } color && BrandColor.Parse(color) is { } parsed ? ColorsOf(parsed) : null;
    }

    /// <summary>The language as a BCP 47 tag.</summary>
    public string Language => _texts.Language;

    /// <summary>What users call the product.</summary>
    public string Brand { get; }

    /// <summary>The picture beside the name; null when there is none.</summary>
    public string? LogoAddress { get; }

    /// <summary>The brand's colours as a style sheet; null for Grantkeeper's own.</summary>
    public string? Colors { get; }

    /// <summary>Where the application is.</summary>
    public string Back { get; }

    /// <summary>The application's host, for people.</summary>
    public string BackHost { get; }

    /// <summary>Lets this page's one inline style sheet through its Content-Security-Policy.</summary>
    public string Nonce { get; }

    /// <summary>All languages with their own names.</summary>
    public static IEnumerable<(string Tag, string Name)> Languages => PageTexts.Languages.Select(tag => (tag, PageTexts.In(tag)["language.name"]));

    /// <summary>A text without placeholders.</summary>
    /// <param name="key">Its key.</param>
    public string Text(string key) => _texts[key];

    /// <summary>A text with one placeholder.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="name">The placeholder.</param>
    /// <param name="value">What stands in its place.</param>
    public string Text(string key, string name, string value) => _texts.Of(key, (name, value));

    /// <summary>What a refusal is called and what its reader can do.</summary>
    /// <param name="code">The refusal.</param>
    public (string Title, string Advice) Of(ErrorCode code) => _texts.OfError(code);

    // Only numbers that were parsed come here, so nothing can end the style sheet early.
    private static string ColorsOf(BrandColor color)
    {
        static string Sheet(BrandColor color, BrandColor background)
        {
            var (shade, tint) = color.ReadableOn(background);
            return $":root{{--accent:{shade};--on-accent:{shade.TextOn};--good-back:{tint}}}";
        }

        return $"{Sheet(color, HostedColors.LightBack)}@media (prefers-color-scheme:dark){{{Sheet(color, HostedColors.DarkCard)}}}";
    }
}

/// <summary>The backgrounds of <c>connect.css</c> on which a brand's colour has to be read; the harder one of page and card.</summary>
internal static class HostedColors
{
    public static readonly BrandColor LightBack = BrandColor.Parse("#f6f7f6")!.Value;
    public static readonly BrandColor DarkCard = BrandColor.Parse("#18201c")!.Value;
}
