using Grantkeeper.Jwt;
using static Grantkeeper.Tests.Jwt.SomeIssuer;

namespace Grantkeeper.Tests.Jwt;

[Trait("category", "security")]
public sealed class ClaimRuleTests
{
    private static readonly long Seconds = Now.ToUnixTimeSeconds();

    private static JwtFault? Judge(params (string, object?)[] changes) => Fault(Rs256(Claims(changes)));

    [Fact]
    public void A_good_token_of_each_algorithm_gives_its_claims()
    {
        foreach (var token in new[] { Rs256(Claims()), Ps256(Claims()), Es256(Claims()) })
        {
            var claims = JwtVerifier.Verify(token, Rules, Now).Claims.ShouldNotBeNull();
            (claims.Subject, claims.Issuer, claims.Audiences.Single()).ShouldBe(("user-1", Name, ClientId));
            claims.ExpiresAt.ShouldBe(Now.AddSeconds(300));
        }
        JwtVerifier.Verify(Hs256(Claims(), Secret), SecretRules, Now).Claims!.Algorithm.ShouldBe("HS256");
    }

    [Fact]
    public void Claims_are_read_as_text_and_lists()
    {
        var claims = JwtVerifier.Verify(Rs256(Claims(("roles", new object[] { "a", 1, "b" }), ("scope", "x y"), ("n", 5))), Rules, Now).Claims!;
        claims.Strings("roles").ShouldBe(["a", "b"]);
        claims.Strings("scope").ShouldBe(["x y"]);
        claims.Strings("none").ShouldBeEmpty();
        claims.Text("n").ShouldBeNull();
        claims.Json.GetProperty("n").GetInt32().ShouldBe(5);
    }

    [Fact]
    public void The_issuer_is_compared_letter_by_letter()
    {
        foreach (var issuer in new object?[] { null, Name + "/", Name.ToUpperInvariant(), "https://evil.example.com", 1, new[] { Name } })
            Judge(("iss", issuer)).ShouldBe(JwtFault.IssuerWrong);
    }

    [Fact]
    public void The_audience_must_name_us()
    {
        foreach (var audience in new object?[] { null, "client-2", "", 7, new[] { "client-2" }, Array.Empty<string>() })
            Judge(("aud", audience)).ShouldBe(JwtFault.AudienceWrong);
        Judge(("aud", new[] { ClientId })).ShouldBeNull();
    }

    [Fact]
    public void Several_audiences_need_an_authorized_party()
    {
        var several = ("aud", (object?)new object[] { ClientId, "other" });
        Judge(several).ShouldBe(JwtFault.AuthorizedPartyWrong);
        Judge(("aud", new object[] { ClientId, 7 })).ShouldBe(JwtFault.AuthorizedPartyWrong);
        Judge(several, ("azp", "other")).ShouldBe(JwtFault.AuthorizedPartyWrong);
        Judge(("azp", "other")).ShouldBe(JwtFault.AuthorizedPartyWrong);
        Judge(several, ("azp", ClientId)).ShouldBeNull();
        Fault(Rs256(Claims(several, ("azp", "caller"))), new JwtRules { Issuers = [Name], Audience = ClientId, Keys = Keys, RequireAzpWhenSeveralAudiences = false }).ShouldBeNull();
    }

    [Theory]
    [InlineData("exp", -59, null), InlineData("exp", -60, nameof(JwtFault.Expired)), InlineData("exp", -61, nameof(JwtFault.Expired))]
    [InlineData("nbf", 59, null), InlineData("nbf", 60, null), InlineData("nbf", 61, nameof(JwtFault.NotYetValid))]
    [InlineData("iat", 59, null), InlineData("iat", 60, null), InlineData("iat", 61, nameof(JwtFault.NotYetValid))]
    public void Times_are_judged_to_the_second_of_the_skew(string claim, int offset, string? fault) =>
        (Judge((claim, Seconds + offset))?.ToString()).ShouldBe(fault);

