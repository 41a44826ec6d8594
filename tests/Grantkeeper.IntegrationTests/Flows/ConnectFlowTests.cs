using System.Net;
using Grantkeeper.Sandbox.Control;

namespace Grantkeeper.IntegrationTests.Flows;

/// <summary>The main job, over both hosts: connect, read, refresh, disconnect.</summary>
[Trait("category", "services")]
public abstract class ConnectFlowTests(HostKind kind)
{
    [Fact]
    public async Task Account_is_connected_read_refreshed_and_disconnected()
    {
        await using var world = await FlowWorld.Start(kind);
        var (browser, callback, flowId) = await world.ReachCallback("user_1");
        using var _ = browser;

        var page = await browser.Open(callback);
        page.Status.ShouldBe(HttpStatusCode.OK);
        world.Counters[Counter.CodeExchanges].ShouldBe(0, "the code waits for the user's confirmation");
        var message = PopupPage.MessageOf(page);
        ((string)message["status"]!).ShouldBe("awaiting_confirmation");

        var confirmed = await world.Host.Post($"/api/v1/oauth/flows/{flowId}/confirm", new { ticket = (string)message["ticket"]!, user_id = "user_1" });
        confirmed.Status.ShouldBe(HttpStatusCode.OK, confirmed.Body);
        ((bool)confirmed.Json["success"]!).ShouldBeTrue();
        var id = Guid.Parse((string)confirmed.Json["integration_id"]!);

        var first = await world.Host.Get("/oauth/sandbox/token?user_id=user_1");
        first.Status.ShouldBe(HttpStatusCode.OK, first.Body);
        first.Header("Cache-Control").ShouldBe("no-store");
        ((string)first.Json["token_type"]!).ShouldBe("Bearer");
        Guid.Parse((string)first.Json["integration_id"]!).ShouldBe(id);
        var byId = await world.Host.Get($"/api/v1/oauth/integrations/{id}/token");
        ((string)byId.Json["access_token"]!).ShouldBe((string)first.Json["access_token"]!);
        (await CallApi(world, first)).ShouldBe(HttpStatusCode.OK);

        var refreshed = await world.Host.Post("/oauth/sandbox/refresh", new { user_id = "user_1" });
        ((bool)refreshed.Json["success"]!).ShouldBeTrue(refreshed.Body);
        var second = await world.Host.Get("/oauth/sandbox/token?user_id=user_1");
        ((string)second.Json["access_token"]!).ShouldNotBe((string)first.Json["access_token"]!);
        ((long)second.Json["generation"]!).ShouldBe((long)first.Json["generation"]! + 1);
        world.Counters[Counter.ReuseDetected].ShouldBe(0);

        var gone = await world.Host.Post("/oauth/sandbox/disconnect", new { user_id = "user_1" });
        ((bool)gone.Json["success"]!).ShouldBeTrue(gone.Body);
        ((string)gone.Json["provider_revocation"]!).ShouldBe("confirmed");
        (await world.Host.Get("/oauth/sandbox/token?user_id=user_1")).Code.ShouldBe("integrations.not_connected");
        (await CallApi(world, second)).ShouldBe(HttpStatusCode.Unauthorized);
        var again = await world.Host.Delete($"/api/v1/oauth/integrations/{id}");
        ((string)again.Json["provider_revocation"]!).ShouldBe("confirmed", again.Body);
    }

    [Fact]
    public async Task Expired_token_is_renewed_on_use_and_the_new_refresh_token_is_kept()
    {
        await using var world = await FlowWorld.Start(kind);
        var id = await world.Connect("user_1");
        for (var generation = 2; generation <= 6; generation++)
        {
            await world.Expire(id);
            var read = await world.Host.Get($"/api/v1/oauth/integrations/{id}/token");
            read.Status.ShouldBe(HttpStatusCode.OK, read.Body);
            ((long)read.Json["generation"]!).ShouldBe(generation);
        }

        world.Counters[Counter.Refreshes].ShouldBe(5);
        world.Counters[Counter.ReuseDetected].ShouldBe(0);
    }

