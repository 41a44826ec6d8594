using System.Diagnostics.Metrics;
using Grantkeeper.Monitoring;
using Grantkeeper.Resilience;
using Grantkeeper.Sandbox.Faults;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Grantkeeper.IntegrationTests.Flows;

/// <summary>What is counted about providers: as metrics at once, and for the pages, all nodes together.</summary>
[Trait("category", "manager")]
public sealed class ProviderFiguresTests
{
    [Fact]
    public async Task Refreshes_are_counted_by_provider_and_end_over_all_nodes()
    {
        await using var world = await FlowWorld.Start(HostKind.Server);
        var other = await world.AddNode();
        var measured = new Dictionary<string, long>();
        using var listener = new MeterListener { InstrumentPublished = (instrument, me) => { if (instrument.Meter.Name == ProviderFigures.MeterName && instrument.Meter.Scope == world.Host.Services.GetRequiredService<IMeterFactory>()) me.EnableMeasurementEvents(instrument); } };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            if (instrument.Name == "grantkeeper.refreshes")
                measured[(string)tags.ToArray().First(tag => tag.Key == "end").Value!] = value;
        });
        listener.Start();

        var id = await world.Connect("user_1");
        (await world.Host.Post($"/api/v1/oauth/integrations/{id}/refresh")).Status.ShouldBe(System.Net.HttpStatusCode.OK);
        (await other.Post($"/api/v1/oauth/integrations/{id}/refresh")).Status.ShouldBe(System.Net.HttpStatusCode.OK);
        world.Break(new Fault(FaultEndpoint.Refresh, FaultMode.Status, 500));
        await world.Host.Post($"/api/v1/oauth/integrations/{id}/refresh");
        measured.ShouldBe(new Dictionary<string, long> { ["refreshed"] = 1, ["unknown"] = 1 }, ignoreOrder: true);

        foreach (var node in new[] { world.Host, other })
            await node.Services.GetServices<IHostedService>().OfType<ProviderHours>().Single().Flush(TestContext.Current.CancellationToken);
        await world.Sql("UPDATE oauth_tokens SET next_refresh_at = now() - interval '90 seconds'");
        var standing = (await world.Host.Services.GetRequiredService<ProviderStandings>().All(TestContext.Current.CancellationToken))["sandbox"];
        (standing.Refreshed, standing.Failed, standing.Unknown, standing.Lost, standing.Due).ShouldBe((2, 1, 1, 0, 1));
        standing.Lag.ShouldBeGreaterThanOrEqualTo(TimeSpan.FromSeconds(90));
        (standing.Circuit.State, standing.Circuit.Failures).ShouldBe((CircuitState.Closed, 1));
    }

    [Fact]
    public async Task Timeline_tells_what_became_of_the_refresh_token()
    {
        await using var world = await FlowWorld.Start(HostKind.Server);
        var id = await world.Connect("user_1");
        (await world.Host.Post($"/api/v1/oauth/integrations/{id}/refresh")).Status.ShouldBe(System.Net.HttpStatusCode.OK);
        var timeline = await world.Host.Get($"/api/v1/oauth/integrations/{id}/timeline");
        timeline.Body.ShouldContain("Renewed: generation 2 replaced generation 1, with a new refresh token.");
        timeline.Body.ShouldContain("\"code\":\"new_token\"");
    }
}
