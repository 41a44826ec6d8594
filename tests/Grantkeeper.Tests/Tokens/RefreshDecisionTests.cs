using Grantkeeper.Integrations;
using Grantkeeper.OAuth;
using Grantkeeper.Tokens;

namespace Grantkeeper.Tests.Tokens;

[Trait("category", "services")]
public sealed class RefreshDecisionTests
{
    private static readonly DateTimeOffset Now = new(2026, 9, 30, 12, 0, 0, TimeSpan.Zero);

    /// <summary>A grant whose token ends in so many seconds; a negative lifetime: not known.</summary>
    private static GrantRow Row(double? remaining, int lifetime = 3600, bool renewable = true, long? suspect = null, IntegrationStatus status = IntegrationStatus.Active) => new(
        new Integration { UserId = "user-1", Id = Guid.Empty, Provider = "idp", Status = status, Scopes = ScopeSet.Empty },
        new SealedTokens
        {
            Epoch = 1, Generation = 4, AccessToken = "gk1.a", RefreshToken = renewable ? "gk1.r" : null, SuspectGeneration = suspect,
            ExpiresAt = remaining is { } seconds ? Now.AddSeconds(seconds) : null, Lifetime = lifetime < 0 ? null : TimeSpan.FromSeconds(lifetime),
        },
        []);

    [Theory]
    // An hour's token: the on-use buffer is a fifth, 720 s.
    [InlineData(3600, 60, 3600, "Fresh", null), InlineData(720, 60, 3600, "Fresh", null), InlineData(719.9, 60, 3600, "Due", null)]
    [InlineData(60, 60, 3600, "Due", null), InlineData(59.9, 60, 3600, "Needed", null), InlineData(5, 0, 3600, "Needed", null), InlineData(5.1, 0, 3600, "Due", null)]
    [InlineData(0, 0, 3600, "Needed", null), InlineData(-86400, 60, 3600, "Needed", null)]
    // min_ttl is capped at half the lifetime, and says so.
    [InlineData(1800, 1800, 3600, "Fresh", null), InlineData(1800, 1801, 3600, "Fresh", "min_ttl_unreachable"), InlineData(1799, 3600, 3600, "Needed", "min_ttl_unreachable")]
    [InlineData(3599, 3600, 3600, "Fresh", "min_ttl_unreachable"), InlineData(31, 60, 60, "Fresh", "min_ttl_unreachable"), InlineData(29, 60, 60, "Needed", "min_ttl_unreachable")]
    // A day's token: the buffer is half an hour; without a known lifetime too.
    [InlineData(1800, 60, 86400, "Fresh", null), InlineData(1799, 60, 86400, "Due", null), InlineData(1799, 60, -1, "Due", null), InlineData(1800, 3600, -1, "Needed", null)]
    // A ten-second token is still handed out.
    [InlineData(9, 60, 10, "Fresh", "min_ttl_unreachable"), InlineData(5.5, 60, 10, "Fresh", "min_ttl_unreachable"), InlineData(4.9, 0, 10, "Needed", null)]
    public void A_token_that_can_be_renewed(double remaining, int minTtl, int lifetime, string freshness, string? warning)
    {
        var decision = RefreshDecision.Of(Row(remaining, lifetime), TimeSpan.FromSeconds(minTtl), Now);
        (decision.Freshness.ToString(), decision.Warning).ShouldBe((freshness, warning));
    }

    [Theory]
    [InlineData(3600, 60, "Fresh", null), InlineData(60, 60, "Fresh", null), InlineData(59, 60, "Fresh", "min_ttl_unreachable"), InlineData(5.1, 0, "Fresh", null)]
    [InlineData(5, 0, "Ended", null), InlineData(-1, 0, "Ended", null), InlineData(3600, 3600, "Fresh", "min_ttl_unreachable")]
    public void A_token_that_nothing_renews(double remaining, int minTtl, string freshness, string? warning)
    {
        var decision = RefreshDecision.Of(Row(remaining, renewable: false), TimeSpan.FromSeconds(minTtl), Now);
        decision.Freshness.ToString().ShouldBe(freshness);
        if (decision.Freshness != Freshness.Ended)
            decision.Warning.ShouldBe(warning);
    }

    [Fact]
    public void A_token_without_an_end_is_fresh()
    {
        RefreshDecision.Of(Row(null, -1), TimeSpan.FromHours(1), Now).ShouldBe(new Decision(Freshness.Fresh));
        RefreshDecision.Of(Row(null, -1, renewable: false), TimeSpan.Zero, Now).ShouldBe(new Decision(Freshness.Fresh));
    }

    [Fact]
    public void A_generation_that_an_api_refused_is_not_served()
    {
        RefreshDecision.Of(Row(3600, suspect: 4), TimeSpan.Zero, Now).Freshness.ShouldBe(Freshness.Needed);
        RefreshDecision.Of(Row(null, suspect: 4, renewable: false), TimeSpan.Zero, Now).Freshness.ShouldBe(Freshness.Ended);
        RefreshDecision.Of(Row(3600, suspect: 3), TimeSpan.Zero, Now).Freshness.ShouldBe(Freshness.Fresh);
        RefreshDecision.MayStillBeServed(Row(3600, suspect: 4), Now).ShouldBeFalse();
        RefreshDecision.MayStillBeServed(Row(3600, suspect: 3), Now).ShouldBeTrue();
    }

