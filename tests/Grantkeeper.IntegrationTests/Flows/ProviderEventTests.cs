using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Grantkeeper.Sandbox;
using Grantkeeper.Sandbox.Platforms;

namespace Grantkeeper.IntegrationTests.Flows;

/// <summary>What providers tell by themselves: Wix says that an owner removed the app.</summary>
[Trait("category", "providers")]
public sealed class ProviderEventTests : IAsyncLifetime
{
    private const string Instance = "0f8a7c1e-0000-4000-8000-616c69636520";
    private const string App = "grantkeeper";

    private FlowWorld _world = null!;

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    private SandboxState Wix => _world.Platform("wix");

    // Served from memory, as in production: what is taken away has to leave it.
    public async ValueTask InitializeAsync() =>
        _world = await FlowWorld.Start(HostKind.Server, new Dictionary<string, string?> { ["Grantkeeper:Cache:Life"] = "00:00:05" }, platforms: true);

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private async Task<FlowReply> Tell(string body, string path = "/oauth/wix/events", bool chunked = false)
    {
        using var browser = new FlowBrowser();
        var request = new HttpRequestMessage(HttpMethod.Post, _world.Host.Origin + path) { Content = new StringContent(body, Encoding.ASCII, "text/plain") };
        request.Headers.TransferEncodingChunked = chunked;
        return await browser.Send(request);
    }

    private string Removed(DateTimeOffset? at = null, string instance = Instance) => WixEvents.Body(Wix, App, "AppRemoved", instance, at);

    private async Task<string> Ended(string body)
    {
        var reply = await Tell(body);
        reply.Status.ShouldBe(HttpStatusCode.OK, reply.Body);
        return (string)reply.Json["event"]!;
    }

