using System.Net;
using Grantkeeper.Outbox;
using Grantkeeper.Sandbox.Control;
using Grantkeeper.Sandbox.Faults;
using Grantkeeper.Tokens;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Grantkeeper.IntegrationTests.Flows;

/// <summary>Disconnects that meet trouble: a refresh under way, a provider that is away, an account that two owners share.</summary>
[Trait("category", "services")]
public sealed class RevocationTroubleTests
{
    private static readonly Dictionary<string, string?> WorkedByHand = new() { ["Grantkeeper:RunWorkers"] = "false" };

    [Fact]
    public async Task Disconnect_during_a_refresh_leaves_nothing_alive()
    {
        await using var world = await FlowWorld.Start(HostKind.Server, WorkedByHand);
        var id = await world.Connect("user_1");
        await world.Expire(id);
        var held = world.Tap.Hold(ProviderTap.Token);
        var read = world.Host.Get($"/api/v1/oauth/integrations/{id}/token");
        await held.Arrived;
        var late = world.Tap.Calls.Last(call => call.Value("grant_type") == "refresh_token");

        var gone = await world.Host.Delete($"/api/v1/oauth/integrations/{id}");
        ((string)gone.Json["provider_revocation"]!).ShouldBe("confirmed");
        held.Release();
        (await read).Code.ShouldBe("integrations.not_connected");
        await world.Host.Services.GetRequiredService<TokenRefresher>().Drained();

        (await world.Sql($"SELECT count(*) FROM oauth_tokens WHERE integration_id = '{id}'")).ShouldBe(0L);
        (await world.Sql($"SELECT status FROM oauth_integrations WHERE id = '{id}'")).ShouldBe("revoked");
        (await world.Host.Get("/oauth/sandbox/token?user_id=user_1")).Code.ShouldBe("integrations.not_connected");
        (await DeliverDue(world)).ShouldBe(1);
        world.Tap.Calls.Where(call => call.Path == ProviderTap.Revoke).Select(call => call.Value("token")).ShouldContain(late.Answered("refresh_token"), "the token that came too late is revoked as well");
        (await world.Sql("SELECT count(*) FROM outbox WHERE finished_at IS NULL OR payload IS NOT NULL OR outcome <> 'confirmed'")).ShouldBe(0L);
        (await world.Sql($"SELECT count(*) FROM oauth_audit_log WHERE integration_id = '{id}' AND action = 'refresh_superseded' AND code = 'revoking'")).ShouldBe(1L);
    }

    [Fact]
    public async Task Reconnect_during_a_refresh_wins_and_is_not_revoked()
    {
        await using var world = await FlowWorld.Start(HostKind.Server, WorkedByHand);
        var id = await world.Connect("user_1");
        await world.Expire(id);
        var held = world.Tap.Hold(ProviderTap.Token);
        var read = world.Host.Get($"/api/v1/oauth/integrations/{id}/token");
        await held.Arrived;
        (await world.Connect("user_1")).ShouldBe(id);
        held.Release();
        var served = await read;
        served.Status.ShouldBe(HttpStatusCode.OK, served.Body);
        await world.Host.Services.GetRequiredService<TokenRefresher>().Drained();
        (await DeliverDue(world)).ShouldBe(0);
        world.Tap.Calls.ShouldNotContain(call => call.Path == ProviderTap.Revoke);
        (await world.Sql($"SELECT epoch FROM oauth_tokens WHERE integration_id = '{id}'")).ShouldBe(2);
        (await world.Sql($"SELECT code FROM oauth_audit_log WHERE integration_id = '{id}' AND action = 'refresh_superseded'")).ShouldBe("kept");
        ((bool)(await world.Host.Post($"/api/v1/oauth/integrations/{id}/refresh")).Json["success"]!).ShouldBeTrue();
    }

