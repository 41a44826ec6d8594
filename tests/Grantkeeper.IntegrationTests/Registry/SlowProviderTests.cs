using System.Net;
using Grantkeeper.IntegrationTests.Flows;
using Grantkeeper.Sandbox.Faults;

namespace Grantkeeper.IntegrationTests.Registry;

/// <summary>A provider that takes its time costs nobody else theirs (R17): what is measured is the order, not the time.</summary>
[Trait("category", "services")]
public sealed class SlowProviderTests
{
    private const int Calls = 100;

    [Fact]
    public async Task Health_answers_while_a_hundred_calls_wait_for_their_provider()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var world = await FlowWorld.Start(HostKind.Server);
        var users = Enumerable.Range(1, Calls).Select(number => $"slow_{number}").ToList();
        foreach (var some in users.Chunk(10))
            await Task.WhenAll(some.Select(user => world.Connect(user)));

        world.Break(new Fault(FaultEndpoint.Refresh, FaultMode.HoldAnswer, Count: 0));
        var refreshes = users.Select(user => world.Host.Post("/oauth/sandbox/refresh", new { user_id = user })).ToList();
        var held = world.Sandbox.Held.WaitFor(Calls, cancellation);
        await Task.WhenAny([held, .. refreshes]);
        held.IsCompletedSuccessfully.ShouldBeTrue("all of them have to be under way before the first one gives up");

        foreach (var path in new[] { "/health/live", "/health/ready", "/oauth/health", "/oauth/sandbox/health", "/oauth/sandbox/status?user_id=slow_1" })
            (await world.Host.Get(path)).Status.ShouldBe(HttpStatusCode.OK, path);
        world.Sandbox.Held.Count.ShouldBe(Calls, "all of them waited while the others were answered");
        refreshes.ShouldAllBe(refresh => !refresh.IsCompleted);

        world.Sandbox.Faults.Clear();
        await world.Sandbox.Held.Release(deliver: true);
        foreach (var reply in await Task.WhenAll(refreshes))
            ((bool)reply.Json["success"]!).ShouldBeTrue(reply.Body);
    }
}
