using Grantkeeper.OAuth;

namespace Grantkeeper.Tests.OAuth;

[Trait("category", "security")]
public sealed class AuthorizationResponseTests
{
    private static AuthorizationResponse? Read(params (string Name, string? Value)[] parameters) =>
        AuthorizationResponse.Read(parameters.Select(parameter => KeyValuePair.Create(parameter.Name, parameter.Value)));

    [Fact]
    public void Known_parameters_are_read_and_unknown_ones_ignored()
    {
        var read = Read(("state", "s"), ("code", "c"), ("iss", "https://idp.example.com"), ("session_state", "x"), ("session_state", "y"), ("scope", "a b"))!;
        (read.State.Reveal(), read.Code.Reveal(), read.Iss, read.Error).ShouldBe(("s", "c", "https://idp.example.com", null));
    }

    [Fact]
    public void An_error_comes_with_its_description()
    {
        var read = Read(("state", "s"), ("error", "access_denied"), ("error_description", "<b>no</b>"))!;
        (read.Error, read.ErrorDescription, read.Code.IsEmpty).ShouldBe(("access_denied", "<b>no</b>", true));
    }

    [Theory]
    [InlineData("state"), InlineData("code"), InlineData("iss"), InlineData("error"), InlineData("error_description")]
    public void A_repeated_parameter_spoils_the_answer(string name)
    {
        Read((name, "a"), (name, "a")).ShouldBeNull();
        Read((name, ""), (name, "a")).ShouldBeNull();
        Read((name, null), (name, null)).ShouldBeNull();
    }

    [Theory]
    [InlineData("state"), InlineData("code"), InlineData("iss"), InlineData("error"), InlineData("error_description")]
    public void An_endless_parameter_spoils_the_answer(string name)
    {
        Read((name, new string('a', AuthorizationResponse.MaxParameterLength + 1))).ShouldBeNull();
        Read((name, new string('a', 1 << 20))).ShouldBeNull();
        Read((name, new string('a', AuthorizationResponse.MaxParameterLength))).ShouldNotBeNull();
    }

    [Fact]
    public void An_empty_parameter_is_an_absent_one()
    {
        var read = Read(("state", ""), ("code", null), ("iss", ""), ("error", ""))!;
        (read.State.IsEmpty, read.Code.IsEmpty, read.Iss, read.Error).ShouldBe((true, true, null, null));
    }

    [Fact]
    public void Names_are_compared_with_their_case() => Read(("State", "s"), ("CODE", "c"))!.State.IsEmpty.ShouldBeTrue();

    [Theory]
    // RFC 9207 section 2.4: simple string comparison; absent although announced is an attack.
    [InlineData("https://idp.example.com", "https://idp.example.com", "Required", true)]
    [InlineData("https://idp.example.com", "https://idp.example.com", "IfPresent", true)]
    [InlineData(null, "https://idp.example.com", "Required", false)]
    [InlineData("", "https://idp.example.com", "Required", false)]
    [InlineData(null, "https://idp.example.com", "IfPresent", true)]
    [InlineData("https://idp.example.com/", "https://idp.example.com", "IfPresent", false)]
    [InlineData("https://idp.example.com/", "https://idp.example.com", "Required", false)]
    [InlineData("https://IDP.example.com", "https://idp.example.com", "Required", false)]
    [InlineData("https://idp.example.com:443", "https://idp.example.com", "Required", false)]
    [InlineData("https://idp.example.com%2F", "https://idp.example.com/", "Required", false)]
    [InlineData(" https://idp.example.com", "https://idp.example.com", "Required", false)]
    [InlineData("https://evil.example", "https://idp.example.com", "IfPresent", false)]
    [InlineData("https://evil.example", "https://idp.example.com", "Ignored", true)]
    [InlineData("https://idp.example.com", null, "IfPresent", true)]
    [InlineData(null, null, "IfPresent", true)]
    [InlineData(null, null, "Required", false)]
    public void The_issuer_is_compared_letter_by_letter(string? iss, string? issuer, string policy, bool matches)
    {
        foreach (var outcome in new[] { ("code", "c"), ("error", "access_denied") })
            Read(("state", "s"), outcome, ("iss", iss))!.IssuerMatches(issuer, Enum.Parse<IssPolicy>(policy)).ShouldBe(matches);
    }

    [Fact]
    public void The_answer_never_prints_its_code() =>
        Read(("state", "canary-1"), ("code", "canary-2"))!.ToString().ShouldNotContain("canary");
}
