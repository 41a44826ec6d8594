using Grantkeeper.Identity;
using Grantkeeper.Jwt;
using Grantkeeper.Settings;
using Grantkeeper.Tests.Jwt;

namespace Grantkeeper.Tests.Identity;

[Trait("category", "security")]
public sealed class TokenClaimsTests
{
    private static readonly ClaimNames Usual = new();

    private static JwtClaims Of(string members) => JwtVerifier.Verify(SomeIssuer.Rs256(SomeIssuer.Claims()[..^1] + "," + members + "}"), SomeIssuer.Rules, SomeIssuer.Now).Claims.ShouldNotBeNull();

    private static string Allowed(string members, ClaimNames? names = null) =>
        string.Join(' ', TokenClaims.PermissionsOf(Of(members), names ?? Usual).Select(permission => permission["oauth:".Length..]).Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("\"x\":1", "connect read refresh revoke"), InlineData("\"roles\":[\"user\"]", "connect read refresh revoke"), InlineData("\"roles\":\"premium\"", "connect read refresh revoke")]
    [InlineData("\"roles\":[\"administrator\"]", "admin audit connect read refresh revoke"), InlineData("\"roles\":[\"x\",\"administrator\"]", "admin audit connect read refresh revoke")]
    [InlineData("\"roles\":[]", ""), InlineData("\"roles\":[\"visitor\"]", ""), InlineData("\"roles\":[\"Administrator\"]", ""), InlineData("\"roles\":\"super administrator\"", ""), InlineData("\"roles\":1", ""), InlineData("\"roles\":null", ""), InlineData("\"roles\":{\"administrator\":true}", "")]
    public void A_role_allows_what_it_allows_and_an_unknown_one_nothing(string claims, string allowed) => Allowed(claims).ShouldBe(allowed);

    [Theory]
    [InlineData("\"permissions\":[\"oauth:read\"]", "read"), InlineData("\"permissions\":\"oauth:read oauth:revoke\"", "read revoke"), InlineData("\"permissions\":[]", ""), InlineData("\"permissions\":7", ""), InlineData("\"permissions\":[\"other\"]", "")]
    [InlineData("\"permissions\":[\"oauth:admin\",\"oauth:token:read\",\"oauth:read\"]", "read"), InlineData("\"permissions\":[\"oauth:read\"],\"scope\":\"oauth:revoke\"", "read")]
    [InlineData("\"scope\":\"openid profile\"", "connect read refresh revoke"), InlineData("\"scope\":\"openid oauth:read\"", "read"), InlineData("\"scope\":\"oauth:admin\"", "")]
    public void Permissions_narrow_and_never_widen(string claims, string allowed) => Allowed(claims).ShouldBe(allowed);

    [Fact]
    public void A_claims_name_may_be_an_address_or_lead_into_an_object()
    {
        Allowed("\"https://example.com/roles\":[\"administrator\"]", new ClaimNames { Roles = "https://example.com/roles" }).ShouldContain("admin");
        Allowed("\"realm_access\":{\"roles\":[\"administrator\"]}", new ClaimNames { Roles = "realm_access.roles" }).ShouldContain("admin");
        Allowed("\"realm_access\":\"administrator\"", new ClaimNames { Roles = "realm_access.roles" }).ShouldNotContain("admin");
    }

    [Theory]
    [InlineData("\"act\":{\"sub\":\"agent\"}", "agent"), InlineData("\"act\":\"agent\"", null), InlineData("\"act\":{\"sub\":1}", null), InlineData("\"act\":{\"sub\":\"\"}", null), InlineData("\"act\":{\"sub\":\"a\\nb\"}", null), InlineData("\"x\":1", null)]
    public void Who_acts_is_named_by_the_token_or_nobody(string claims, string? actor) => TokenClaims.ActorOf(Of(claims)).ShouldBe(actor);
}
