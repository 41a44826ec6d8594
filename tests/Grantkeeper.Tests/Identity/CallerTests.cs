using Grantkeeper.Identity;

namespace Grantkeeper.Tests.Identity;

[Trait("category", "security")]
public sealed class CallerTests
{
    [Theory]
    [InlineData("u"), InlineData("user-1"), InlineData("org_42"), InlineData("ann@example.com"), InlineData("auth0|5f7c"), InlineData("a b"), InlineData("用户-1"), InlineData("../../etc/passwd"), InlineData("' OR 1=1 --"), InlineData("a~")]
    public void An_opaque_id_is_taken_as_it_is(string id) => UserIds.Parse(id).Value.ShouldBe(id);

    [Theory]
    [InlineData(""), InlineData(" "), InlineData(" a"), InlineData("a "), InlineData("a\n"), InlineData("\ta"), InlineData("a\0b"), InlineData("a\u0085b"), InlineData("a\u001bb"), InlineData("~system"), InlineData("~"), InlineData("\u00a0a")]
    public void An_unusable_id_is_refused(string id) => UserIds.Parse(id).Failure!.Code.Code.ShouldBe("identity.user_invalid");

    [Fact]
    public void A_key_must_name_the_user() => UserIds.Parse(null).Failure!.Code.Code.ShouldBe("identity.user_required");

    [Fact]
    public void An_id_has_255_characters_at_most()
    {
        UserIds.Parse(new string('a', 255)).IsSuccess.ShouldBeTrue();
        UserIds.Parse(new string('a', 256)).IsSuccess.ShouldBeFalse();
    }

    [Fact]
    public void A_key_acts_for_the_user_that_it_names_and_for_any_where_an_id_is_enough()
    {
        var key = new Caller("key:1", Permissions.All.ToHashSet());
        key.UserOf("alice").Value.ShouldBe("alice");
        key.UserOf(null).Failure!.Code.Code.ShouldBe("identity.user_required");
        key.UserOf("~system").Failure!.Code.Code.ShouldBe("identity.user_invalid");
        key.UserOrAny(null).Value.ShouldBeNull();
        key.UserOrAny("alice").Value.ShouldBe("alice");
        key.UserOrAny(" ").Failure!.Code.Code.ShouldBe("identity.user_invalid");
        key.Reaches("google").ShouldBeTrue();
    }

    [Fact]
    public void A_callers_own_user_need_not_be_named_and_no_other_may_be()
    {
        var session = new Caller("session:1", Permissions.All.ToHashSet()) { User = "alice", Session = new SessionLimits(Guid.NewGuid(), ["google"], true, null, null) };
        session.UserOf(null).Value.ShouldBe("alice");
        session.UserOf("alice").Value.ShouldBe("alice");
        session.UserOrAny(null).Value.ShouldBe("alice");
        foreach (var foreign in new[] { "bob", "Alice", "alice ", "", "~system" })
        {
            session.UserOf(foreign).Failure!.Code.Code.ShouldBe("identity.user_foreign");
            session.UserOrAny(foreign).Failure!.Code.Code.ShouldBe("identity.user_foreign");
        }

        (session.Reaches("google"), session.Reaches("github")).ShouldBe((true, false));
        (session with { Session = session.Session! with { Offered = [] } }).Reaches("github").ShouldBeTrue();
    }

    [Fact]
    public void An_administrator_with_a_token_names_others_and_else_means_itself()
    {
        var admin = new Caller("user:ann", new HashSet<string> { Permissions.Read, Permissions.Admin }) { User = "ann" };
        (admin.UserOf(null).Value, admin.UserOf("bob").Value, admin.UserOrAny(null).Value, admin.UserOrAny("bob").Value).ShouldBe(("ann", "bob", null, "bob"));
        admin.UserOf("~system").Failure!.Code.Code.ShouldBe("identity.user_invalid");
        (admin.Vouches, new Caller("key:1", new HashSet<string>()).Vouches).ShouldBe((false, true));
    }

    [Fact]
    public void A_callers_name_fits_its_column()
    {
        TokenCallers.IdOf("42").ShouldBe("user:42");
        TokenCallers.IdOf(new string('a', 95)).Length.ShouldBe(100);
        TokenCallers.IdOf(new string('a', 96)).ShouldMatch("^user:~[0-9a-f]{64}$");
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
