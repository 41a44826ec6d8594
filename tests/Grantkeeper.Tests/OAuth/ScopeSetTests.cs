using Grantkeeper.OAuth;

namespace Grantkeeper.Tests.OAuth;

[Trait("category", "models")]
public sealed class ScopeSetTests
{
    [Theory]
    [InlineData(null, " ", ""), InlineData("", " ", ""), InlineData(" \t\r\n ", " ", "")]
    [InlineData("a b", " ", "a|b"), InlineData("  a   b  a ", " ", "a|b"), InlineData("a\tb\nc", " ", "a|b|c")]
    [InlineData("a,b", ",", "a|b"), InlineData("a, b c", ",", "a|b|c"), InlineData(",,a,", ",", "a")]
    [InlineData("a,b", " ", "a,b"), InlineData("A a", " ", "A|a"), InlineData("a+b", "+", "a|b")]
    public void Texts_are_split_at_the_separator_and_at_blanks(string? text, string separator, string scopes) =>
        string.Join('|', ScopeSet.Parse(text, separator).ToArray()).ShouldBe(scopes);

    [Fact]
    public void Order_does_not_count_and_case_does()
    {
        ScopeSet.Of(["a", "b"]).ShouldBe(ScopeSet.Of(["b", "a", "a"]));
        ScopeSet.Of(["a", "b"]).GetHashCode().ShouldBe(ScopeSet.Of(["b", "a"]).GetHashCode());
        ScopeSet.Of(["a"]).ShouldNotBe(ScopeSet.Of(["A"]));
        ScopeSet.Of(["a"]).Equals(null).ShouldBeFalse();
    }

    [Fact]
    public void Missing_names_what_was_asked_and_not_granted()
    {
        var granted = ScopeSet.Of(["openid", "email"]);
        granted.MissingFrom(ScopeSet.Of(["email", "calendar", "Email"])).ToArray().ShouldBe(["calendar", "Email"]);
        granted.MissingFrom(ScopeSet.Empty).Count.ShouldBe(0);
        ScopeSet.Empty.MissingFrom(granted).ShouldBe(granted);
    }

    [Fact]
    public void A_union_keeps_the_first_order()
    {
        ScopeSet.Of(["b", "a"]).Union(ScopeSet.Of(["a", "c"])).ToString().ShouldBe("b a c");
        ScopeSet.Of(["", "a"]).Count.ShouldBe(1);
    }

    [Fact]
    public void The_array_is_a_copy()
    {
        var set = ScopeSet.Of(["a"]);
        set.ToArray()[0] = "evil";
        set.Contains("a").ShouldBeTrue();
    }
}
