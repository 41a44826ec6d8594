using Grantkeeper.Settings;
using static Grantkeeper.Tests.Settings.SomeSettings;

namespace Grantkeeper.Tests.Settings;

[Trait("category", "models")]
public sealed class JwtReaderTests
{
    private const string Issuer = "GRANTKEEPER_JWT_ISSUER", Audience = "GRANTKEEPER_JWT_AUDIENCE", Keys = "GRANTKEEPER_JWT_JWKS_URI", Shared = "GRANTKEEPER_JWT_SECRET";

    private static (string, string?)[] With(params (string, string?)[] more) => [(Issuer, "https://id.example.com/"), (Audience, "grantkeeper"), (Keys, "https://id.example.com/keys"), .. more];

    [Fact]
    public void Nothing_set_means_that_tokens_are_no_credential() => (Read().Jwt, Read().Oidc).ShouldBe((null, null));

    [Fact]
    public void Issuer_audience_and_keys_are_enough()
    {
        var jwt = Read(With()).Jwt.ShouldNotBeNull();
        (jwt.Issuer, jwt.Audience, jwt.JwksUri!.AbsoluteUri, jwt.Secret.IsEmpty).ShouldBe(("https://id.example.com/", "grantkeeper", "https://id.example.com/keys", true));
        jwt.Claims.ShouldBe(new ClaimNames());
        Read((Issuer, "my-app"), (Audience, "grantkeeper"), (Shared, new string('s', 32))).Jwt!.JwksUri.ShouldBeNull();
    }

    [Fact]
    public void Claims_have_other_names_where_the_operator_says_so()
    {
        var claims = Read(With(("GRANTKEEPER_JWT_ROLES_CLAIM", "realm_access.roles"), ("GRANTKEEPER_JWT_PERMISSIONS_CLAIM", "scp"), ("GRANTKEEPER_JWT_MFA_CLAIM", "acr"), ("GRANTKEEPER_JWT_MFA_VALUES", "gold silver"), ("GRANTKEEPER_JWT_MFA_MAX_AGE", "00:15:00"))).Jwt!.Claims;
        (claims.Roles, claims.Permissions, claims.SecondFactor!.Claim, claims.SecondFactor.MaxAge).ShouldBe(("realm_access.roles", "scp", "acr", TimeSpan.FromMinutes(15)));
        claims.SecondFactor.Values.ShouldBe(["gold", "silver"]);
        Read(With(("GRANTKEEPER_JWT_MFA_CLAIM", "amr"))).Jwt!.Claims.SecondFactor!.Values.ShouldBe(["mfa"]);
    }

    [Fact]
    public void Half_of_it_is_a_fault_for_each_half()
    {
        Faults((Issuer, "x")).Select(Name).ShouldBe([Audience, Keys]);
        Faults((Audience, "x")).Select(Name).ShouldBe([Issuer, Keys]);
        Faults((Keys, "https://id.example.com/keys")).Select(Name).ShouldBe([Issuer, Audience]);
        Faults(With((Shared, new string('s', 32)))).Single().ShouldContain("both set");
    }

    [Theory]
    [InlineData(Keys, "http://id.example.com/keys"), InlineData(Keys, "http://127.0.0.1/keys"), InlineData(Keys, "https://u:p@id.example.com/"), InlineData(Keys, "keys"), InlineData(Keys, "https://id.example.com/#x"), InlineData(Keys, "file:///keys")]
    [InlineData(Issuer, "https://login.example.com/{tenantid}/v2.0"), InlineData("GRANTKEEPER_JWT_ROLES_CLAIM", "a b"), InlineData("GRANTKEEPER_JWT_PERMISSIONS_CLAIM", "a\u0001b")]
    [InlineData("GRANTKEEPER_JWT_MFA_VALUES", "mfa"), InlineData("GRANTKEEPER_JWT_MFA_MAX_AGE", "00:15:00"), InlineData("GRANTKEEPER_API_KEY", "a.key.of.the.operator.with.32.characters.or.more")]
    public void What_is_not_usable_stops_the_start(string name, string value) => Name(Faults(With((name, value))).Single()).ShouldBe(name);

    [Theory]
    [InlineData("0"), InlineData("-00:01:00"), InlineData("31.00:00:00"), InlineData("soon")]
    public void An_age_is_a_span_of_at_most_thirty_days(string age) =>
        Name(Faults(With(("GRANTKEEPER_JWT_MFA_CLAIM", "amr"), ("GRANTKEEPER_JWT_MFA_MAX_AGE", age))).Single()).ShouldBe("GRANTKEEPER_JWT_MFA_MAX_AGE");

    [Fact]
    public void A_short_secret_is_refused_and_not_repeated()
    {
        var fault = Faults((Issuer, "x"), (Audience, "y"), (Shared, new string('s', 31))).Single();
        Name(fault).ShouldBe(Shared);
        fault.ShouldNotContain("sss");
    }

    [Fact]
    public void Operators_sign_in_at_the_issuer_alone()
    {
        var options = Read((Issuer, "https://id.example.com"), ("GRANTKEEPER_OIDC_CLIENT_ID", "pages"), ("GRANTKEEPER_OIDC_CLIENT_SECRET", "hush"));
        options.Jwt.ShouldBeNull();
        (options.Oidc!.Issuer, options.Oidc.ClientId, options.Oidc.ClientSecret.IsEmpty).ShouldBe(("https://id.example.com", "pages", false));
        Faults(("GRANTKEEPER_OIDC_CLIENT_SECRET", "hush")).Select(Name).ShouldBe(["GRANTKEEPER_OIDC_CLIENT_ID"]);
        Faults(("GRANTKEEPER_OIDC_CLIENT_ID", "pages")).Select(Name).ShouldBe([Issuer]);
        Faults(("GRANTKEEPER_OIDC_CLIENT_ID", "pages"), (Issuer, "my-app")).Select(Name).ShouldContain(Issuer);
    }

    private static string Name(string fault) => fault.Split(' ', ':')[0];
}