    [Fact]
    public async Task Hundred_readers_of_one_expired_token_on_two_nodes_cause_one_refresh()
    {
        await using var world = await FlowWorld.Start(kind);
        var second = await world.AddNode();
        var id = await world.Connect("user_1");
        await world.Expire(id);

        var reads = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => (i % 2 == 0 ? world.Host : second).Get($"/api/v1/oauth/integrations/{id}/token")));

        reads.ShouldAllBe(read => read.Status == HttpStatusCode.OK);
        reads.Select(read => (string)read.Json["access_token"]!).Distinct().Count().ShouldBe(1);
        world.Counters[Counter.RefreshRequests].ShouldBe(1);
    }

    [Fact]
    public async Task Two_hundred_callbacks_with_one_state_cause_one_exchange()
    {
        await using var world = await FlowWorld.Start(kind);
        var (browser, callback, _) = await world.ReachCallback("user_1", confirm: false);
        using var __ = browser;

        var pages = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => browser.Open(callback)));

        pages.Count(page => page.Status == HttpStatusCode.OK).ShouldBe(1);
        pages.Where(page => page.Status != HttpStatusCode.OK).ShouldAllBe(page => page.Body.Contains("connect.state_used", StringComparison.Ordinal));
        world.Counters[Counter.CodeExchanges].ShouldBe(1);
    }

    [Fact]
    public async Task Denial_consumes_the_state_and_stores_nothing()
    {
        await using var world = await FlowWorld.Start(kind);
        var (browser, callback, flowId) = await world.ReachCallback("user_1", "deny+auto");
        using var _ = browser;
        var page = await browser.Open(callback);
        page.Status.ShouldBe(HttpStatusCode.Conflict);
        ((string)PopupPage.MessageOf(page)["code"]!).ShouldBe("connect.access_denied");
        (await browser.Open(callback)).Body.ShouldContain("connect.state_used");
        var flow = await world.Host.Get($"/api/v1/oauth/flows/{flowId}?user_id=user_1");
        ((string)flow.Json["status"]!).ShouldBe("denied");
        ((string)flow.Json["error"]!["code"]!).ShouldBe("connect.access_denied");
        (await world.Sql("SELECT count(*) FROM oauth_integrations")).ShouldBe(0L);
        (await world.Sql("SELECT count(*) FROM oauth_audit_log WHERE action = 'connect_denied' AND NOT success")).ShouldBe(1L);
    }

    [Fact]
    public async Task Partial_consent_is_recorded_as_granted()
    {
        await using var world = await FlowWorld.Start(kind);
        var id = await world.Connect("user_1", "alice+partial");
        var integration = await world.Host.Get($"/api/v1/oauth/integrations/{id}");
        var scopes = integration.Json["scopes"]!.AsArray().Select(scope => (string)scope!).ToList();
        scopes.ShouldNotContain("calendar.readonly");
        scopes.ShouldContain("openid");
        var refused = await world.Host.Get($"/api/v1/oauth/integrations/{id}/token?scopes=calendar.readonly");
        refused.Status.ShouldBe(HttpStatusCode.Forbidden);
        refused.Code.ShouldBe("consents.insufficient_scope");
        refused.Json["errors"]!.AsArray().Select(scope => (string)scope!).ShouldBe(["calendar.readonly"]);
        (await world.Sql("SELECT 'calendar.readonly' = ANY (scopes_requested) AND NOT 'calendar.readonly' = ANY (scopes) FROM oauth_consents")).ShouldBe(true);
    }

    [Fact]
    public async Task Direct_completion_returns_to_the_application_with_the_result_in_the_fragment()
    {
        await using var world = await FlowWorld.Start(kind);
        var (browser, callback, flowId) = await world.ReachCallback("user_1", confirm: false, more: new { return_to = "/settings?tab=accounts" });
        using var _ = browser;
        var reply = await browser.Open(callback);
        reply.Status.ShouldBe(HttpStatusCode.SeeOther);
        reply.Location!.OriginalString.ShouldBe($"{world.Host.Origin}/settings?tab=accounts#gk_flow={flowId}");
    }

    [Fact]
    public async Task Second_account_is_a_second_integration_and_the_first_stays_primary()
    {
        await using var world = await FlowWorld.Start(kind);
        var alice = await world.Connect("user_1");
        var bob = await world.Connect("user_1", "bob+auto");
        var again = await world.Connect("user_1");
        again.ShouldBe(alice);
        bob.ShouldNotBe(alice);
        var accounts = (await world.Host.Get("/oauth/sandbox/accounts?user_id=user_1")).Json["accounts"]!.AsArray();
        accounts.Count.ShouldBe(2);
        accounts.Single(account => (bool)account!["is_primary"]!)!["integration_id"]!.GetValue<Guid>().ShouldBe(alice);
        await world.Host.Delete($"/api/v1/oauth/integrations/{alice}");
        Guid.Parse((string)(await world.Host.Get("/oauth/sandbox/token?user_id=user_1")).Json["integration_id"]!).ShouldBe(bob);
    }

    private static async Task<HttpStatusCode> CallApi(FlowWorld world, FlowReply token)
    {
        using var browser = new FlowBrowser();
        var request = new HttpRequestMessage(HttpMethod.Get, world.SandboxOrigin + "/api/me");
        request.Headers.Authorization = new("Bearer", (string)token.Json["access_token"]!);
        return (await browser.Send(request)).Status;
    }
}

public sealed class ConnectFlowOverServerTests() : ConnectFlowTests(HostKind.Server);

public sealed class ConnectFlowOverEmbeddedTests() : ConnectFlowTests(HostKind.Embedded);
