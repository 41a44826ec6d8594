using System.Security.Cryptography;
using Grantkeeper.Jwt;
using static Grantkeeper.Tests.Jwt.SomeIssuer;

namespace Grantkeeper.Tests.Jwt;

[Trait("category", "security")]
public sealed class JsonWebKeySetTests
{
    [Fact]
    public void Usable_keys_are_read_and_the_others_left_out()
    {
        using var small = RSA.Create(1024);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        var set = Set(RsaKey(Rsa), EcKey(Ec), RsaKey(small), EcKey(other), "7", "{}", """{"kty":"OKP","crv":"Ed25519","x":"AA"}""",
            RsaKey(Rsa, ""","use":"enc" """), RsaKey(Rsa, ""","use":7"""), RsaKey(Rsa, ""","key_ops":["encrypt"]"""));
        set.Keys.Select(key => key.KeyId).ShouldBe(["r", "e"]);
        Set(RsaKey(Rsa, ""","key_ops":["verify"],"extra":{"a":1}""")).Keys.Count.ShouldBe(1);
    }

    [Fact]
    public void A_point_off_the_curve_is_left_out()
    {
        var key = Ec.ExportParameters(false);
        key.Q.Y![31] ^= 1;
        Set($$"""{"kty":"EC","crv":"P-256","x":"{{Encode(key.Q.X!)}}","y":"{{Encode(key.Q.Y)}}"}""").Keys.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("AQ"), InlineData("Ag"), InlineData(""), InlineData("AQAAAAE"), InlineData("AQAB="), InlineData("AAAA")]
    public void An_exponent_that_is_not_sound_is_refused(string exponent) =>
        Set($$"""{"kty":"RSA","n":"{{Encode(Rsa.ExportParameters(false).Modulus!)}}","e":"{{exponent}}"}""").Keys.ShouldBeEmpty();

    [Fact]
    public void Zeros_in_front_do_not_make_a_short_modulus_long()
    {
        using var small = RSA.Create(1024);
        Set($$"""{"kty":"RSA","n":"{{Encode([.. new byte[128], .. small.ExportParameters(false).Modulus!])}}","e":"AQAB"}""").Keys.ShouldBeEmpty();
        Set($$"""{"kty":"RSA","n":"{{Encode([0, .. Rsa.ExportParameters(false).Modulus!])}}","e":"AQAB"}""").Keys.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData(""), InlineData("[]"), InlineData("{}"), InlineData("""{"keys":{}}"""), InlineData("""{"keys":[],"keys":[]}"""), InlineData("<html>")]
    public void What_is_no_key_set_is_refused(string json) => JsonWebKeySet.TryParse(json, out _).ShouldBeFalse();

    [Fact]
    public void More_than_a_hundred_entries_are_refused()
    {
        JsonWebKeySet.TryParse($$"""{"keys":[{{string.Join(',', Enumerable.Repeat("{}", 100))}}]}""", out _).ShouldBeTrue();
        JsonWebKeySet.TryParse($$"""{"keys":[{{string.Join(',', Enumerable.Repeat("{}", 101))}}]}""", out _).ShouldBeFalse();
    }
}
