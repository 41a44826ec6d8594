using Grantkeeper.Failpoints;
using Grantkeeper.Startup;
using Microsoft.Extensions.Configuration;

namespace Grantkeeper.Tests.Failpoints;

[Trait("category", "services")]
public sealed class FailpointPlanTests
{
    [Fact]
    public void A_plan_is_read()
    {
        var faults = new List<string>();
        var plan = FailpointPlan.Read("refresh.answered=kill@3, refresh.leased=pause:1500,lease=4,clock=-3600", faults).ShouldNotBeNull();
        faults.ShouldBeEmpty();
        plan.Failpoints.ShouldBe([new Failpoint(Points.RefreshAnswered, null, 3), new Failpoint(Points.RefreshLeased, TimeSpan.FromMilliseconds(1500), null)]);
        (plan.Lease, plan.Clock).ShouldBe((TimeSpan.FromSeconds(4), TimeSpan.FromHours(-1)));
        FailpointPlan.Read(null, faults).ShouldBeNull();
        FailpointPlan.Read(" ", faults).ShouldBeNull();
        faults.ShouldBeEmpty();
    }

    [Fact]
    public void Everything_that_is_no_failpoint_is_named()
    {
        var faults = new List<string>();
        FailpointPlan.Read("nowhere=kill,refresh.leased=explode,refresh.leased=kill@0,lease=0,clock=late,refresh.leased", faults).ShouldBeNull();
        faults.Count.ShouldBe(6);
        faults.ShouldAllBe(fault => fault.StartsWith("GRANTKEEPER_FAILPOINTS: ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("production", true)]
    [InlineData("development", false)]
    public void Production_does_not_start_with_failpoints(string environment, bool isRefused)
    {
        var faults = new List<string>();
        Deployment.TryRead(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["DEPLOY_ENV"] = environment, ["GRANTKEEPER_FAILPOINTS"] = "refresh.leased=kill", ["FRONTEND_URL"] = "https://app.example.com",
            ["USER_DATA_DATABASE_URL"] = "postgresql://u@h/d", ["OAUTH_ENCRYPTION_KEY"] = Convert.ToBase64String(new byte[32]),
        }).Build(), faults);
        faults.Any(fault => fault.StartsWith("GRANTKEEPER_FAILPOINTS is set in production", StringComparison.Ordinal)).ShouldBe(isRefused);
    }

    [Fact]
    public async Task A_pause_comes_at_its_hit_alone_and_other_points_pass()
    {
        var plan = new FailpointPlan([new Failpoint(Points.RefreshLeased, TimeSpan.FromMinutes(1), 2)], null, TimeSpan.Zero);
        var points = new PlannedFailpoints(plan, TimeProvider.System);
        points.Reach(Points.RefreshSpooled).AsTask().IsCompleted.ShouldBeTrue();
        points.Reach(Points.RefreshLeased).AsTask().IsCompleted.ShouldBeTrue();
        points.Reach(Points.RefreshLeased).AsTask().IsCompleted.ShouldBeFalse();
        await points.Reach(Points.RefreshLeased);
    }
}