    [Fact]
    public void A_time_that_is_no_instant_makes_the_token_malformed()
    {
        Judge(("exp", null)).ShouldBe(JwtFault.Malformed);
        foreach (var value in new object[] { "1800000300", -1, 1e300, true, Array.Empty<int>() })
            foreach (var claim in new[] { "exp", "nbf", "iat" })
                Judge((claim, value)).ShouldBe(JwtFault.Malformed);
        Judge(("exp", Seconds + 300.5)).ShouldBeNull();
        Judge(("exp", 253_402_300_799)).ShouldBeNull();
        JwtVerifier.Verify(Rs256(Claims()), Rules, DateTimeOffset.MaxValue - TimeSpan.FromSeconds(60)).Fault.ShouldBe(JwtFault.Expired);
    }

    [Fact]
    public void A_replayed_or_missing_nonce_is_wrong()
    {
        var rules = new JwtRules { Issuers = [Name], Audience = ClientId, Keys = Keys, Nonce = "n-2" };
        Fault(Rs256(Claims(("nonce", "n-1"))), rules).ShouldBe(JwtFault.NonceWrong);
        Fault(Rs256(Claims()), rules).ShouldBe(JwtFault.NonceWrong);
        Fault(Rs256(Claims(("nonce", 2))), rules).ShouldBe(JwtFault.NonceWrong);
        Fault(Rs256(Claims(("nonce", "n-2"))), rules).ShouldBeNull();
    }

    [Fact]
    public void The_subject_is_required()
    {
        foreach (var subject in new object?[] { null, "", 5, new string('x', 256) }) Judge(("sub", subject)).ShouldBe(JwtFault.SubjectMissing);
        Judge(("sub", new string('x', 255))).ShouldBeNull();
    }

    [Theory]
    [InlineData("tenant-7", "https://login.example.com/tenant-7/v2.0", true), InlineData("tenant-8", "https://login.example.com/tenant-7/v2.0", false)]
    [InlineData(null, "https://login.example.com/{tenantid}/v2.0", false), InlineData("{tenantid}", "https://login.example.com/{tenantid}/v2.0", false)]
    [InlineData("a/../b", "https://login.example.com/a/../b/v2.0", false), InlineData("", "https://login.example.com//v2.0", false)]
    public void A_multi_tenant_issuer_is_filled_from_the_tokens_tenant(string? tenant, string issuer, bool accepted)
    {
        var rules = new JwtRules { Issuers = ["https://login.example.com/{tenantid}/v2.0"], Audience = ClientId, Keys = Keys };
        Fault(Rs256(Claims(("iss", issuer), ("tid", tenant))), rules).ShouldBe(accepted ? null : JwtFault.IssuerWrong);
    }

    [Fact]
    public void A_key_that_is_tied_to_an_issuer_signs_for_no_other()
    {
        var keys = Set(RsaKey(Rsa, ""","kid":"r","issuer":"https://idp.example.com/{tenantid}" """));
        var rules = new JwtRules { Issuers = [Name, Name + "/{tenantid}"], Audience = ClientId, Keys = keys };
        Fault(Rs256(Claims()), rules).ShouldBe(JwtFault.IssuerWrong);
        Fault(Rs256(Claims(("iss", Name + "/t"), ("tid", "t"))), rules).ShouldBeNull();
    }

    [Fact]
    public void The_skew_and_the_secret_have_bounds()
    {
        Should.Throw<ArgumentOutOfRangeException>(() => new JwtRules { Issuers = [], Audience = "", ClockSkew = TimeSpan.FromSeconds(61) });
        Should.Throw<ArgumentOutOfRangeException>(() => new JwtRules { Issuers = [], Audience = "", ClockSkew = TimeSpan.FromSeconds(-1) });
        Should.Throw<ArgumentException>(() => new JwtRules { Issuers = [], Audience = "", HmacSecret = new byte[31] });
    }
}
