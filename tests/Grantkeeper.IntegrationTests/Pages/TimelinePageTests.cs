using System.Net;
using Grantkeeper.IntegrationTests.Flows;
using Grantkeeper.Testing.Browser;
using Microsoft.Playwright;

namespace Grantkeeper.IntegrationTests.Pages;

/// <summary>The page and the API of one integration's history.</summary>
[Trait("category", "pages")]
public sealed class TimelinePageTests(ChromiumBrowser chromium)
{
    [Fact]
    public async Task Long_history_is_read_page_by_page_and_strangers_texts_are_text()
    {
        const string hostile = "<script>document.title=1</script>";
        await using var world = await PagesWorld.Start(chromium);
        var id = await world.World.Connect("demo");
        await world.World.Sql($"""
            INSERT INTO refresh_attempts (user_id, id, integration_id, epoch, generation, class, code, delivery, started_at, duration_ms)
            SELECT 'demo', ('01990000-' || lpad(to_hex(n), 4, '0') || '-7000-8000-000000000000')::uuid, '{id}', 1, n, 'transient', '{hostile}', 'refused', now() - interval '1 day' + n * interval '1 second', n
            FROM generate_series(1, 60) n
            """);
        await world.World.Sql($"UPDATE oauth_integrations SET account_name = '{hostile}', account_email = '{hostile}'; UPDATE oauth_consents SET actor = '{hostile}', scopes_requested = scopes_requested || ARRAY['{hostile}']");
        await world.SignIn();
        await world.Page.GotoAsync($"{world.Origin}/integrations/{id}");
        (await world.Page.Locator("ol.history > li").CountAsync()).ShouldBe(50);
        (await world.Page.Locator("main script").CountAsync()).ShouldBe(0);
        (await world.Page.TextContentAsync("h1")).ShouldBe(hostile);
        (await PagesWorld.Chips(world.Page.Locator("main"), "Asked for, not granted")).ShouldBe([hostile]);
        await world.Page.GetByRole(AriaRole.Link, new() { Name = "Older" }).ClickAsync();
        await world.Page.GetByRole(AriaRole.Link, new() { Name = "Newest" }).WaitForAsync();
        (await world.Page.Locator("ol.history > li").CountAsync()).ShouldBe(12);
        (await world.Page.TitleAsync()).ShouldEndWith("Timeline · Grantkeeper");
        (await world.Page.GotoAsync($"{world.Origin}/integrations/{id}?cursor=%3Cscript%3E"))!.Status.ShouldBe(422);
    }

    [Theory]
    [InlineData("01990000-0000-7000-8000-000000000000"), InlineData("nonsense"), InlineData("%3Cscript%3E")]
    public async Task Integration_that_does_not_exist_is_not_found(string id)
    {
        await using var world = await PagesWorld.Start(chromium);
        await world.SignIn();
        (await world.Page.GotoAsync($"{world.Origin}/integrations/{id}"))!.Status.ShouldBe(404);
        (await world.World.Host.Get($"/api/v1/oauth/integrations/{id}/timeline")).Code.ShouldBe("integrations.not_found");
    }

    [Fact]
    public async Task Api_tells_the_same_story()
    {
        await using var world = await FlowWorld.Start(HostKind.Embedded);
        var id = await world.Connect("user-1", "alice+partial");
        var told = (await world.Host.Get($"/api/v1/oauth/integrations/{id}/timeline?user_id=user-1")).Json;
        ((string)told["integration"]!["id"]!).ShouldBe(id.ToString());
        ((string)told["verdict"]!["kind"]!).ShouldBe("limited");
        ((string)told["verdict"]!["actor"]!).ShouldBe("user");
        ((string)told["verdict"]!["reconnect_url"]!).ShouldEndWith($"/connect/integrations/{id}");
        told["missing_scopes"]!.AsArray().Select(scope => (string)scope!).ShouldBe(["calendar.readonly"]);
        told["timeline"]!.AsArray().Select(entry => (string)entry!["event"]!).ShouldBe(["connect", "consent"], ignoreOrder: true);
        told["next_cursor"].ShouldBeNull();

        world.Sandbox.Grants.RevokeUser("alice");
        await world.Expire(id);
        (await world.Host.Get($"/api/v1/oauth/integrations/{id}/token")).Code.ShouldBe("tokens.reauthorization_required");
        var first = (await world.Host.Get($"/api/v1/oauth/integrations/{id}/timeline?limit=1")).Json;
        ((string)first["verdict"]!["kind"]!).ShouldBe("needs_user");
        ((int)first["failure_count"]!).ShouldBe(1);
        var attempt = first["timeline"]!.AsArray().Single()!;
        ((string)attempt["kind"]!, (string)attempt["event"]!, (bool)attempt["success"]!, (string)attempt["code"]!, (long)attempt["generation"]!).ShouldBe(("attempt", "rejected", false, "invalid_grant", 1L));
        var seen = new List<string> { (string)attempt["id"]! };
        for (var cursor = (string?)first["next_cursor"]; cursor is not null;)
        {
            var page = (await world.Host.Get($"/api/v1/oauth/integrations/{id}/timeline?limit=1&cursor={cursor}")).Json;
            seen.AddRange(page["timeline"]!.AsArray().Select(entry => (string)entry!["id"]!));
            cursor = (string?)page["next_cursor"];
        }

        seen.Count.ShouldBe(3);
        seen.ShouldBeUnique();
        seen.ShouldBe(seen.OrderDescending(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Foreign_integration_answers_as_an_unknown_one_and_faults_come_at_once()
    {
        await using var world = await FlowWorld.Start(HostKind.Server);
        var id = await world.Connect("user-1");
        var foreign = await world.Host.Get($"/api/v1/oauth/integrations/{id}/timeline?user_id=user-2");
        (foreign.Status, foreign.Code).ShouldBe((HttpStatusCode.NotFound, "integrations.not_found"));
        var wrong = await world.Host.Get($"/api/v1/oauth/integrations/{id}/timeline?cursor=x&limit=500");
        wrong.Code.ShouldBe("requests.invalid");
        wrong.Json["errors"]!.AsArray().Count.ShouldBe(2);
        (await world.Host.Get($"/api/v1/oauth/integrations/{id}/timeline", key: null)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await world.Host.Get($"/api/v1/oauth/integrations/{id}/timeline?user_id=%01")).Code.ShouldBe("identity.user_invalid");
    }
}