    [Theory]
    [InlineData(5.1, "Active", true), InlineData(5.0, "Active", false), InlineData(-1.0, "Active", false), InlineData(null, "Active", true), InlineData(60.0, "Pending", true)]
    [InlineData(60.0, "Error", false), InlineData(60.0, "Inactive", false), InlineData(60.0, "Revoked", false), InlineData(60.0, "Expired", false)]
    public void After_a_failed_refresh_only_a_living_token_is_served(double? remaining, string status, bool served) =>
        RefreshDecision.MayStillBeServed(Row(remaining, status: Enum.Parse<IntegrationStatus>(status)), Now).ShouldBe(served);

    [Theory]
    [InlineData(-1, null, 1), InlineData(0, null, 1), InlineData(1, null, 1), InlineData(2, null, 2), InlineData(3, null, 4), InlineData(9, null, 256), InlineData(10, null, 300), InlineData(int.MaxValue, null, 300)]
    [InlineData(1, 30, 30), InlineData(10, 30, 300), InlineData(3, 4, 4), InlineData(1, 86400, 86400), InlineData(1, -5, 1), InlineData(1, 0, 1)]
    public void Back_off_doubles_and_honours_the_provider(int failures, int? retryAfter, int seconds) =>
        RefreshDecision.BackOff(failures, retryAfter is { } asked ? TimeSpan.FromSeconds(asked) : null).ShouldBe(TimeSpan.FromSeconds(seconds));

    [Theory]
    [InlineData(3600, 3600, 2880), InlineData(86400, 86400, 79200), InlineData(36000, 36000, 28800), InlineData(10, 10, 8), InlineData(3600, null, 3600)]
    public void The_next_refresh_comes_a_fifth_or_two_hours_before_the_end(int remaining, int? lifetime, int seconds) =>
        RefreshDecision.NextRefresh(Now.AddSeconds(remaining), lifetime is { } known ? TimeSpan.FromSeconds(known) : null, Guid.Empty).ShouldBe(Now.AddSeconds(seconds));

    [Fact]
    public void Grants_of_one_moment_do_not_stay_together()
    {
        var moments = Enumerable.Range(0, 1000).Select(_ => RefreshDecision.NextRefresh(Now.AddHours(1), TimeSpan.FromHours(1), Guid.CreateVersion7())!.Value).ToList();
        moments.ShouldAllBe(moment => moment >= Now.AddSeconds(2880 - 72) && moment <= Now.AddSeconds(2880));
        moments.Distinct().Count().ShouldBeGreaterThan(900);
        var one = Guid.CreateVersion7();
        RefreshDecision.NextRefresh(Now.AddHours(1), TimeSpan.FromHours(1), one).ShouldBe(RefreshDecision.NextRefresh(Now.AddHours(1), TimeSpan.FromHours(1), one));
    }

    [Fact]
    public void What_a_provider_ends_unused_is_renewed_after_half_of_that_at_the_latest()
    {
        var limit = (Now, TimeSpan.FromDays(90));
        RefreshDecision.NextRefresh(null, null, Guid.Empty, limit).ShouldBe(Now.AddDays(45));
        RefreshDecision.NextRefresh(Now.AddDays(365), TimeSpan.FromDays(365), Guid.Empty, limit).ShouldBe(Now.AddDays(45));
        RefreshDecision.NextRefresh(Now.AddHours(1), TimeSpan.FromHours(1), Guid.Empty, limit).ShouldBe(Now.AddMinutes(48));
        var moments = Enumerable.Range(0, 1000).Select(_ => RefreshDecision.NextRefresh(null, null, Guid.CreateVersion7(), limit)!.Value).ToList();
        moments.ShouldAllBe(moment => moment > Now.AddDays(40) && moment <= Now.AddDays(45));
        (moments.Max() - moments.Min()).ShouldBeGreaterThan(TimeSpan.FromDays(3));
    }

    [Fact]
    public void Without_an_end_nothing_is_scheduled() => RefreshDecision.NextRefresh(null, TimeSpan.FromHours(1), Guid.NewGuid()).ShouldBeNull();

    [Fact]
    public void A_decision_never_serves_what_has_ended()
    {
        var random = new Seeded(4711);
        for (var round = 0; round < 20_000; round++)
        {
            var remaining = random.Next(8000) - 1000;
            var row = Row(remaining, random.Coin() ? -1 : 1 + random.Next(7200), random.Coin(), random.Coin() ? 4 : null);
            var minTtl = TimeSpan.FromSeconds(random.Next(3601));
            var decision = RefreshDecision.Of(row, minTtl, Now);
            if (decision.Freshness is not (Freshness.Fresh or Freshness.Due))
                continue;
            remaining.ShouldBeGreaterThan(5);
            row.Tokens!.SuspectGeneration.ShouldBeNull();
            if (remaining < minTtl.TotalSeconds)
                decision.Warning.ShouldBe("min_ttl_unreachable");
        }
    }
}