    [Theory]
    [InlineData(FaultMode.Status)]
    [InlineData(FaultMode.Cut)]
    [InlineData(FaultMode.RetryAfter)]
    [InlineData(FaultMode.LoseAnswer)]
    public async Task Provider_that_is_away_is_told_when_it_is_back(FaultMode mode)
    {
        await using var world = await FlowWorld.Start(HostKind.Server, WorkedByHand);
        var id = await world.Connect("user_1");
        var token = await world.Host.Get($"/api/v1/oauth/integrations/{id}/token");
        world.Break(new Fault(FaultEndpoint.Revoke, mode, Count: 2));
        var gone = await world.Host.Post("/oauth/sandbox/disconnect", new { user_id = "user_1", reason = "asked" });
        gone.Status.ShouldBe(HttpStatusCode.OK, gone.Body);
        ((bool)gone.Json["success"]!).ShouldBeTrue();
        ((string)gone.Json["provider_revocation"]!).ShouldBe("pending");
        (await world.Host.Get("/oauth/sandbox/token?user_id=user_1")).Code.ShouldBe("integrations.not_connected");
        (await world.Sql("SELECT count(*) FROM oauth_tokens")).ShouldBe(0L);

        (await DeliverDue(world)).ShouldBe(0, "not before its time");
        await Hurry(world);
        (await DeliverDue(world)).ShouldBe(1);
        ((string)(await world.Host.Delete($"/api/v1/oauth/integrations/{id}")).Json["provider_revocation"]!).ShouldBe("pending");
        await Hurry(world);
        (await DeliverDue(world)).ShouldBe(1);
        ((string)(await world.Host.Delete($"/api/v1/oauth/integrations/{id}")).Json["provider_revocation"]!).ShouldBe("confirmed");
        (await DeliverDue(world)).ShouldBe(0);
        (await world.Sql("SELECT payload IS NULL AND attempts = 3 FROM outbox")).ShouldBe(true);

        using var browser = new FlowBrowser();
        var call = new HttpRequestMessage(HttpMethod.Get, world.SandboxOrigin + "/api/me");
        call.Headers.Authorization = new("Bearer", (string)token.Json["access_token"]!);
        (await browser.Send(call)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        world.Counters[Counter.Revocations].ShouldBe(1);
    }

    [Fact]
    public async Task Provider_that_refuses_the_revocation_does_not_keep_the_user_connected()
    {
        await using var world = await FlowWorld.Start(HostKind.Server, WorkedByHand);
        await world.Connect("user_1");
        world.Break(new Fault(FaultEndpoint.Revoke, FaultMode.Html, 400));
        var gone = await world.Host.Post("/oauth/sandbox/disconnect", new { user_id = "user_1" });
        ((bool)gone.Json["success"]!).ShouldBeTrue();
        ((string)gone.Json["provider_revocation"]!).ShouldBe("failed");
        (await world.Host.Get("/oauth/sandbox/token?user_id=user_1")).Code.ShouldBe("integrations.not_connected");
        (await world.Sql("SELECT count(*) FROM outbox WHERE payload IS NOT NULL")).ShouldBe(0L);
    }

    [Theory]
    [InlineData("grant")]
    [InlineData("project")]
    public async Task Revocation_that_would_end_another_owners_account_is_withheld(string scope)
    {
        await using var world = await FlowWorld.Start(HostKind.Server, new Dictionary<string, string?>(WorkedByHand) { ["Grantkeeper:Providers:sandbox:revocation_scope"] = scope });
        await world.Connect("user_1");
        var other = await world.Connect("user_2");
        await world.Connect("user_3", "bob+auto");

        var first = await world.Host.Post("/oauth/sandbox/disconnect", new { user_id = "user_1" });
        ((string)first.Json["provider_revocation"]!).ShouldBe("withheld", first.Body);
        world.Tap.Calls.ShouldNotContain(call => call.Path == ProviderTap.Revoke);
        (await world.Host.Get("/oauth/sandbox/token?user_id=user_1")).Code.ShouldBe("integrations.not_connected");
        ((bool)(await world.Host.Post($"/api/v1/oauth/integrations/{other}/refresh")).Json["success"]!).ShouldBeTrue();
        (await world.Sql("SELECT count(*) FROM oauth_audit_log WHERE user_id = 'user_1' AND action = 'provider_revocation' AND code = 'withheld'")).ShouldBe(1L);

        var last = await world.Host.Post("/oauth/sandbox/disconnect", new { user_id = "user_2" });
        ((string)last.Json["provider_revocation"]!).ShouldBe("confirmed", "nobody else has this account any more");
        var bobs = await world.Host.Post("/oauth/sandbox/disconnect", new { user_id = "user_3" });
        ((string)bobs.Json["provider_revocation"]!).ShouldBe("confirmed", "another account was never in the way");
    }

    [Fact]
    public async Task Revocation_that_ends_one_token_only_is_not_withheld()
    {
        await using var world = await FlowWorld.Start(HostKind.Server, WorkedByHand);
        await world.Connect("user_1");
        var other = await world.Connect("user_2");
        ((string)(await world.Host.Post("/oauth/sandbox/disconnect", new { user_id = "user_1" })).Json["provider_revocation"]!).ShouldBe("confirmed");
        ((bool)(await world.Host.Post($"/api/v1/oauth/integrations/{other}/refresh")).Json["success"]!).ShouldBeTrue();
    }

    [Fact]
    public async Task Twenty_disconnects_at_once_are_one()
    {
        await using var world = await FlowWorld.Start(HostKind.Server, WorkedByHand);
        var id = await world.Connect("user_1");
        var replies = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => world.Host.Delete($"/api/v1/oauth/integrations/{id}")));
        replies.ShouldAllBe(reply => reply.Status == HttpStatusCode.OK);
        (await world.Sql("SELECT count(*) FROM outbox")).ShouldBe(1L);
        (await world.Sql("SELECT count(*) FROM oauth_audit_log WHERE action = 'disconnect'")).ShouldBe(1L);
        world.Counters[Counter.Revocations].ShouldBe(1);
    }

    private static Task<int> DeliverDue(FlowWorld world) =>
        world.Host.Services.GetServices<IHostedService>().OfType<OutboxWorker>().Single().DeliverDue(TestContext.Current.CancellationToken);

    private static Task Hurry(FlowWorld world) => world.Sql("UPDATE outbox SET next_attempt_at = now()");
}
