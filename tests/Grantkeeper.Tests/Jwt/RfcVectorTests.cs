using System.Text;
using Grantkeeper.Jwt;

namespace Grantkeeper.Tests.Jwt;

/// <summary>The examples of RFC 7515, appendix A.1 to A.3, and of RFC 7519, sections 3.1 and 6.1.</summary>
[Trait("category", "security")]
public sealed class RfcVectorTests
{
    private const string Claims = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

    private const string A1 = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." + Claims + ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    private const string A1Secret = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";

    private const string A2 = "eyJhbGciOiJSUzI1NiJ9." + Claims
        + ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4"
        + "BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqv"
        + "hJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    private const string A2Key = """
        {"kty":"RSA","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}
        """;

    private const string A3 = "eyJhbGciOiJFUzI1NiJ9." + Claims + ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    private const string A3Key = """{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}""";

    private const string Unsecured = "eyJhbGciOiJub25lIn0." + Claims + ".";

    private static readonly DateTimeOffset Before = DateTimeOffset.FromUnixTimeSeconds(1_300_819_379);

    [Theory]
    [InlineData(A2, A2Key, "RS256"), InlineData(A3, A3Key, "ES256")]
    public void A_public_key_vector_verifies(string token, string key, string algorithm)
    {
        var parts = token.Split('.');
        SomeIssuer.Set(key).Keys.Single()
            .Verifies(algorithm, Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Base64UrlStrict.Decode(parts[2])).ShouldBeTrue();
        Judge(token, Rules(SomeIssuer.Set(key))).ShouldBe(JwtFault.AudienceWrong);
        Judge(Spoilt(token), Rules(SomeIssuer.Set(key))).ShouldBe(JwtFault.SignatureInvalid);
    }

    [Fact]
    public void The_hmac_vector_verifies()
    {
        Judge(A1, Rules(secret: Base64UrlStrict.Decode(A1Secret))).ShouldBe(JwtFault.AudienceWrong);
        Judge(Spoilt(A1), Rules(secret: Base64UrlStrict.Decode(A1Secret))).ShouldBe(JwtFault.SignatureInvalid);
    }

    [Fact]
    public void The_unsecured_example_is_refused_with_and_without_keys()
    {
        Judge(Unsecured, Rules()).ShouldBe(JwtFault.AlgorithmNotAllowed);
        Judge(Unsecured, Rules(SomeIssuer.Set(A2Key))).ShouldBe(JwtFault.AlgorithmNotAllowed);
        Judge(Unsecured, Rules(secret: SomeIssuer.Secret)).ShouldBe(JwtFault.AlgorithmNotAllowed);
    }

    [Fact]
    public void The_at_hash_is_the_left_half_of_the_access_tokens_hash()
    {
        // OIDC Core, appendix A.3: the access token and its at_hash.
        const string accessToken = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
        const string atHash = "77QmUPtjPfzWtF2AnpK9RQ";
        AtHash.Matches(accessToken, atHash, "RS256").ShouldBeTrue();
        AtHash.Matches(accessToken + "x", atHash, "RS256").ShouldBeFalse();
        AtHash.Matches(accessToken, atHash + "=", "RS256").ShouldBeFalse();
        AtHash.Matches(accessToken, "", "RS256").ShouldBeFalse();
        AtHash.Matches(accessToken, atHash, "RS512").ShouldBeFalse();
    }

    /// <summary>The vectors name no audience, so the first fault after a signature that holds is the audience.</summary>
    private static JwtFault? Judge(string token, JwtRules rules) => JwtVerifier.Verify(token, rules, Before).Fault;

    private static JwtRules Rules(JsonWebKeySet? keys = null, ReadOnlyMemory<byte>? secret = null) =>
        new() { Issuers = ["joe"], Audience = "a", Keys = keys, HmacSecret = secret };

    private static string Spoilt(string token) => token.Insert(token.LastIndexOf('.') + 1, "A")[..^1][..^1] + "A";
}
