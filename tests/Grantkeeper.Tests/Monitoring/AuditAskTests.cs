using Grantkeeper.Identity;
using Grantkeeper.Monitoring;

namespace Grantkeeper.Tests.Monitoring;

/// <summary>Whose audit rows a caller sees.</summary>
[Trait("category", "audit")]
public sealed class AuditAskTests
{
    private static readonly AuditAsk Everything = new(null, null, null, null, null, null, null, null, null);

    [Fact]
    public void A_users_caller_sees_its_own_rows_whatever_it_asks()
    {
        var user = new Caller("user:ann", new HashSet<string> { Permissions.Audit }) { User = "ann" };
        Everything.Read(user, []).Value.UserId.ShouldBe("ann");
        (Everything with { UserId = "ann" }).Read(user, []).Value.UserId.ShouldBe("ann");
        (Everything with { UserId = "bob" }).Read(user, []).Failure!.Code.Code.ShouldBe("identity.user_foreign");
    }

    [Fact]
    public void A_key_sees_everybodys_or_those_of_the_user_that_it_names()
    {
        var key = new Caller("key:1", new HashSet<string> { Permissions.Audit });
        Everything.Read(key, []).Value.UserId.ShouldBeNull();
        (Everything with { UserId = "bob" }).Read(key, []).Value.UserId.ShouldBe("bob");
        (Everything with { UserId = "~system" }).Read(key, []).Failure!.Code.Code.ShouldBe("identity.user_invalid");
    }

    [Theory]
    [InlineData("2026-01-31T08:00:00Z", "2026-01-31T08:00:00Z")]
    [InlineData("2026-01-31T08:00:00.123456Z", "2026-01-31T08:00:00.123456Z")]
    [InlineData("2026-01-31T08:00:00+02:00", "2026-01-31T06:00:00Z")]
    [InlineData("2026-01-31T08:00-05:30", "2026-01-31T13:30:00Z")]
    [InlineData("2026-01-31T08:00:00", null)]
    [InlineData("2026-01-31", null)]
    [InlineData("0001-01-01T00:00:00+14:00", null)]
    [InlineData("", null)]
    public void A_time_has_its_zone(string text, string? utc)
    {
        var faults = new List<string>();
        var filter = (Everything with { From = text }).Read(new Caller("key:1", new HashSet<string>()), faults).Value;
        filter.From.ShouldBe(utc is null ? null : DateTimeOffset.Parse(utc, System.Globalization.CultureInfo.InvariantCulture));
        faults.Count.ShouldBe(utc is null ? 1 : 0);
    }
}
