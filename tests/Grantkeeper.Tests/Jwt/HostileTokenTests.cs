using System.Security.Cryptography;
using System.Text;
using Grantkeeper.Jwt;
using static Grantkeeper.Tests.Jwt.SomeIssuer;

namespace Grantkeeper.Tests.Jwt;

[Trait("category", "security")]
public sealed class HostileTokenTests
{
    private static readonly string Good = Rs256(Claims());
    private static readonly string GoodEs = Es256(Claims());

    [Theory]
    [InlineData("none"), InlineData("None"), InlineData("nOnE"), InlineData(""), InlineData("rs256"), InlineData("RS512"), InlineData("ES384"), InlineData("HS384"), InlineData("EdDSA")]
    public void An_algorithm_off_the_list_is_not_allowed(string algorithm)
    {
        var header = $$"""{"alg":"{{algorithm}}"}""";
        Fault(Token(header, Claims(), _ => [])).ShouldBe(JwtFault.AlgorithmNotAllowed);
        Fault(Rs256(Claims(), header)).ShouldBe(JwtFault.AlgorithmNotAllowed);
        Fault(Token(header, Claims(), _ => []), SecretRules).ShouldBe(JwtFault.AlgorithmNotAllowed);
    }

    [Fact]
    public void A_public_key_is_never_an_hmac_secret()
    {
        byte[][] publicForms = [Rsa.ExportSubjectPublicKeyInfo(), Rsa.ExportRSAPublicKey(), Encoding.ASCII.GetBytes(Rsa.ExportSubjectPublicKeyInfoPem()),
            Encoding.ASCII.GetBytes(Rsa.ExportSubjectPublicKeyInfoPem() + "\n"), Rsa.ExportParameters(false).Modulus!, Encoding.UTF8.GetBytes(RsaKey(Rsa))];
        foreach (var form in publicForms)
        {
            Fault(Hs256(Claims(), form, """{"alg":"HS256","kid":"r"}""")).ShouldBe(JwtFault.AlgorithmNotAllowed);
            Fault(Hs256(Claims(), form, """{"alg":"HS256","kid":"r"}"""), SecretRules).ShouldBe(JwtFault.SignatureInvalid);
        }
        Fault(Hs256(Claims(), Secret), new JwtRules { Issuers = [Name], Audience = ClientId, Keys = Keys, AllowedAlgorithms = ["HS256", "none"] }).ShouldBe(JwtFault.AlgorithmNotAllowed);
    }

    [Fact]
    public void With_a_secret_no_public_key_signature_is_taken() => Fault(Good, SecretRules).ShouldBe(JwtFault.AlgorithmNotAllowed);

    [Fact]
    public void A_symmetric_key_in_a_key_set_is_left_out() =>
        Set($$"""{"kty":"oct","kid":"r","alg":"HS256","k":"{{Encode(Secret)}}"}""").Keys.ShouldBeEmpty();