    [Fact]
    public async Task A_removed_app_ends_every_grant_of_the_site_on_all_nodes_and_says_why()
    {
        var other = await _world.AddNode();
        var first = await _world.Connect("user_1", provider: "wix");
        var second = await _world.Connect("user_2", provider: "wix");
        foreach (var user in new[] { "user_1", "user_2" })
        {
            (await _world.Host.Get($"/oauth/wix/token?user_id={user}")).Status.ShouldBe(HttpStatusCode.OK);
            (await other.Get($"/oauth/wix/token?user_id={user}")).Status.ShouldBe(HttpStatusCode.OK);
        }

        using (var browser = new FlowBrowser())
        {
            var removed = await browser.Send(new HttpRequestMessage(HttpMethod.Post, _world.SandboxOrigin + "/wix/__sandbox/uninstall/alice")
            {
                Content = new StringContent(new JsonObject { ["webhook_url"] = _world.Host.Origin + "/oauth/wix/events" }.ToJsonString(), Encoding.UTF8, "application/json"),
            });
            removed.Json["delivered"]!.AsArray().Select(status => (int?)status).ShouldBe([200], removed.Body);
        }

        foreach (var (user, id) in new[] { ("user_1", first), ("user_2", second) })
        {
            foreach (var node in new[] { _world.Host, other })
            {
                var refused = await node.Get($"/oauth/wix/token?user_id={user}");
                (refused.Status, (string)refused.Json["code"]!, (string)refused.Json["reason"]!).ShouldBe((HttpStatusCode.Conflict, "tokens.reauthorization_required", "provider_revoked"));
            }

            var integration = (await _world.Host.Get($"/api/v1/oauth/integrations/{id}?user_id={user}")).Json;
            ((string)integration["status"]!, (string)integration["reason"]!, (string)integration["reason_detail"]!).ShouldBe(("error", "reauthorization_required", "provider_revoked"));
            ((long)(await _world.Sql($"SELECT count(*) FROM oauth_tokens WHERE integration_id = '{id}'"))!).ShouldBe(0, "secrets that are worth nothing are not kept");
            (await _world.Sql($"SELECT revoked_reason FROM oauth_consents WHERE integration_id = '{id}'")).ShouldBe("provider_revoked");
            (await _world.Sql($"SELECT action || ' ' || code || ' ' || caller FROM oauth_audit_log WHERE integration_id = '{id}' AND action = 'withdrawn'")).ShouldBe("withdrawn provider_revoked provider:wix");
            var timeline = (await _world.Host.Get($"/api/v1/oauth/integrations/{id}/timeline?user_id={user}")).Json;
            ((string)timeline["verdict"]!["cause"]!).ShouldContain("access was withdrawn there");
        }

        // The owner installs the app again: the same integration works.
        (await _world.Connect("user_1", provider: "wix")).ShouldBe(first);
        (await other.Get("/oauth/wix/token?user_id=user_1")).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task An_event_that_comes_twice_changes_once()
    {
        var id = await _world.Connect("user_1", provider: "wix");
        var body = Removed(Now);
        (await Ended(body)).ShouldBe("ended");
        (await Ended(body)).ShouldBe("ended");
        ((long)(await _world.Sql($"SELECT count(*) FROM oauth_audit_log WHERE integration_id = '{id}' AND action = 'withdrawn'"))!).ShouldBe(1);
        ((int)(await _world.Sql($"SELECT epoch FROM oauth_integrations WHERE id = '{id}'"))!).ShouldBe(2);
    }

    [Fact]
    public async Task An_event_from_before_the_latest_consent_changes_nothing()
    {
        await _world.Connect("user_1", provider: "wix");
        (await Ended(Removed(Now.AddSeconds(-30)))).ShouldBe("ended", "the provider is told nothing about us");
        (await _world.Host.Get("/oauth/wix/token?user_id=user_1")).Status.ShouldBe(HttpStatusCode.OK);
        ((bool)(await _world.Host.Post("/oauth/wix/refresh", new { user_id = "user_1" })).Json["success"]!).ShouldBeTrue();
    }

    [Fact]
    public async Task A_refresh_that_is_under_way_does_not_bring_a_withdrawn_grant_back()
    {
        var id = await _world.Connect("user_1", provider: "wix");
        Wix.Faults.Add(new Grantkeeper.Sandbox.Faults.Fault(Grantkeeper.Sandbox.Faults.FaultEndpoint.Refresh, Grantkeeper.Sandbox.Faults.FaultMode.HoldAnswer));
        var refreshing = _world.Host.Post("/oauth/wix/refresh", new { user_id = "user_1" });
        await Wix.Held.WaitFor(1, TestContext.Current.CancellationToken);
        (await Ended(Removed(Now))).ShouldBe("ended");
        await Wix.Held.Release(deliver: true);
        (await refreshing).Json["success"]?.GetValue<bool>().ShouldBeFalse();
        ((string)(await _world.Host.Get($"/api/v1/oauth/integrations/{id}?user_id=user_1")).Json["reason_detail"]!).ShouldBe("provider_revoked");
        (await _world.Host.Get("/oauth/wix/token?user_id=user_1")).Status.ShouldBe(HttpStatusCode.Conflict);
    }

    [Fact]
    public async Task An_app_of_the_older_kind_is_told_in_the_same_way()
    {
        await _world.Connect("user_1", provider: "wix_oauth_legacy");
        await _world.Connect("user_1", provider: "wix");
        (await Tell(WixEvents.Body(_world.Platform("wix_oauth_legacy"), App, "AppRemoved", Instance), "/oauth/wix_oauth_legacy/events")).Status.ShouldBe(HttpStatusCode.OK);
        (await _world.Host.Get("/oauth/wix_oauth_legacy/token?user_id=user_1")).Status.ShouldBe(HttpStatusCode.Conflict);
        (await _world.Host.Get("/oauth/wix/token?user_id=user_1")).Status.ShouldBe(HttpStatusCode.OK, "another app on the same site");
    }

    [Fact]
    public async Task A_site_that_nobody_connected_is_answered_like_any_other()
    {
        await _world.Connect("user_1", provider: "wix");
        var known = await Tell(Removed(Now));
        var unknown = await Tell(Removed(Now, "0f8a7c1e-0000-4000-8000-000000000000"));
        (unknown.Status, unknown.Body).ShouldBe((known.Status, known.Body));
    }

    [Theory]
    [InlineData("AppInstalled"), InlineData("PaidPlanPurchased"), InlineData("wix.app.v9.something")]
    public async Task Events_of_other_types_are_taken_and_change_nothing(string type)
    {
        await _world.Connect("user_1", provider: "wix");
        (await Ended(WixEvents.Body(Wix, App, type, Instance))).ShouldBe("ignored");
        (await _world.Host.Get("/oauth/wix/token?user_id=user_1")).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [Trait("category", "security")]
    [InlineData("another key"), InlineData("another app"), InlineData("too old"), InlineData("of the future"), InlineData("changed"), InlineData("none"), InlineData("hmac"), InlineData("no token"), InlineData("")]
    public async Task What_the_provider_did_not_sign_for_us_changes_nothing(string kind)
    {
        await _world.Connect("user_1", provider: "wix");
        var good = Removed();
        var parts = good.Split('.');
        string Header(string algorithm) => Base64Url.EncodeToString(Encoding.ASCII.GetBytes($$"""{"alg":"{{algorithm}}","typ":"JWT"}"""));
        var body = kind switch
        {
            "another key" => WixEvents.Body(_world.Platform("google"), App, "AppRemoved", Instance),
            "another app" => WixEvents.Body(Wix, "somebody-elses-app", "AppRemoved", Instance),
            "too old" => Removed(Now.AddDays(-1)),
            "of the future" => Removed(Now.AddMinutes(10)),
            "changed" => $"{parts[0]}.{Removed(instance: "another").Split('.')[1]}.{parts[2]}",
            "none" => $"{Header("none")}.{parts[1]}.",
            // The public key as the secret of an HMAC.
            "hmac" => $"{Header("HS256")}.{parts[1]}." + Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.ASCII.GetBytes(WixEvents.PublicKey(Wix)), Encoding.ASCII.GetBytes($"{Header("HS256")}.{parts[1]}"))),
            "no token" => """{"eventType":"AppRemoved"}""",
            _ => "",
        };
        var reply = await Tell(body);
        (reply.Status, (string)reply.Json["code"]!).ShouldBe((HttpStatusCode.Unauthorized, "providers.event_unverified"));
        (await _world.Host.Get("/oauth/wix/token?user_id=user_1")).Status.ShouldBe(HttpStatusCode.OK);
        (await Ended(good)).ShouldBe("ended", "the same event, as it was signed, does");
    }

