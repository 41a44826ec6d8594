using Grantkeeper.Monitoring;
using Grantkeeper.Settings;

namespace Grantkeeper.Tests.Monitoring;

[Trait("category", "routes")]
public sealed class ComponentsTests
{
    [Theory]
    [InlineData(true, true, null, "healthy", null), InlineData(true, true, 2, "healthy", null), InlineData(true, true, 120, "healthy", null), InlineData(true, true, 121, "degraded", "for 2 minutes")]
    [InlineData(false, true, null, "healthy", "Grantkeeper__RunWorkers"), InlineData(true, false, 9999, "healthy", "Grantkeeper__Refresh__Ahead")]
    public void A_worker_is_judged_by_its_last_round_where_it_has_work(bool runs, bool ahead, int? seconds, string status, string? says)
    {
        var options = new GrantkeeperOptions { FrontendUrl = new Uri("https://app.example"), PublicUrl = new Uri("https://app.example"), RunWorkers = runs, RefreshAhead = ahead };
        var component = Components.OfWorkers(options, seconds is { } past ? TimeSpan.FromSeconds(past) : null);
        component.Status.ShouldBe(status);
        if (says is null)
            component.Message.ShouldBeNull();
        else
            component.Message.ShouldNotBeNull().ShouldContain(says);
    }
}
