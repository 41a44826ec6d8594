using System.Net;
using System.Web;
using Grantkeeper.IntegrationTests.Flows;
using Grantkeeper.Testing.Peers;

namespace Grantkeeper.IntegrationTests.Peers;

/// <summary>
/// The flows against a certified server that this project did not write: PKCE required, rotation with reuse detection,
/// a client id and secret full of characters that HTTP Basic carries only form-encoded.
/// </summary>
[Trait("category", "providers")]
public sealed class OidcProviderFlowTests
{
    [Theory]
    [InlineData("odd:id", OidcProviderPeer.OddSecret)]
    [InlineData("post", "post-secret")]
    [InlineData("public", null)]
    public async Task Account_is_connected_refreshed_many_times_and_revoked(string clientId, string? secret)
    {
        await using var world = await PeerWorld.Start(clientId, secret);
        await world.Connect();
        (await world.Peer.Stats()).Log.Count(entry => entry is { Event: "grant.success", Grant: "authorization_code" }).ShouldBe(1);

        var token = await world.ReadToken();
        token.Status.ShouldBe(HttpStatusCode.OK, token.Body);
        var account = await world.UserInfo(token);
        ((string)account.Json["sub"]!).ShouldBe("alice", account.Body);

        for (var generation = 2; generation <= 6; generation++)
        {
            await world.Expire();
            var next = await world.ReadToken();
            next.Status.ShouldBe(HttpStatusCode.OK, next.Body);
            ((long)next.Json["generation"]!).ShouldBe(generation);
            ((string)next.Json["access_token"]!).ShouldNotBe((string)token.Json["access_token"]!);
            token = next;
        }

        var stats = await world.Peer.Stats();
        (stats.Refreshes, stats.RefusedRefreshes, stats.RevokedGrants).ShouldBe((5, 0, 0));

        var gone = await world.Host.Post($"/oauth/{PeerWorld.Provider}/disconnect", new { user_id = PeerWorld.User });
        ((string)gone.Json["provider_revocation"]!).ShouldBe("confirmed", gone.Body);
        stats = await world.Peer.Stats();
        (stats.Of("POST", OidcProviderPeer.RevocationPath), stats.RevokedGrants).ShouldBe((1, 1));
        (await world.UserInfo(token)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await world.ReadToken()).Code.ShouldBe("integrations.not_connected");
    }

    [Fact]
    public async Task Identity_and_granted_scopes_come_from_the_provider()
    {
        await using var world = await PeerWorld.Start();
        await world.Connect();
        var account = (await world.Host.Get($"/oauth/{PeerWorld.Provider}/accounts?user_id={PeerWorld.User}")).Json["accounts"]!.AsArray().ShouldHaveSingleItem()!;
        ((string)account["account_id"]!).ShouldBe("alice");
        ((string)account["display_name"]!).ShouldBe("ALICE");
        ((string)account["email"]!).ShouldBe("alice@example.test");
    }

    [Fact]
    public async Task Denial_is_told_and_stores_nothing()
    {
        await using var world = await PeerWorld.Start();
        var (browser, callback, flowId) = await world.ReachCallback("deny");
        using var _ = browser;
        HttpUtility.ParseQueryString(callback.Query)["error"].ShouldBe("access_denied");
        var page = await browser.Open(callback);
        ((string)PopupPage.MessageOf(page)["code"]!).ShouldBe("connect.access_denied");
        ((string)(await world.Flow(flowId)).Json["status"]!).ShouldBe("denied");
        (await world.Sql("SELECT count(*) FROM oauth_integrations")).ShouldBe(0L);
        (await world.Peer.Stats()).TokenRequests.ShouldBe(0);
    }

    [Fact]
    public async Task Partial_consent_is_recorded_as_granted_and_missing_scopes_are_named()
    {
        await using var world = await PeerWorld.Start();
        var id = await world.Connect("partial");
        var granted = (await world.Host.Get($"/api/v1/oauth/integrations/{id}")).Json["scopes"]!.AsArray().Select(scope => (string)scope!).ToList();
        granted.ShouldContain("api:read");
        granted.ShouldNotContain("api:write");
        (await world.ReadToken("&scopes=api:read")).Status.ShouldBe(HttpStatusCode.OK);
        var refused = await world.ReadToken("&scopes=api:write");
        refused.Code.ShouldBe("consents.insufficient_scope");
        refused.Json["errors"]!.AsArray().Select(scope => (string)scope!).ShouldBe(["api:write"]);
    }

