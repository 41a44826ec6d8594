using System.Text;
using Grantkeeper.Providers;

namespace Grantkeeper.Tests.Providers;

[Trait("category", "providers")]
public sealed class ClaimsRequestTests
{
    private const string Nbf = """{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}""";

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    public static TheoryData<string> Forms() => [Nbf, " " + Nbf, Base64(Nbf), Base64(Nbf).TrimEnd('='), Base64(Nbf).Replace('+', '-').Replace('/', '_')];

    [Theory, MemberData(nameof(Forms))]
    public void A_challenge_is_read_in_base64_and_as_it_is(string text) => ClaimsRequest.Read(text).ShouldBe(Nbf);

    [Theory]
    [InlineData(""), InlineData("x"), InlineData("{"), InlineData("[]"), InlineData("{}"), InlineData("null"), InlineData("1")]
    [InlineData("""{"access_token":{"a":1,"a":2}}"""), InlineData("""{"access_token":{"a":{"b":1,"b":2}}}"""), InlineData("""{"access_token":{"a":"\ud800"}}""")]
    [InlineData("""{"access_token":1}"""), InlineData("""{"access_token":{},"access_token":{}}"""), InlineData("""{"access_token":{},"id_token":{}}"""), InlineData("""{"id_token":{"email":null}}""")]
    [InlineData("""{"access_token":{"a":{"b":{"c":{"d":{"e":{"f":{"g":{}}}}}}}}}""")]
    public void What_is_no_challenge_is_refused(string text)
    {
        ClaimsRequest.Read(text).ShouldBeNull();
        ClaimsRequest.Read(Base64(text)).ShouldBeNull();
    }

    [Fact]
    public void A_challenge_has_its_length()
    {
        static string Of(int length) => "{\"access_token\":{\"x\":\"" + new string('x', length - 25) + "\"}}";
        Of(ClaimsRequest.Longest).Length.ShouldBe(ClaimsRequest.Longest);
        ClaimsRequest.Read(Of(ClaimsRequest.Longest)).ShouldNotBeNull();
        ClaimsRequest.Read(Of(ClaimsRequest.Longest + 1)).ShouldBeNull();
        ClaimsRequest.Read("{\"access_token\":{\"x\":\"" + new string('ü', 3000) + "\"}}").ShouldBeNull("written with escapes it is longer than it may be stored");
    }

    [Fact]
    public void What_the_client_can_do_stands_beside_what_an_api_asked_for()
    {
        var manifest = SomeManifest.Read(SomeManifest.Good + "\nclient_capabilities: [cp1]\n");
        ClaimsRequest.Parameter(manifest, null)["claims"].ShouldBe("""{"access_token":{"xms_cc":{"values":["cp1"]}}}""");
        ClaimsRequest.Parameter(manifest, Nbf)["claims"].ShouldBe("""{"access_token":{"nbf":{"essential":true,"value":"1604106651"},"xms_cc":{"values":["cp1"]}}}""");
        ClaimsRequest.Parameter(manifest, """{"access_token":{"xms_cc":{"values":["cp9"]}}}""")["claims"].ShouldBe("""{"access_token":{"xms_cc":{"values":["cp1"]}}}""", "an API does not say what we can do");
        string.Join(' ', ClaimsRequest.With(new Dictionary<string, string> { ["claims"] = "{}", ["prompt"] = "login" }, manifest, null).Keys.Order()).ShouldBe("claims prompt", "once, whoever else names it");
        ClaimsRequest.Parameter(SomeManifest.Read(SomeManifest.Good), Nbf).ShouldBeEmpty("who was told nothing challenges nobody");
    }
}
