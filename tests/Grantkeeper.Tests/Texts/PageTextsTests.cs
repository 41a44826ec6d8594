using System.Text.RegularExpressions;
using Grantkeeper.Errors;
using Grantkeeper.Texts;

namespace Grantkeeper.Tests.Texts;

[Trait("category", "pages")]
public sealed partial class PageTextsTests
{
    private static readonly PageTexts English = PageTexts.In("en");

    public static TheoryData<string> All => [.. PageTexts.Languages];

    [Fact]
    public void There_are_five_languages() => PageTexts.Languages.ShouldBe(["en", "de", "es", "fr", "ja"]);

    [Theory]
    [MemberData(nameof(All))]
    public void Every_language_has_the_same_texts_with_the_same_placeholders(string language)
    {
        var texts = PageTexts.In(language);
        texts.Language.ShouldBe(language);
        texts.Keys.ShouldBe(English.Keys, ignoreOrder: true);
        foreach (var key in texts.Keys)
        {
            texts[key].Trim().ShouldBe(texts[key], key);
            texts[key].ShouldNotBeEmpty(key);
            Placeholders(texts[key]).ShouldBe(Placeholders(English[key]), ignoreOrder: true, key);
            Regex.Count(texts[key], "[{}]").ShouldBe(Placeholders(texts[key]).Length * 2, key);
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Nothing_was_left_untranslated(string language)
    {
        if (language == "en")
            return;
        // Words that are the same in both languages.
        var texts = PageTexts.In(language);
        texts.Keys.Where(key => texts[key] == English[key]).ShouldBeEmpty();
    }

    [Fact]
    public void Every_error_text_belongs_to_a_code()
    {
        foreach (var code in English.Keys.Where(key => key.StartsWith("error.", StringComparison.Ordinal) && key.EndsWith(".title", StringComparison.Ordinal)).Select(key => key[6..^6]))
        {
            English.Keys.ShouldContain($"error.{code}.advice");
            if (code != "other")
                ErrorCatalogue.Find(code).ShouldNotBeNull(code);
        }
    }

    [Theory]
    [InlineData("de", null, "fr", "de"), InlineData(null, "es", "fr", "es"), InlineData("xx", "es", "fr", "es"), InlineData(null, null, "fr", "fr")]
    [InlineData(null, null, "de-AT,de;q=0.9,en;q=0.8", "de"), InlineData(null, null, "en;q=0.1, ja;q=0.9", "ja"), InlineData(null, null, "pt-BR, pt;q=0.9, es;q=0.5", "es")]
    [InlineData(null, null, "zh", "en"), InlineData(null, null, "", "en"), InlineData(null, null, null, "en"), InlineData(null, null, "*", "en"), InlineData(null, null, "fr;q=0, de;q=0.1", "de")]
    [InlineData(null, null, "JA-jp", "ja"), InlineData("FR", null, null, "fr"), InlineData(null, null, ";;;q=,,", "en"), InlineData("../../en", null, null, "en")]
    public void The_persons_choice_comes_before_the_sessions_and_that_before_the_browsers(string? chosen, string? session, string? accept, string expected) =>
        PageTexts.Choose(chosen, session, accept).Language.ShouldBe(expected);

    [Fact]
    public void A_long_list_of_languages_is_not_read() => PageTexts.Choose(null, null, string.Join(',', Enumerable.Repeat("de", 400))).Language.ShouldBe("en");

    [Fact]
    public void A_value_that_looks_like_a_placeholder_stays_what_it_is() =>
        English.Of("open.who", ("brand", "{providers} {brand}")).ShouldBe("{providers} {brand} asks you to connect accounts of yours.");

    [Fact]
    public void What_only_an_operator_can_mend_is_one_text()
    {
        English.OfError(ErrorCatalogue.Connect.AccessDenied).Title.ShouldBe("Access was not granted");
        English.OfError(ErrorCatalogue.Providers.ClientRejected).ShouldBe((English["error.other.title"], English["error.other.advice"]));
        PageTexts.In("de").OfError(ErrorCatalogue.Internal).Title.ShouldBe("Das hat nicht geklappt");
    }

    private static string[] Placeholders(string text) => [.. Placeholder().Matches(text).Select(match => match.Value).Distinct()];

    [GeneratedRegex(@"\{[a-z]+\}")]
    private static partial Regex Placeholder();
}
