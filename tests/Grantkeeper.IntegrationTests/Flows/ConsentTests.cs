using System.Net;
using System.Text.Json.Nodes;

namespace Grantkeeper.IntegrationTests.Flows;

/// <summary>The record of every consent (R188 to R191): what, when, from where, until when, and how it ended.</summary>
[Trait("category", "routes")]
public sealed class ConsentTests : IAsyncLifetime
{
    private const string Path = "/api/v1/oauth/consents";
    private FlowWorld _world = null!;

    public async ValueTask InitializeAsync() => _world = await FlowWorld.Start(HostKind.Server, new Dictionary<string, string?>
    {
        ["Grantkeeper:Consents:Version"] = "2026-11", ["Grantkeeper:Consents:Lifetime"] = "30.00:00:00", ["Grantkeeper:Cache:Life"] = null,
        ["Grantkeeper:Features:calendar.read:display_name"] = "Calendar", ["Grantkeeper:Features:calendar.read:requires:provider"] = "sandbox",
        ["Grantkeeper:Features:calendar.read:requires:scopes:0"] = "calendar.readonly",
    });

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task Consent_tells_what_when_from_where_which_version_and_until_when()
    {
        var id = await _world.Connect("user_1", "alice+partial", more: new { scopes = new[] { "openid", "offline_access", "calendar.readonly" } });
        var list = (await _world.Host.Get($"{Path}?user_id=user_1")).Json;
        var consent = list["consents"]!.AsArray().ShouldHaveSingleItem()!;
        ((Guid)consent["integration_id"]!, (string)consent["consent_version"]!, (string?)consent["revoked_reason"]).ShouldBe((id, "2026-11", null));
        consent["scopes_requested"]!.AsArray().Count.ShouldBe(3);
        consent["scopes_granted"]!.AsArray().Count.ShouldBe(2);
        ((DateTimeOffset)consent["expires_at"]! - (DateTimeOffset)consent["granted_at"]!).ShouldBe(TimeSpan.FromDays(30));
        ((string)consent["ip_address"]!).ShouldBeOneOf("127.0.0.1", "::1");
        list["summary"]!.ToJsonString().ShouldBe("""{"active":1,"expired":0,"revoked":0,"expiring_soon":1}""");
    }

