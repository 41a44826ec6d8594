using System.Net;
using Microsoft.AspNetCore.WebUtilities;

namespace Grantkeeper.IntegrationTests.Flows;

/// <summary>Nobody gets more than was asked for, by any way (R183), and what was not granted is not there (R185).</summary>
[Trait("category", "security")]
public sealed class EscalationTests : IAsyncLifetime
{
    private static readonly string[] Asked = ["openid", "offline_access", "calendar.readonly"];
    private FlowWorld _world = null!;

    public async ValueTask InitializeAsync() => _world = await FlowWorld.Start(HostKind.Server, new Dictionary<string, string?>
    {
        ["Grantkeeper:Features:files:display_name"] = "Files", ["Grantkeeper:Features:files:requires:provider"] = "sandbox", ["Grantkeeper:Features:files:requires:scopes:0"] = "files.readonly",
    });

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task Scope_added_to_the_authorization_url_is_recorded_flagged_and_good_for_nothing()
    {
        var id = await ConnectTampered("files.readonly");
        (await _world.Sql("SELECT scopes @> '{files.readonly}' AND unasked_scopes = '{files.readonly}' FROM oauth_integrations")).ShouldBe(true);
        (await _world.Sql("SELECT scopes @> '{files.readonly}' AND NOT scopes_requested @> '{files.readonly}' FROM oauth_consents")).ShouldBe(true);
        (await _world.Sql("SELECT array_to_string(scopes, ' ') || ' ' || code || ' ' || success FROM oauth_audit_log WHERE action = 'scope_escalated'")).ShouldBe("files.readonly grant false");
        var status = (await _world.Host.Get("/oauth/sandbox/status?user_id=user_1")).Json;
        status["warnings"]!.AsArray().Select(warning => (string)warning!).ShouldBe(["scope_escalated"]);
        ((string)status["details"]!["unasked_scopes"]![0]!).ShouldBe("files.readonly");
        (await _world.Host.Get($"/api/v1/oauth/integrations/{id}/timeline")).Body.ShouldContain("granted more than was asked for");
        // Neither a feature nor a read that asks for it, nor the catalogue, takes it for granted.
        var token = await _world.Host.Get("/oauth/sandbox/token?user_id=user_1&scopes=files.readonly");
        (token.Code, (string)token.Json["errors"]![0]!).ShouldBe(("consents.insufficient_scope", "files.readonly"));
        ((string)(await _world.Host.Get("/api/v1/oauth/features/files?user_id=user_1")).Json["state"]!).ShouldBe("locked");
        (await _world.Host.Get("/oauth/sandbox/token?user_id=user_1&scopes=calendar.readonly")).Status.ShouldBe(HttpStatusCode.OK);

        // Asked for, it becomes a scope like any other.
        await _world.Connect("user_1", more: new { scopes = Asked.Append("files.readonly") });
        (await _world.Host.Get("/oauth/sandbox/token?user_id=user_1&scopes=files.readonly")).Status.ShouldBe(HttpStatusCode.OK);
        (await _world.Host.Get("/oauth/sandbox/status?user_id=user_1")).Json["warnings"]!.AsArray().ShouldBeEmpty();
    }

    [Fact]
    public async Task Refresh_that_widens_a_grant_is_taken_without_what_it_adds()
    {
        var id = await _world.Connect("user_1", more: new { scopes = Asked });
        _world.Tap.Rewrite(ProviderTap.Token, answer => answer.Replace("calendar.readonly", "calendar.readonly calendar.write", StringComparison.Ordinal));
        ((bool)(await _world.Host.Post("/oauth/sandbox/refresh", new { user_id = "user_1" })).Json["success"]!).ShouldBeTrue();
        (await _world.Host.Get("/oauth/sandbox/token?user_id=user_1")).Json["scopes"]!.AsArray().Select(scope => (string)scope!).Order().ShouldBe(Asked.Order());
        (await _world.Sql("SELECT array_to_string(scopes, ' ') || ' ' || code || ' ' || success FROM oauth_audit_log WHERE action = 'scope_escalated'")).ShouldBe("calendar.write refresh false");
        (await _world.Sql("SELECT count(*) FROM oauth_audit_log WHERE action = 'refresh' AND success")).ShouldBe(1L);
        (await _world.Host.Get($"/api/v1/oauth/integrations/{id}/timeline")).Body.ShouldContain("They were not taken over");
        // Narrowed by the provider it is narrower from then on, and no later refresh brings it back.
        _world.Tap.Rewrite(ProviderTap.Token, answer => answer.Replace(" calendar.readonly", "", StringComparison.Ordinal));
        await _world.Host.Post("/oauth/sandbox/refresh", new { user_id = "user_1" });
        (await _world.Host.Get("/oauth/sandbox/token?user_id=user_1&scopes=calendar.readonly")).Code.ShouldBe("consents.insufficient_scope");
        await _world.Host.Post("/oauth/sandbox/refresh", new { user_id = "user_1" });
        (await _world.Host.Get("/oauth/sandbox/token?user_id=user_1&scopes=calendar.readonly")).Code.ShouldBe("consents.insufficient_scope");
    }

