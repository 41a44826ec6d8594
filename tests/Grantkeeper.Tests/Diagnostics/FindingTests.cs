using Grantkeeper.Diagnostics;
using Grantkeeper.Tests.Providers;

namespace Grantkeeper.Tests.Diagnostics;

[Trait("category", "models")]
public sealed class FindingTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(0, "ok", 0), InlineData(4, "ok", 4), InlineData(-4, "ok", -4), InlineData(6, "warn", 6), InlineData(-60, "warn", -60), InlineData(61, "fail", 61), InlineData(-3600, "fail", -3600)]
    public void A_clock_is_judged_by_what_it_harms(int seconds, string verdict, double skew)
    {
        var finding = ClockSkew.Of("google", "Google", Now.AddSeconds(seconds), Now, Now);
        (finding.Verdict, finding.Details["skew_seconds"]).ShouldBe((verdict, skew));
        if (verdict != "ok")
            finding.What.ShouldContain(seconds < 0 ? "behind" : "ahead");
    }

    [Fact]
    public void A_clock_that_was_read_between_two_moments_agrees() =>
        ClockSkew.Of("google", "Google", Now.AddSeconds(20), Now, Now.AddSeconds(30)).Details["skew_seconds"].ShouldBe(0.0);

    [Theory]
    [InlineData("ok", "ok", "skipped"), InlineData("warn", "ok", "warn", "skipped"), InlineData("fail", "warn", "fail", "ok"), InlineData("ok")]
    public void The_worst_verdict_counts(string worst, params string[] verdicts) =>
        Finding.Worst(verdicts.Select(verdict => Finding.Good("x", null, "y") with { Verdict = verdict })).ShouldBe(worst);

    [Theory]
    [InlineData("misconfigured", true, "fail", "GOOGLE_CLIENT_SECRET"), InlineData("misconfigured", false, "warn", "status page"), InlineData("rejected", true, "warn", "reauthorization_required"), InlineData("transient", true, "warn", "status page")]
    public void Failed_refreshes_are_judged_by_who_can_help(string kind, bool lastFailed, string verdict, string remedy)
    {
        var finding = RefreshChecks.Judge("google", new RefreshChecks.Tally("google", 10, 3, kind, "code_1", Now, lastFailed));
        (finding.Verdict, finding.Subject).ShouldBe((verdict, "google"));
        finding.What.ShouldContain("3 of 10");
        finding.Remedy.ShouldNotBeNull().ShouldContain(remedy);
    }

    [Fact]
    public void A_client_on_trial_is_told_by_the_age_of_what_ends_and_by_how_long_consents_last()
    {
        var google = SomeManifest.Catalogue([]).Find("google")!;
        var tally = new RefreshChecks.Tally("google", 10, 3, "rejected", "invalid_grant", Now, true);
        RefreshChecks.JudgeTrial(google, null).ShouldNotBeNull().Verdict.ShouldBe("ok");
        RefreshChecks.JudgeTrial(google, tally with { RefusedAges = [TimeSpan.FromDays(3), TimeSpan.FromDays(40)], Lifetimes = [TimeSpan.FromDays(30)] }).ShouldNotBeNull().Verdict.ShouldBe("ok");
        var ended = RefreshChecks.JudgeTrial(google, tally with { RefusedAges = [TimeSpan.FromDays(7.01), TimeSpan.FromDays(40), TimeSpan.FromDays(7.5)] }).ShouldNotBeNull();
        (ended.Verdict, ended.What).ShouldBe(("warn", "2 grant(s) were refused about 7 days after their consent."));
        ended.Why.ShouldNotBeNull().ShouldContain("publishing status Testing");
        ended.Remedy.ShouldNotBeNull().ShouldContain("console.cloud.google.com");
        RefreshChecks.JudgeTrial(google, tally with { Lifetimes = [TimeSpan.FromSeconds(604799)] }).ShouldNotBeNull().What.ShouldBe("Consents are given for 7 days only.");
        RefreshChecks.JudgeTrial(SomeManifest.Catalogue([]).Find("microsoft")!, tally).ShouldBeNull();
    }

    [Fact]
    public void No_failure_and_no_attempt_are_good()
    {
        RefreshChecks.Judge("google", null).Verdict.ShouldBe("ok");
        RefreshChecks.Judge("google", new RefreshChecks.Tally("google", 10, 0, null, null, null, false)).Verdict.ShouldBe("ok");
    }
}
