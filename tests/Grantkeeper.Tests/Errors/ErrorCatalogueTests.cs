using System.Reflection;
using System.Text.RegularExpressions;
using Grantkeeper.Errors;

namespace Grantkeeper.Tests.Errors;

[Trait("category", "models")]
public sealed partial class ErrorCatalogueTests
{
    private static readonly int[] Statuses = [0, 400, 401, 403, 404, 409, 413, 422, 429, 500, 502, 503];

    public static TheoryData<string> Codes() => [.. ErrorCatalogue.All.Select(code => code.Code)];

    [Fact]
    public void Every_entry_is_listed_once()
    {
        var fields = typeof(ErrorCatalogue).GetNestedTypes().Append(typeof(ErrorCatalogue))
            .SelectMany(type => type.GetFields(BindingFlags.Public | BindingFlags.Static)).Where(field => field.FieldType == typeof(ErrorCode)).ToList();
        ErrorCatalogue.All.Count().ShouldBe(fields.Count);
        ErrorCatalogue.All.Select(code => code.Code).ShouldBeUnique();
        fields.ShouldAllBe(field => field.IsInitOnly);
    }

    [Theory, MemberData(nameof(Codes))]
    public void An_entry_is_complete(string name)
    {
        var code = ErrorCatalogue.Find(name).ShouldNotBeNull();
        if (name != "internal")
            Form().IsMatch(name).ShouldBeTrue(name);
        Statuses.ShouldContain(code.Status);
        code.Title.ShouldNotEndWith(".");
        code.Title.Length.ShouldBeInRange(5, 60);
        foreach (var sentence in new[] { code.Cause, code.Remedy })
        {
            // {KEY}, {key}, {public url} and the like are shown as they stand; a composite-format slot is not.
            Slot().IsMatch(sentence).ShouldBeFalse(sentence);
            sentence.ShouldEndWith(".");
            sentence.Length.ShouldBeGreaterThan(20);
            (char.IsUpper(sentence[0]) || char.IsLower(sentence[0]) && sentence.Split(' ')[0].Contains('_')).ShouldBeTrue(sentence);
            foreach (var word in new[] { "TODO", "TBD", "XXX", "lorem" })
                sentence.ShouldNotContain(word);
        }

        if (code.Retryable)
            new[] { 429, 502, 503 }.ShouldContain(code.Status);
        code.ToString().ShouldBe(name);
    }

    [Fact]
    public void A_code_lives_in_the_section_of_its_slice()
    {
        foreach (var section in typeof(ErrorCatalogue).GetNestedTypes())
        {
            var slice = string.Concat(section.Name.Select((c, i) => char.IsUpper(c) && i > 0 ? $"_{char.ToLowerInvariant(c)}" : $"{char.ToLowerInvariant(c)}"));
            foreach (var field in section.GetFields(BindingFlags.Public | BindingFlags.Static))
            {
                var words = string.Concat(field.Name.Select((c, i) => char.IsUpper(c) && i > 0 ? $"_{char.ToLowerInvariant(c)}" : $"{char.ToLowerInvariant(c)}"));
                ((ErrorCode)field.GetValue(null)!).Code.ShouldBe($"{slice}.{words}");
            }
        }
    }

    [Fact]
    public void An_unknown_code_is_not_found() => ErrorCatalogue.Find("no.such_code").ShouldBeNull();

    [Fact]
    public void A_result_is_a_value_or_a_failure()
    {
        Result<int> good = 7;
        Result<int> bad = new Failure(ErrorCatalogue.Internal, "detail");
        (good.IsSuccess, good.Value, good.Failure).ShouldBe((true, 7, null));
        (good.TryGet(out var value, out var none), value, none).ShouldBe((true, 7, null));
        (bad.IsSuccess, bad.Failure!.Message, bad.TryGet(out _, out var why), why).ShouldBe((false, "detail", false, bad.Failure));
        Should.Throw<InvalidOperationException>(() => bad.Value).Message.ShouldContain("internal");
        new Failure(ErrorCatalogue.Internal).Message.ShouldBe(ErrorCatalogue.Internal.Cause);
    }

    [GeneratedRegex(@"^[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*$")]
    private static partial Regex Form();

    [GeneratedRegex(@"\{\d+\}|\{\}|\{\{|%s|\$\{")]
    private static partial Regex Slot();
}
