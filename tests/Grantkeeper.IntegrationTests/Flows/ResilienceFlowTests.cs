using System.Net;
using Grantkeeper.Sandbox.Control;
using Grantkeeper.Sandbox.Faults;

namespace Grantkeeper.IntegrationTests.Flows;

/// <summary>A provider in trouble, over real sockets: repeats, the circuit, and that one provider's trouble stays its own.</summary>
[Trait("category", "services")]
public sealed class ResilienceFlowTests
{
    private static readonly Dictionary<string, string?> Quick = new()
    {
        ["Grantkeeper:Resilience:MaxRetries"] = "3", ["Grantkeeper:Resilience:RetryDelay"] = "00:00:00.010",
        ["Grantkeeper:Resilience:FailureThreshold"] = "5", ["Grantkeeper:Resilience:RecoveryTimeout"] = "00:10:00",
    };

    [Fact]
    public async Task Three_503_and_a_good_answer_are_one_refresh_of_four_requests()
    {
        await using var world = await FlowWorld.Start(HostKind.Server, Quick);
        var id = await world.Connect("user_1");
        world.Break(new Fault(FaultEndpoint.Refresh, FaultMode.Status, 503, Count: 3));
        ((bool)(await world.Host.Post($"/api/v1/oauth/integrations/{id}/refresh")).Json["success"]!).ShouldBeTrue();
        Requests(world).ShouldBe(4);
        (await world.Sql("SELECT string_agg(class, ',') FROM refresh_attempts")).ShouldBe("refreshed");
        var health = (await world.Host.Get("/oauth/sandbox/health")).Json;
        ((string)health["circuit_breaker_state"]!, (int)health["failure_count"]!, (int)health["score"]!, (int)health["max_retries"]!).ShouldBe(("closed", 0, 100, 3));
    }

    [Fact]
    public async Task Four_503_are_one_failed_refresh_and_an_answer_that_may_have_been_given_is_not_asked_for_again()
    {
        await using var world = await FlowWorld.Start(HostKind.Server, Quick);
        var id = await world.Connect("user_1");
        world.Break(new Fault(FaultEndpoint.Refresh, FaultMode.Status, 503, Count: 4));
        (await world.Host.Post($"/api/v1/oauth/integrations/{id}/refresh")).Code.ShouldBe("tokens.provider_unavailable");
        Requests(world).ShouldBe(4);
        ((int)(await world.Host.Get("/oauth/sandbox/health")).Json["failure_count"]!).ShouldBe(1);

        world.Break(new Fault(FaultEndpoint.Refresh, FaultMode.LoseAnswer));
        (await world.Host.Post($"/api/v1/oauth/integrations/{id}/refresh")).Code.ShouldBe("tokens.provider_unavailable");
        Requests(world).ShouldBe(5, "the sandbox ends a grant whose refresh token is shown twice");
        world.Counters[Counter.ReuseDetected].ShouldBe(0);
    }

    [Fact]
    public async Task After_five_failed_operations_nothing_is_sent_and_another_provider_goes_on()
    {
        await using var world = await FlowWorld.Start(HostKind.Server, new Dictionary<string, string?>(Quick.Concat(FlowWorld.MoreProviders)) { ["Grantkeeper:Resilience:MaxRetries"] = "0" });
        var id = await world.Connect("user_1");
        var other = await world.Connect("user_1", provider: "second");
        world.Break(new Fault(FaultEndpoint.Refresh, FaultMode.Status, 503, Count: 0));
        for (var n = 0; n < 5; n++)
            (await world.Host.Post($"/api/v1/oauth/integrations/{id}/refresh")).Code.ShouldBe("tokens.provider_unavailable");
        Requests(world).ShouldBe(5);

        var refused = await world.Host.Post($"/api/v1/oauth/integrations/{id}/refresh");
        refused.Code.ShouldBe("tokens.provider_unavailable");
        int.Parse(refused.Header("Retry-After"), System.Globalization.CultureInfo.InvariantCulture).ShouldBeInRange(500, 600);
        Requests(world).ShouldBe(5, "an open circuit sends nothing");
        (await world.Sql($"SELECT lease_until IS NULL FROM oauth_tokens WHERE integration_id = '{id}'")).ShouldBe(true);
        var health = (await world.Host.Get("/oauth/sandbox/health")).Json;
        ((string)health["circuit_breaker_state"]!, (int)health["score"]!).ShouldBe(("open", 0));
        health["last_failure_time"].ShouldNotBeNull();
        var circuit = (await world.Host.Get("/api/v1/oauth/admin/diagnostics?provider=sandbox")).Json["findings"]!.AsArray().Single(finding => (string)finding!["check"]! == "circuit")!;
        ((string)circuit["verdict"]!).ShouldNotBe("ok");
        ((string)circuit["what"]!).ShouldContain("leaves the provider alone");
        (await world.Host.Get($"/api/v1/oauth/integrations/{id}/token")).Status.ShouldBe(HttpStatusCode.OK, "a good token is served all the same");

        world.Sandbox.Faults.Clear();
        ((bool)(await world.Host.Post($"/api/v1/oauth/integrations/{other}/refresh")).Json["success"]!).ShouldBeTrue();
        ((string)(await world.Host.Get("/oauth/second/health")).Json["circuit_breaker_state"]!).ShouldBe("closed");
        (await world.Host.Get("/oauth/nobody/health")).Code.ShouldBe("providers.unknown");
    }

    private static int Requests(FlowWorld world) => world.Tap.Calls.Count(call => call.Value("grant_type") == "refresh_token");
}
