using System.Reflection;
using System.Text.Json;
using Grantkeeper.Errors;
using Microsoft.Net.Http.Headers;

namespace Grantkeeper.Texts;

/// <summary>The texts of the pages that users see, in one language.</summary>
internal sealed class PageTexts
{
    private const string Otherwise = "en";

    private static readonly Dictionary<string, PageTexts> All = new[] { "en", "de", "es", "fr", "ja" }.ToDictionary(language => language, Read);

    private readonly Dictionary<string, string> _texts;

    private PageTexts(string language, Dictionary<string, string> texts)
    {
        Language = language;
        _texts = texts;
    }

    /// <summary>The languages that there are, as BCP 47 tags; English is what everybody else gets.</summary>
    public static IReadOnlyList<string> Languages { get; } = [.. All.Keys];

    /// <summary>The BCP 47 tag.</summary>
    public string Language { get; }

    /// <summary>The keys of all texts.</summary>
    public IReadOnlyCollection<string> Keys => _texts.Keys;

    /// <summary>A text without placeholders.</summary>
    /// <exception cref="KeyNotFoundException">There is no such text.</exception>
    public string this[string key] => _texts[key];

    /// <summary>A text with its placeholders filled. The result is plain text: whoever puts it into a page encodes it.</summary>
    public string Of(string key, params (string Name, string Value)[] values)
    {
        // From the text's own placeholders, so that a value that looks like one stays what it is.
        var parts = _texts[key].Split('{', '}');
        for (var at = 1; at < parts.Length; at += 2)
            parts[at] = values.First(value => value.Name == parts[at]).Value;
        return string.Concat(parts);
    }

    /// <summary>What a refusal is called and what its reader can do; one text for everything that only an operator can mend.</summary>
    public (string Title, string Advice) OfError(ErrorCode code)
    {
        var key = _texts.ContainsKey($"error.{code.Code}.title") ? $"error.{code.Code}" : "error.other";
        return (_texts[key + ".title"], _texts[key + ".advice"]);
    }

    public static PageTexts In(string? language) => language is not null && All.TryGetValue(language, out var texts) ? texts : All[Otherwise];

    /// <summary>
    /// The first that names one of our languages: what was chosen on the page, what the session was made with, then
    /// <c>Accept-Language</c> in the order of its weights (RFC 9110 section 12.5.4; <c>de-AT</c> gets <c>de</c>).
    /// </summary>
    public static PageTexts Choose(string? chosen, string? session, string? acceptLanguage)
    {
        if ((Known(chosen) ?? Known(session)) is { } wanted)
            return All[wanted];
        if (acceptLanguage is not { Length: > 0 and <= 500 } || !StringWithQualityHeaderValue.TryParseList([acceptLanguage], out var accepted))
            return All[Otherwise];
        return In(accepted.Where(entry => entry.Quality is not 0).OrderByDescending(entry => entry.Quality ?? 1).Select(entry => Known(entry.Value.Value)).FirstOrDefault(known => known is not null));
    }

    private static string? Known(string? tag) => tag?.Split('-')[0].ToLowerInvariant() is { } language && All.ContainsKey(language) ? language : null;

    private static PageTexts Read(string language)
    {
        using var file = Assembly.GetExecutingAssembly().GetManifestResourceStream($"texts/{language}.json")!;
        return new PageTexts(language, JsonSerializer.Deserialize<Dictionary<string, string>>(file)!);
    }
}