    [Fact]
    public async Task Replayed_callback_is_refused_and_sends_nothing()
    {
        await using var world = await PeerWorld.Start();
        var (browser, callback, flowId) = await world.ReachCallback();
        using var _ = browser;
        (await browser.Open(callback)).Status.ShouldBe(HttpStatusCode.OK);
        var replayed = await browser.Open(callback);
        replayed.Status.ShouldBe(HttpStatusCode.BadRequest);
        replayed.Body.ShouldContain("connect.state_used");
        using var stranger = new FlowBrowser();
        (await stranger.Open(callback)).Body.ShouldContain("connect.browser_mismatch");
        await world.Completed(flowId);
        var stats = await world.Peer.Stats();
        (stats.TokenRequests, stats.RevokedGrants).ShouldBe((1, 0));
        (await world.UserInfo(await world.ReadToken())).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("lost")]
    [InlineData("cut")]
    [InlineData("503")]
    public async Task Code_is_sent_once_whatever_becomes_of_the_answer(string fault)
    {
        await using var world = await PeerWorld.Start();
        var (browser, callback, flowId) = await world.ReachCallback();
        using var _ = browser;
        await world.Peer.Fault(OidcProviderPeer.TokenPath, fault switch
        {
            "lost" => PeerFault.LostAnswer(),
            "cut" => PeerFault.CutConnection(),
            _ => PeerFault.Answer(503),
        });
        var page = await browser.Open(callback);
        ((string)PopupPage.MessageOf(page)["code"]!).ShouldBe("connect.exchange_failed");
        ((string)(await world.Flow(flowId)).Json["status"]!).ShouldBe("failed");
        (await world.Peer.Stats()).TokenRequests.ShouldBe(1);
    }

    [Fact]
    public async Task Lost_answer_of_a_refresh_serves_the_old_token_to_its_end_and_then_asks_for_the_user()
    {
        await using var world = await PeerWorld.Start();
        await world.Connect();
        var token = await world.ReadToken();
        await world.Peer.Reset();
        await world.Peer.Fault(OidcProviderPeer.TokenPath, PeerFault.LostAnswer());

        var failed = await world.Host.Post($"/oauth/{PeerWorld.Provider}/refresh", new { user_id = PeerWorld.User });
        failed.Code.ShouldBe("tokens.provider_unavailable", failed.Body);
        var stats = await world.Peer.Stats();
        (stats.TokenRequests, stats.Refreshes).ShouldBe((1, 1), "the provider has rotated, and the answer is gone");

        // The access token is still good: it is served, and the one that may be dead is not tried again.
        var served = await world.ReadToken();
        ((string)served.Json["access_token"]!).ShouldBe((string)token.Json["access_token"]!);
        (await world.UserInfo(served)).Status.ShouldBe(HttpStatusCode.OK);
        (await world.Peer.Stats()).TokenRequests.ShouldBe(1);

        // After its end there is one late attempt, which the provider refuses.
        await world.Expire();
        await world.EndBackOff();
        var ended = await world.ReadToken();
        ended.Code.ShouldBe("tokens.reauthorization_required", ended.Body);
        ((string)ended.Json["reason"]!).ShouldBe("ambiguous_refresh");
        ((string)ended.Json["reconnect_url"]!).ShouldStartWith(world.Host.Origin);
        (await world.Peer.Stats()).TokenRequests.ShouldBe(2);
        (await world.ReadToken()).Code.ShouldBe("tokens.reauthorization_required");
        (await world.Peer.Stats()).TokenRequests.ShouldBe(2, "no third attempt");

        // Connecting again keeps the integration.
        await world.Connect();
        (await world.ReadToken()).Status.ShouldBe(HttpStatusCode.OK);
        (await world.Sql("SELECT count(*) FROM oauth_integrations")).ShouldBe(1L);
    }

    [Fact]
    public async Task Single_503_costs_nothing_but_a_moment()
    {
        await using var world = await PeerWorld.Start();
        await world.Connect();
        await world.Expire();
        await world.Peer.Reset();
        await world.Peer.Fault(OidcProviderPeer.TokenPath, PeerFault.Answer(503, """{"error":"temporarily_unavailable"}"""));

        var first = await world.ReadToken();
        if (first.Status != HttpStatusCode.OK)
        {
            first.Code.ShouldBe("tokens.provider_unavailable");
            first.Header("Retry-After").ShouldNotBeEmpty();
            await world.EndBackOff();
            first = await world.ReadToken();
        }

        first.Status.ShouldBe(HttpStatusCode.OK, first.Body);
        var stats = await world.Peer.Stats();
        (stats.TokenRequests, stats.Refreshes, stats.RevokedGrants).ShouldBe((2, 1, 0));
    }

    [Fact]
    public async Task Wrong_secret_is_the_operators_fault_and_costs_no_grant()
    {
        await using var world = await PeerWorld.Start(secret: "wrong");
        var (browser, callback, flowId) = await world.ReachCallback();
        using var _ = browser;
        await browser.Open(callback);
        ((string)(await world.Flow(flowId)).Json["error"]!["code"]!).ShouldBe("providers.client_rejected");
    }
}