    [Fact]
    public void Keys_that_the_header_brings_or_points_to_are_not_used()
    {
        using var mallory = RSA.Create(2048);
        foreach (var member in new[] { """ "jku":"https://evil.example.com/jwks" """, """ "x5u":"https://evil.example.com/cert" """, $""" "jwk":{RsaKey(mallory)} """, """ "x5c":["MIIB"] """ })
        {
            var header = $$"""{"alg":"RS256","kid":"r",{{member}}}""";
            Fault(Token(header, Claims(), data => mallory.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))).ShouldBe(JwtFault.SignatureInvalid);
            Fault(Rs256(Claims(), header)).ShouldBeNull();
        }
    }

    [Fact]
    public void A_key_is_used_for_its_own_kind_only()
    {
        Fault(Rs256(Claims(), """{"alg":"RS256","kid":"e"}""")).ShouldBe(JwtFault.KeyUnknown);
        Fault(Rs256(Claims(), """{"alg":"RS256","kid":"x"}""")).ShouldBe(JwtFault.KeyUnknown);
        Fault(Rs256(Claims(), """{"alg":"RS256"}""")).ShouldBeNull();
        Fault(Rs256(Claims(), """{"alg":"PS256","kid":"r"}""")).ShouldBe(JwtFault.SignatureInvalid);
        Fault(Good, new JwtRules { Issuers = [Name], Audience = ClientId }).ShouldBe(JwtFault.KeysUnavailable);
        Fault(Good, new JwtRules { Issuers = [Name], Audience = ClientId, Keys = Keys, AllowedAlgorithms = ["ES256"] }).ShouldBe(JwtFault.AlgorithmNotAllowed);
    }

    [Theory]
    [InlineData("""{"alg":"RS256","crit":["b64"],"b64":false}""", nameof(JwtFault.CriticalHeader)), InlineData("""{"alg":"RS256","crit":[]}""", nameof(JwtFault.CriticalHeader))]
    [InlineData("""{"alg":"RS256","alg":"none"}""", nameof(JwtFault.DuplicateMember)), InlineData("""{"alg":"RS256","\u0061lg":"none"}""", nameof(JwtFault.DuplicateMember))]
    [InlineData("""{"alg":"RS256","x":{"a":1,"a":2}}""", nameof(JwtFault.DuplicateMember))]
    [InlineData("""{"alg":"RS256","typ":"at+jwt"}""", nameof(JwtFault.TypeWrong)), InlineData("""{"alg":"RS256","typ":"application/jwt"}""", null)]
    [InlineData("""{"alg":["RS256"]}""", nameof(JwtFault.Malformed)), InlineData("""{"alg":"RS256","kid":7}""", nameof(JwtFault.Malformed)), InlineData("""{"alg":"RS256","typ":null}""", nameof(JwtFault.Malformed))]
    [InlineData("""["RS256"]""", nameof(JwtFault.Malformed)), InlineData("", nameof(JwtFault.Malformed)), InlineData("{}", nameof(JwtFault.Malformed)), InlineData("""{"alg":"RS256",}""", nameof(JwtFault.Malformed))]
    [InlineData("""{"alg":"RS256"} {}""", nameof(JwtFault.Malformed)), InlineData("""{"alg":"\uD800"}""", nameof(JwtFault.Malformed)), InlineData("""{"\uD800":1,"alg":"RS256"}""", nameof(JwtFault.Malformed)), InlineData("""{"\uD800":1}""", nameof(JwtFault.Malformed))]
    public void A_header_is_read_strictly(string header, string? fault) => (Fault(Rs256(Claims(), header))?.ToString()).ShouldBe(fault);

    [Theory]
    [InlineData("""{"sub":"a","sub":"b"}""", nameof(JwtFault.DuplicateMember)), InlineData("[]", nameof(JwtFault.Malformed)), InlineData("null", nameof(JwtFault.Malformed)), InlineData("", nameof(JwtFault.Malformed))]
    [InlineData("""{"\uD800":1}""", nameof(JwtFault.Malformed)), InlineData("""{"exp":1800000300,"iss":"\uD800"}""", nameof(JwtFault.IssuerWrong))]
    public void Claims_are_read_strictly(string claims, string fault) => Fault(Rs256(claims)).ToString().ShouldBe(fault);

    [Fact]
    public void Claims_that_are_no_utf8_are_malformed()
    {
        var signed = $"{Encode("""{"alg":"RS256"}"""u8.ToArray())}.{Encode([.. "{\"sub\":\""u8, 0xFF, .. "\"}"u8])}";
        var signature = Rsa.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        Fault($"{signed}.{Encode(signature)}").ShouldBe(JwtFault.Malformed);
    }

    [Fact]
    public void Deep_nesting_is_malformed() => Fault(Rs256($$"""{"x":{{new string('[', 2000)}}{{new string(']', 2000)}}}""")).ShouldBe(JwtFault.Malformed);

    [Fact]
    public void There_is_one_spelling_of_a_token()
    {
        foreach (var token in new[] { Good + "=", Good + "==", Good + " ", " " + Good, Good + "\n", Good.Replace(".", ". ", StringComparison.Ordinal), Good + ".", "." + Good, Good + ".x", "..", ".", "" })
            Fault(token).ShouldBe(JwtFault.Malformed);
        Fault(LastBitsSet(GoodEs)).ShouldBe(JwtFault.Malformed);
    }

    [Fact]
    public void A_signature_of_another_length_or_form_is_invalid()
    {
        var parts = GoodEs.Split('.');
        var signature = Base64UrlStrict.Decode(parts[2])!;
        foreach (var changed in new byte[][] { [], signature[..63], [.. signature, 0], [0, .. signature], new byte[64], signature[32..], [.. signature, .. signature] })
            Fault($"{parts[0]}.{parts[1]}.{Encode(changed)}").ShouldBe(JwtFault.SignatureInvalid);
        Fault(Es256(Claims(), DSASignatureFormat.Rfc3279DerSequence)).ShouldBe(JwtFault.SignatureInvalid);

        var rs = Good.Split('.');
        var bytes = Base64UrlStrict.Decode(rs[2])!;
        foreach (var changed in new byte[][] { [], bytes[1..], bytes[..^1], [0, .. bytes], [.. bytes, 0] })
            Fault($"{rs[0]}.{rs[1]}.{Encode(changed)}").ShouldBe(JwtFault.SignatureInvalid);
    }

    [Fact]
    public void A_huge_token_is_too_long_before_anything_is_read()
    {
        Fault(new string('a', 16_385)).ShouldBe(JwtFault.TooLong);
        Fault(new string('.', 16_384)).ShouldBe(JwtFault.Malformed);
    }

    private static string LastBitsSet(string token) => token[..^1] + (char)(token[^1] + 1);
}