    [Theory]
    [InlineData("openid calendar.readonly calendar.write", 1), InlineData("openid calendar.readonly", 0), InlineData("", 0)]
    public async Task Callback_that_names_more_than_was_asked_for_is_flagged_and_decides_nothing(string scope, int flagged)
    {
        var (browser, callback, flowId) = await _world.ReachCallback("user_1", confirm: false, more: new { scopes = Asked });
        using (browser)
            (await browser.Open(QueryHelpers.AddQueryString(callback.AbsoluteUri, "scope", scope))).Status.ShouldBe(HttpStatusCode.OK);
        ((string)(await _world.Flow(flowId, "user_1")).Json["status"]!).ShouldBe("completed");
        (await _world.Sql("SELECT count(*)::int FROM oauth_audit_log WHERE action = 'scope_escalated' AND code = 'callback' AND scopes = '{calendar.write}'")).ShouldBe(flagged);
        (await _world.Sql("SELECT unasked_scopes = '{}' AND NOT scopes @> '{calendar.write}' FROM oauth_integrations")).ShouldBe(true);
    }

    [Fact]
    public async Task Unticked_scope_is_not_granted_and_its_feature_stays_locked()
    {
        await _world.Connect("user_1", "alice+partial", more: new { scopes = Asked.Append("files.readonly") });
        (await _world.Sql("SELECT scopes @> '{files.readonly}' FROM oauth_integrations")).ShouldBe(false);
        var feature = (await _world.Host.Get("/api/v1/oauth/features/files?user_id=user_1")).Json;
        ((bool)feature["active"]!, (string)feature["reason"]!, (string)feature["missing"]![0]!).ShouldBe((false, "scopes_missing", "files.readonly"));
    }

    [Fact]
    public async Task Scopes_of_an_earlier_consent_that_come_back_are_no_escalation()
    {
        await _world.Connect("user_1", more: new { scopes = Asked.Append("files.readonly") });
        // As a provider with incremental authorization answers: the new grant holds the old one too.
        _world.Tap.Rewrite(ProviderTap.Token, answer => answer.Replace("calendar.readonly", "calendar.readonly files.readonly", StringComparison.Ordinal));
        await _world.Connect("user_1", more: new { scopes = Asked });
        (await _world.Sql("SELECT count(*) FROM oauth_audit_log WHERE action = 'scope_escalated'")).ShouldBe(0L);
        (await _world.Host.Get("/oauth/sandbox/token?user_id=user_1&scopes=files.readonly")).Status.ShouldBe(HttpStatusCode.OK);
    }

    /// <summary>Connects with an authorization URL to which a scope was added on its way.</summary>
    private async Task<Guid> ConnectTampered(string added)
    {
        var started = (await _world.Host.Post("/api/v1/oauth/initiate", new { provider = "sandbox", user_id = "user_1", login_hint = "alice+auto", confirm = false, scopes = Asked })).Json;
        using var browser = new FlowBrowser();
        var honest = (await browser.Open((string)started["authorization_url"]!)).Location!;
        var tampered = honest.AbsoluteUri.Replace("calendar.readonly", $"calendar.readonly%20{added}", StringComparison.Ordinal);
        tampered.ShouldNotBe(honest.AbsoluteUri);
        var page = await browser.Open(await browser.FollowUntil(tampered, $"{_world.Host.Origin}/oauth/sandbox/callback"));
        page.Status.ShouldBe(HttpStatusCode.OK, page.Body);
        return (Guid)(await _world.Flow((Guid)started["flow_id"]!, "user_1")).Json["integration_id"]!;
    }
}