    [Theory]
    [InlineData(true), InlineData(false)]
    public async Task A_body_that_is_no_event_for_its_size_is_not_read(bool chunked)
    {
        var reply = await Tell(new string('a', 64 * 1024 + 1), chunked: chunked);
        (reply.Status, (string)reply.Json["code"]!).ShouldBe((HttpStatusCode.RequestEntityTooLarge, "providers.event_too_large"));
    }

    [Theory]
    [InlineData("nobody", 404, "providers.unknown"), InlineData("notion", 404, "providers.events_unsupported")]
    public async Task Other_providers_tell_nothing(string key, int status, string code)
    {
        var reply = await Tell(Removed(), $"/oauth/{key}/events");
        ((int)reply.Status, (string)reply.Json["code"]!).ShouldBe((status, code));
    }

    [Fact]
    public async Task Without_a_key_nothing_is_taken()
    {
        var bare = await _world.AddNode(new Dictionary<string, string?> { ["WIX_WEBHOOK_PUBLIC_KEY"] = null });
        using var browser = new FlowBrowser();
        var reply = await browser.Send(new HttpRequestMessage(HttpMethod.Post, bare.ListensOn + "/oauth/wix/events") { Content = new StringContent(Removed()) });
        (reply.Status, (string)reply.Json["code"]!).ShouldBe((HttpStatusCode.ServiceUnavailable, "providers.events_not_configured"));
    }

    [Theory]
    [InlineData("""{"eventType":"AppRemoved"}""", "the event has no data.instanceId"), InlineData("""{"instanceId":"x"}""", "the event has no data.eventType"), InlineData("nothing", "the event has no data.eventType")]
    public async Task A_signed_event_without_its_parts_is_refused(string data, string fault)
    {
        var reply = await Tell(Wix.Key.Sign(new JsonObject { ["data"] = data, ["iat"] = Now.ToUnixTimeSeconds() }));
        ((string)reply.Json["code"]!, (string)reply.Json["errors"]![0]!).ShouldBe(("requests.invalid", fault));
    }
}
