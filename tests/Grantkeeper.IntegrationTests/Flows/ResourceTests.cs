using System.Net;
using System.Text.Json.Nodes;
using Grantkeeper.Sandbox.Control;
using Grantkeeper.Sandbox.Faults;

namespace Grantkeeper.IntegrationTests.Flows;

/// <summary>What accounts open at the eight platforms: many over several pages, one, none, one without permission.</summary>
[Trait("category", "providers")]
public sealed class ResourceTests : IAsyncLifetime
{
    private const string Calendars = "https://www.googleapis.com/auth/calendar.readonly";

    private FlowWorld _world = null!;

    public async ValueTask InitializeAsync() => _world = await FlowWorld.Start(HostKind.Server, platforms: true);

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private static object? More(string key) => key switch
    {
        "google" => new { scopes = new[] { Calendars } },
        "microsoft" => new { scopes = new[] { "Calendars.Read" } },
        _ => null,
    };

    private async Task<JsonNode> Read(string key, string user)
    {
        var reply = await _world.Host.Get($"/oauth/{key}/resources?user_id={user}");
        reply.Status.ShouldBe(HttpStatusCode.OK, reply.Body);
        return reply.Json;
    }

    [Theory]
    [InlineData("google", "calendar", "alice@example.com calendar2@group.calendar.example.com calendar3@group.calendar.example.com calendar4@group.calendar.example.com calendar5@group.calendar.example.com", "owner owner owner owner freeBusyReader")]
    [InlineData("gsc", "site", "https://site1.example.com/ sc-domain:example.com https://site3.example.com/ https://site4.example.com/ https://site5.example.com/", "siteOwner siteOwner siteOwner siteOwner siteUnverifiedUser")]
    [InlineData("youtube", "channel", "UCalice0000000000000000", "-")]
    [InlineData("microsoft", "calendar", "AAMkAGI2TGuLAAA1= AAMkAGI2TGuLAAA2= AAMkAGI2TGuLAAA3= AAMkAGI2TGuLAAA4= AAMkAGI2TGuLAAA5=", "true true true true false")]
    [InlineData("notion", "page", "59833787-2cf9-4fdf-8782-e53db20768a1 59833787-2cf9-4fdf-8782-e53db20768a2 59833787-2cf9-4fdf-8782-e53db20768a3 59833787-2cf9-4fdf-8782-e53db20768a4 59833787-2cf9-4fdf-8782-e53db20768a5", "- - - - -")]
    [InlineData("bing", "site", "https://site1.example.com/ https://site2.example.com/ https://site3.example.com/ https://site4.example.com/ https://site5.example.com/", "true true true true false")]
    [InlineData("wordpress", "blog", "55555556 55555557 55555558 55555559 55555560", "true true true true false")]
    [InlineData("wordpress_oauth21", "blog", "55555556 55555557 55555558 55555559 55555560", "true true true true false")]
    [InlineData("wix", "site", "c993128b-0000-4000-8000-000000000005", "-")]
    [InlineData("wix_oauth_legacy", "site", "c993128b-0000-4000-8000-000000000005", "-")]
    public async Task Everything_that_an_account_opens_is_listed(string key, string type, string ids, string permissions)
    {
        var id = await _world.Connect("user_1", "alice+auto", key, More(key));
        var read = await Read(key, "user_1");
        var resources = read["resources"]!.AsArray();
        string.Join(' ', resources.Select(resource => (string)resource!["id"]!)).ShouldBe(ids);
        string.Join(' ', resources.Select(resource => (string?)resource!["permission"] ?? "-")).ShouldBe(permissions);
        resources.ShouldAllBe(resource => (string)resource!["type"]! == type && (string)resource["integration_id"]! == id.ToString() && ((string)resource["name"]!).Length > 0);
        ((bool)read["is_complete"]!).ShouldBeTrue();
        read["problems"]!.AsArray().ShouldBeEmpty();
        read.ToJsonString().ShouldNotContain("258CAD36", customMessage: "what proves ownership is not shown");
    }

    [Theory]
    [InlineData("google"), InlineData("gsc"), InlineData("microsoft"), InlineData("notion"), InlineData("bing"), InlineData("wordpress"), InlineData("wordpress_oauth21")]
    public async Task One_and_none(string key)
    {
        await _world.Connect("user_bob", "bob+auto", key, More(key));
        (await Read(key, "user_bob"))["resources"]!.AsArray().Count.ShouldBe(1);
        await _world.Connect("user_carol", "carol+auto", key, More(key));
        (await Read(key, "user_carol"))["resources"]!.AsArray().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_scope_that_was_not_granted_is_asked_for_and_nothing_is_called()
    {
        await _world.Connect("user_1", provider: "google");
        var before = _world.Platform("google").Counters[Counter.UserinfoCalls];
        var reply = await _world.Host.Get("/oauth/google/resources?user_id=user_1");
        (reply.Status, (string)reply.Json["code"]!).ShouldBe((HttpStatusCode.Forbidden, "consents.insufficient_scope"));
        ((string)reply.Json["reconnect_url"]!).ShouldStartWith(_world.Host.Origin);
        _world.Platform("google").Counters[Counter.UserinfoCalls].ShouldBe(before);
    }

    [Fact]
    public async Task A_token_that_died_early_is_renewed_once()
    {
        await _world.Connect("user_1", provider: "gsc");
        _world.Platform("gsc").Grants.ExpireAccessTokens();
        (await Read("gsc", "user_1"))["resources"]!.AsArray().Count.ShouldBe(5);
        _world.Platform("gsc").Counters[Counter.Refreshes].ShouldBe(1);
    }

    [Theory]
    [InlineData(FaultMode.Status, 503, 503, "providers.api_unreachable"), InlineData(FaultMode.Html, 200, 502, "providers.api_unreadable"), InlineData(FaultMode.Status, 404, 502, "providers.api_unreadable")]
    [InlineData(FaultMode.Cut, null, 503, "providers.api_unreachable")]
    public async Task Trouble_has_a_code(FaultMode mode, int? status, int answer, string code)
    {
        await _world.Connect("user_1", provider: "gsc");
        _world.Platform("gsc").Faults.Add(new Fault(FaultEndpoint.Userinfo, mode, status));
        var reply = await _world.Host.Get("/oauth/gsc/resources?user_id=user_1");
        ((int)reply.Status, (string)reply.Json["code"]!).ShouldBe((answer, code));
    }

    [Fact]
    public async Task What_nobody_described_is_not_supported()
    {
        await _world.Connect("user_1");
        ((string)(await _world.Host.Get("/oauth/sandbox/resources?user_id=user_1")).Json["code"]!).ShouldBe("providers.resources_unsupported");
        ((string)(await _world.Host.Get("/oauth/gsc/resources?user_id=user_1")).Json["code"]!).ShouldBe("integrations.not_connected");
    }
}
