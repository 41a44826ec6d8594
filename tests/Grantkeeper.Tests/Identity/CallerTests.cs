using Grantkeeper.Identity;

namespace Grantkeeper.Tests.Identity;

[Trait("category", "security")]
public sealed class CallerTests
{
    [Theory]
    [InlineData("u"), InlineData("user-1"), InlineData("org_42"), InlineData("ann@example.com"), InlineData("auth0|5f7c"), InlineData("a b"), InlineData("用户-1"), InlineData("../../etc/passwd"), InlineData("' OR 1=1 --"), InlineData("a~")]
    public void An_opaque_id_is_taken_as_it_is(string id) => Caller.UserOf(id).Value.ShouldBe(id);

    [Theory]
    [InlineData(""), InlineData(" "), InlineData(" a"), InlineData("a "), InlineData("a\n"), InlineData("\ta"), InlineData("a\0b"), InlineData("a\u0085b"), InlineData("a\u001bb"), InlineData("~system"), InlineData("~"), InlineData("\u00a0a")]
    public void An_unusable_id_is_refused(string id) => Caller.UserOf(id).Failure!.Code.Code.ShouldBe("identity.user_invalid");

    [Fact]
    public void A_key_must_name_the_user() => Caller.UserOf(null).Failure!.Code.Code.ShouldBe("identity.user_required");

    [Fact]
    public void An_id_has_255_characters_at_most()
    {
        Caller.UserOf(new string('a', 255)).IsSuccess.ShouldBeTrue();
        Caller.UserOf(new string('a', 256)).IsSuccess.ShouldBeFalse();
    }

    [Fact]
    public void A_permission_is_held_or_not()
    {
        var caller = new Caller("key:1", new HashSet<string> { Permissions.Read });
        (caller.May("oauth:read"), caller.May("oauth:Read"), caller.May(Permissions.TokenRead), caller.IsAdministrator).ShouldBe((true, false, false, false));
        new Caller("key:2", Permissions.All.ToHashSet()).IsAdministrator.ShouldBeTrue();
        Permissions.All.Distinct().Count().ShouldBe(7);
    }
}