    [Fact]
    public async Task Later_consent_and_disconnect_end_it_with_a_reason_and_the_history_is_paged()
    {
        var id = await _world.Connect("user_1");
        await _world.Connect("user_1");
        await _world.Connect("user_2", "bob+auto");
        await _world.Host.Delete($"/api/v1/oauth/integrations/{id}?reason=moved%20away");
        var first = (await _world.Host.Get($"{Path}?user_id=user_1&limit=1")).Json;
        ((string)first["consents"]![0]!["revoked_reason"]!).ShouldBe("superseded");
        first["summary"]!.ToJsonString().ShouldBe("""{"active":0,"expired":0,"revoked":2,"expiring_soon":0}""");
        var second = (await _world.Host.Get($"{Path}?user_id=user_1&limit=1&cursor={(string)first["next_cursor"]!}&integration_id={id}")).Json;
        ((string)second["consents"]![0]!["revoked_reason"]!, second["consents"]![0]!["revoked_at"] is null, (string?)second["next_cursor"]).ShouldBe(("moved away", false, null));
        // One's own only; everybody's for administrators.
        (await _world.Host.Get($"{Path}?user_id=user_2&integration_id={id}")).Json["consents"]!.AsArray().ShouldBeEmpty();
        (await _world.Host.Get(Path)).Json["consents"]!.AsArray().Count.ShouldBe(3);
        var reader = (string)(await _world.Host.Post("/api/v1/oauth/admin/api-keys", new { name = "reader", permissions = new[] { "oauth:read" } })).Json["key"]!;
        (await _world.Host.Get(Path, reader)).Code.ShouldBe("identity.user_required");
        (await _world.Host.Get($"{Path}?user_id=user_1", reader)).Status.ShouldBe(HttpStatusCode.OK);
        (await _world.Host.Get($"{Path}?user_id=user_1&limit=0")).Code.ShouldBe("requests.invalid");
        (await _world.Host.Get($"{Path}?user_id=user_1&integration_id=x")).Code.ShouldBe("integrations.not_found");
        (await _world.Host.Get($"{Path}?user_id=user_1", null)).Status.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Past_its_end_nothing_is_served_features_lock_and_a_new_consent_mends_it()
    {
        var id = await _world.Connect("user_1");
        (await Feature()).ShouldBe("active");
        await _world.Sql("UPDATE oauth_consents SET expires_at = now() - interval '1 second'; UPDATE oauth_integrations SET consent_expires_at = now() - interval '1 second'");
        var node = await _world.AddNode();
        var token = await node.Get("/oauth/sandbox/token?user_id=user_1");
        (token.Code, (string)token.Json["reason"]!, (string)token.Json["reconnect_url"]!).ShouldBe(("tokens.reauthorization_required", "consent_expired", $"{_world.Host.Origin}/connect/integrations/{id}"), token.Body);
        (await node.Post($"/api/v1/oauth/integrations/{id}/refresh", new { })).Json["error"]?["code"]?.ToString().ShouldBe("tokens.reauthorization_required");
        var status = (await node.Get("/oauth/sandbox/status?user_id=user_1")).Json;
        ((bool)status["connected"]!, (string)status["warnings"]![0]!, (string)status["error"]!["code"]!).ShouldBe((false, "consent_expired", "tokens.reauthorization_required"));
        (await Feature()).ShouldBe("locked consent_expired");
        ((string)(await node.Get($"/api/v1/oauth/integrations/{id}/timeline")).Json["verdict"]!["summary"]!).ShouldBe("The user's consent has ended.");
        (await _world.Host.Get($"{Path}?user_id=user_1")).Json["summary"]!.ToJsonString().ShouldBe("""{"active":0,"expired":1,"revoked":0,"expiring_soon":0}""");
        (await _world.Sql("SELECT refresh_token IS NOT NULL FROM oauth_tokens")).ShouldBe(true);

        (await _world.Connect("user_1")).ShouldBe(id);
        (await node.Get("/oauth/sandbox/token?user_id=user_1")).Status.ShouldBe(HttpStatusCode.OK);
        (await Feature()).ShouldBe("active");
    }

    [Theory]
    [InlineData("en"), InlineData("de"), InlineData("es"), InlineData("fr"), InlineData("ja")]
    public async Task Users_read_on_the_hosted_page_when_from_where_and_until_when(string language)
    {
        await _world.Connect("user_1");
        var session = (await _world.Host.Post("/api/v1/oauth/connect-sessions", new { user_id = "user_1", language })).Json;
        using var browser = new FlowBrowser();
        var address = (string)session["connect_url"]!;
        await browser.Post(address, PopupPage.FieldsOf(await browser.Open(address)));
        var page = WebUtility.HtmlDecode((await browser.Open($"{_world.Host.Origin}/connect")).Body);
        var texts = Grantkeeper.Texts.PageTexts.In(language);
        var from = (string)(await _world.Sql("SELECT host(ip_address) FROM oauth_consents WHERE NOT is_revoked"))!;
        foreach (var text in new[] { texts["consent.summary"], texts["consent.given"], texts["consent.ends"], texts.Of("consent.from", ("where", from)) })
            page.ShouldContain(text);
        await _world.Sql("UPDATE oauth_integrations SET consent_expires_at = now() - interval '1 second'");
        WebUtility.HtmlDecode((await browser.Open($"{_world.Host.Origin}/connect")).Body).ShouldContain(texts["consent.ended"]);
    }

    [Fact]
    public async Task Without_a_lifetime_a_consent_has_no_end()
    {
        await using var world = await FlowWorld.Start(HostKind.Server);
        await world.Connect("user_1");
        (await world.Sql("SELECT consent_version || coalesce(expires_at::text, ' none') FROM oauth_consents")).ShouldBe("1.0 none");
        (await world.Sql("SELECT consent_expires_at IS NULL FROM oauth_integrations")).ShouldBe(true);
    }

    private async Task<string> Feature()
    {
        JsonNode feature = (await _world.Host.Get("/api/v1/oauth/features/calendar.read?user_id=user_1")).Json;
        return $"{(string)feature["state"]!} {(string?)feature["reason"]}".Trim();
    }
}
