using System.Net;
using Grantkeeper.Sandbox.Control;

namespace Grantkeeper.IntegrationTests.Flows;

/// <summary>Features of the product: what unlocks them (R174), how more is asked for without losing what is there (R175, R179).</summary>
[Trait("category", "routes")]
public sealed class FeatureTests : IAsyncLifetime, IDisposable
{
    private const string Path = "/api/v1/oauth/features";

    private const string File = """
        features:
          calendar.read:
            display_name: Calendar
            description: Shows your events.
            requires: { provider: sandbox, scopes: [calendar.readonly] }
          calendar.edit:
            display_name: Edit the calendar
            requires: { provider: sandbox, scopes: [calendar.readonly, calendar.write] }
          attachments:
            display_name: Attachments
            requires: { provider: sandbox, any_of: [[files.readonly, calendar.write]] }
          mail:
            display_name: Mail
            requires: { provider: google, scopes: ["https://www.googleapis.com/auth/gmail.send"] }
        """;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("features");
    private FlowWorld _world = null!;

    private string FilePath => System.IO.Path.Combine(_folder.FullName, "features.yaml");

    public async ValueTask InitializeAsync()
    {
        await System.IO.File.WriteAllTextAsync(FilePath, File);
        _world = await FlowWorld.Start(HostKind.Server, new Dictionary<string, string?>(FlowWorld.MoreProviders) { ["GRANTKEEPER_FEATURES_PATH"] = FilePath });
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Features_unlock_with_what_is_granted_and_lock_when_it_goes()
    {
        (await States()).ShouldBe("attachments:locked calendar.edit:locked calendar.read:locked mail:locked");
        var bare = (await _world.Host.Get($"{Path}/calendar.edit?user_id=user_1")).Json;
        bare.ToJsonString().ShouldBe("""
            {"key":"calendar.edit","display_name":"Edit the calendar","description":null,"active":false,"state":"locked","reason":"not_connected","requires":{"provider":"sandbox","scopes":["calendar.readonly","calendar.write"],"any_of":[]},"missing":["calendar.readonly","calendar.write"],"unlock_url":"ORIGIN/api/v1/oauth/features/calendar.edit/unlock","integration_id":null}
            """.Replace("ORIGIN", _world.Host.Origin, StringComparison.Ordinal));

        var id = await _world.Connect("user_1");
        (await States()).ShouldBe("attachments:locked calendar.edit:partial calendar.read:active mail:locked");
        var partial = (await _world.Host.Get($"{Path}/calendar.edit?user_id=user_1")).Json;
        ((string)partial["reason"]!, (string)partial["missing"]!.AsArray().Single()!, (Guid)partial["integration_id"]!).ShouldBe(("scopes_missing", "calendar.write", id));
        (await States("user_2")).ShouldBe("attachments:locked calendar.edit:locked calendar.read:locked mail:locked");

        // Another account of the same user is good enough, and a scope of a group is as good as the other.
        await _world.Connect("user_1", "bob+auto", more: new { features = new[] { "calendar.edit" } });
        (await States()).ShouldBe("attachments:active calendar.edit:active calendar.read:active mail:locked");

        foreach (var account in (await _world.Host.Get("/oauth/sandbox/accounts?user_id=user_1")).Json["accounts"]!.AsArray())
            await _world.Host.Delete($"/api/v1/oauth/integrations/{(Guid)account!["integration_id"]!}");
        (await States()).ShouldBe("attachments:locked calendar.edit:locked calendar.read:locked mail:locked");
        (await _world.Host.Get($"{Path}/nothing?user_id=user_1")).Code.ShouldBe("consents.feature_unknown");
        (await _world.Host.Get(Path)).Code.ShouldBe("identity.user_required");
    }

    [Fact]
    public async Task Unlocking_asks_for_what_is_there_and_what_is_missing_at_the_same_integration()
    {
        var id = await _world.Connect("user_1", more: new { scopes = new[] { "openid", "offline_access", "files.readonly" } });
        var unlock = await _world.Host.Post($"{Path}/calendar.edit/unlock", new { user_id = "user_1", login_hint = "alice+auto", confirm = false });
        unlock.Status.ShouldBe(HttpStatusCode.OK, unlock.Body);
        unlock.Json["missing"]!.AsArray().Select(scope => (string)scope!).ShouldBe(["calendar.readonly", "calendar.write"]);
        ((int)unlock.Json["expires_in"]!).ShouldBe(600);
        (await Finish(unlock)).ShouldBe("completed");
        (await _world.Sql("SELECT count(*) FROM oauth_integrations")).ShouldBe(1L);
        ((string)(await _world.Sql("SELECT array_to_string(ARRAY(SELECT unnest(scopes) ORDER BY 1), ' ') FROM oauth_integrations"))!)
            .ShouldBe("calendar.readonly calendar.write email files.readonly offline_access openid profile");
        (await _world.Sql("SELECT string_agg(coalesce(revoked_reason, 'live'), ' ' ORDER BY id) FROM oauth_consents")).ShouldBe("superseded live");
        ((Guid)(await _world.Host.Get($"{Path}/calendar.edit?user_id=user_1")).Json["integration_id"]!).ShouldBe(id);
        (await _world.Host.Post($"{Path}/calendar.edit/unlock", new { user_id = "user_1" })).Code.ShouldBe("consents.feature_active");
        (await _world.Host.Post($"{Path}/nothing/unlock", new { user_id = "user_1" })).Code.ShouldBe("consents.feature_unknown");
        (await _world.Host.Post($"{Path}/mail/unlock", new { user_id = "user_1" })).Code.ShouldBe("providers.not_configured");
    }

    [Fact]
    public async Task User_who_declines_or_another_account_leaves_the_grant_as_it_was()
    {
        await _world.Connect("user_1");
        var before = await _world.Sql("SELECT i::text || t::text FROM oauth_integrations i JOIN oauth_tokens t ON t.integration_id = i.id");
        var declined = await _world.Host.Post($"{Path}/calendar.edit/unlock", new { user_id = "user_1", login_hint = "deny+auto", confirm = false });
        (await Finish(declined)).ShouldBe("denied");
        // Never opened at all.
        await _world.Host.Post($"{Path}/calendar.edit/unlock", new { user_id = "user_1" });
        var other = await _world.Host.Post($"{Path}/calendar.edit/unlock", new { user_id = "user_1", login_hint = "bob+auto", confirm = false });
        (await Finish(other)).ShouldBe("failed");
        (await _world.Sql("SELECT i::text || t::text FROM oauth_integrations i JOIN oauth_tokens t ON t.integration_id = i.id")).ShouldBe(before);
        ((bool)(await _world.Host.Post("/oauth/sandbox/refresh", new { user_id = "user_1" })).Json["success"]!).ShouldBeTrue();
        (await States()).ShouldContain("calendar.read:active");
    }

    [Fact]
    public async Task Refresh_token_survives_an_unlock_that_brings_none()
    {
        await _world.Connect("user_1");
        await _world.Break("token", "no_refresh_token");
        (await Finish(await _world.Host.Post($"{Path}/calendar.edit/unlock", new { user_id = "user_1", login_hint = "alice+auto", confirm = false }))).ShouldBe("completed");
        (await _world.Sql("SELECT refresh_token IS NOT NULL FROM oauth_tokens")).ShouldBe(true);
        var refreshed = await _world.Host.Post("/oauth/sandbox/refresh", new { user_id = "user_1" });
        ((bool)refreshed.Json["success"]!).ShouldBeTrue(refreshed.Body);
        _world.Counters[Counter.ReuseDetected].ShouldBe(0);
    }

    [Fact]
    public async Task Reconnect_that_names_nothing_asks_for_what_was_asked_for_before()
    {
        var id = await _world.Connect("user_1", "alice+partial", more: new { scopes = new[] { "openid", "offline_access", "calendar.write", "files.readonly" } });
        await _world.Connect("user_1", more: new { integration_id = id });
        (await _world.Sql("SELECT scopes @> '{calendar.write,files.readonly}' FROM oauth_integrations")).ShouldBe(true);
    }

    [Fact]
    public async Task Features_are_asked_for_at_every_start()
    {
        (await Scopes("/oauth/sandbox/auth?user_id=user_1&features=calendar.edit%20attachments")).ShouldBe(["openid", "calendar.readonly", "calendar.write", "files.readonly", "profile", "email", "offline_access"]);
        (await _world.Host.Get("/oauth/sandbox/auth?user_id=user_1&features=nothing")).Code.ShouldBe("consents.feature_unknown");
        (await _world.Host.Get("/oauth/sandbox/auth?user_id=user_1&features=mail")).Code.ShouldBe("requests.invalid");
        (await _world.Host.Get("/oauth/sandbox/auth?user_id=user_1&features=calendar.edit&role=user")).Code.ShouldBe("consents.scope_not_allowed");
        // Named scopes stay what was named; the feature comes on top.
        var initiated = (await _world.Host.Post("/api/v1/oauth/initiate", new { provider = "sandbox", user_id = "user_1", scopes = new[] { "openid" }, features = new[] { "attachments" } })).Json;
        initiated["scopes"]!.AsArray().Select(scope => (string)scope!).ShouldBe(["openid", "files.readonly"]);

        // A connect session carries its features.
        (await _world.Host.Post("/api/v1/oauth/connect-sessions", new { user_id = "user_1", features = new[] { "nothing" } })).Code.ShouldBe("requests.invalid");
        (await _world.Host.Post("/api/v1/oauth/connect-sessions", new { user_id = "user_1", providers = new[] { "second" }, features = new[] { "attachments" } })).Code.ShouldBe("requests.invalid");
        var session = (await _world.Host.Post("/api/v1/oauth/connect-sessions", new { user_id = "user_1", providers = new[] { "sandbox" }, features = new[] { "attachments" } })).Json;
        var own = (await _world.Host.Post("/api/v1/oauth/initiate", new { provider = "sandbox" }, (string)session["token"]!)).Json;
        own["scopes"]!.AsArray().Select(scope => (string)scope!).ShouldContain("files.readonly");
        var seen = (await _world.Host.Get(Path, (string)session["token"]!)).Json["features"]!.AsArray().Select(feature => (string)feature!["key"]!);
        seen.ShouldBe(["attachments", "calendar.edit", "calendar.read"]);
        (await _world.Host.Get($"{Path}/mail", (string)session["token"]!)).Code.ShouldBe("consents.feature_unknown");
        ((string)(await _world.Host.Post($"{Path}/attachments/unlock", new { login_hint = "alice+auto" }, (string)session["token"]!)).Json["missing"]![0]!).ShouldBe("files.readonly");
        var listed = (await _world.Host.Get("/oauth/providers")).Json["providers"]!.AsArray().Single(provider => (string)provider!["key"]! == "sandbox")!;
        listed["features"]!.AsArray().Select(feature => (string)feature!).ShouldBe(["attachments", "calendar.edit", "calendar.read"]);
    }

    [Fact]
    public async Task Hosted_page_asks_for_the_features_of_its_session()
    {
        var session = (await _world.Host.Post("/api/v1/oauth/connect-sessions", new { user_id = "user_1", providers = new[] { "sandbox" }, features = new[] { "attachments" }, confirm = false })).Json;
        using var browser = new FlowBrowser();
        var opened = await browser.Open((string)session["connect_url"]!);
        await browser.Post((string)session["connect_url"]!, PopupPage.FieldsOf(opened));
        var page = await browser.Open($"{_world.Host.Origin}/connect");
        var fields = PopupPage.FieldsOf(page).Where(field => field.Name.StartsWith("__", StringComparison.Ordinal)).Take(1).Append((Name: "provider", Value: "sandbox")).ToArray();
        var start = await browser.Post($"{_world.Host.Origin}/connect/start", fields);
        start.Status.ShouldBe(HttpStatusCode.SeeOther, start.Body);
        (await _world.Sql("SELECT scopes @> '{files.readonly}' FROM oauth_state")).ShouldBe(true);
    }

    [Fact]
    public async Task File_that_changes_is_in_force_within_seconds_and_a_bad_one_changes_nothing()
    {
        await System.IO.File.WriteAllTextAsync(FilePath, File.Replace("Edit the calendar", "Change the calendar", StringComparison.Ordinal));
        await Eventually(async () => (string)(await _world.Host.Get($"{Path}/calendar.edit?user_id=user_1")).Json["display_name"]! == "Change the calendar");
        await _world.Host.Logs.Until(" 1405 ");
        await System.IO.File.WriteAllTextAsync(FilePath, "features:\n  Calendar!:\n    display_name: x\n  calendar.edit:\n    requires: { provider: sandbox, scopes: [a b] }\n    color: red\nmore: 1\n");
        await Eventually(async () => (string)(await _world.Host.Get("/oauth/health")).Json["components"]!["features"]!["status"]! == "degraded");
        await _world.Host.Logs.Until(" 1406 ");
        var findings = (await _world.Host.Get("/api/v1/oauth/admin/diagnostics")).Json["findings"]!.AsArray().Single(finding => (string)finding!["check"]! == "features")!.ToJsonString();
        foreach (var part in new[] { "more is no member", "is no key of a feature", "display_name is required", "without blanks", "color is not a member" })
            findings.ShouldContain(part);
        ((string)(await _world.Host.Get($"{Path}/calendar.edit?user_id=user_1")).Json["display_name"]!).ShouldBe("Change the calendar");
        await System.IO.File.WriteAllTextAsync(FilePath, File);
        await Eventually(async () => (string)(await _world.Host.Get("/oauth/health")).Json["components"]!["features"]!["status"]! == "healthy");
        ((string)(await _world.Host.Get($"{Path}/calendar.edit?user_id=user_1")).Json["display_name"]!).ShouldBe("Edit the calendar");
    }

    private async Task<string> States(string user = "user_1") => string.Join(' ', (await _world.Host.Get($"{Path}?user_id={user}")).Json["features"]!.AsArray().Select(feature => $"{feature!["key"]}:{feature["state"]}"));

    private async Task<string> Finish(FlowReply started)
    {
        started.Status.ShouldBe(HttpStatusCode.OK, started.Body);
        using var browser = new FlowBrowser();
        await browser.Open(await browser.FollowUntil((string)started.Json["authorization_url"]!, $"{_world.Host.Origin}/oauth/sandbox/callback"));
        return (string)(await _world.Flow((Guid)started.Json["flow_id"]!, "user_1")).Json["status"]!;
    }

    private async Task<IEnumerable<string>> Scopes(string path) => (await _world.Host.Get(path)).Json["details"]!["scopes"]!.AsArray().Select(scope => (string)scope!).ToList();

    private static async Task Eventually(Func<Task<bool>> holds)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!await holds())
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
    }
}
