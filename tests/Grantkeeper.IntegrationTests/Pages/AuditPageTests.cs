using Grantkeeper.Testing.Browser;
using Microsoft.Playwright;

namespace Grantkeeper.IntegrationTests.Pages;

/// <summary>The audit log for operators, with and without script.</summary>
[Trait("category", "pages")]
public sealed class AuditPageTests(ChromiumBrowser chromium)
{
    [Theory, InlineData(true), InlineData(false)]
    public async Task An_operator_narrows_the_log_reads_it_page_by_page_and_takes_it_along(bool script)
    {
        const string hostile = "<script>document.title=1</script>";
        await using var world = await PagesWorld.Start(chromium, new() { JavaScriptEnabled = script });
        var id = await world.World.Connect("demo");
        await world.World.Sql($"""
            INSERT INTO oauth_audit_log (user_id, id, action, provider, success, code, actor, user_agent, created_at)
            SELECT 'many', gen_random_uuid(), 'refresh_failed', 'sandbox', false, 'invalid_grant', '{hostile}', '{hostile}', '2026-02-01Z'::timestamptz + n * interval '1 minute' FROM generate_series(1, 60) n
            """);
        await world.SignIn();
        await world.Page.GetByRole(AriaRole.Link, new() { Name = "Audit" }).ClickAsync();
        var lines = world.Page.Locator("ol.history > li");
        await lines.Filter(new() { HasText = "The account was connected." }).GetByRole(AriaRole.Link, new() { Name = "Timeline" }).ClickAsync();
        world.Page.Url.ShouldBe($"{world.Origin}/integrations/{id}");

        await world.Page.GotoAsync($"{world.Origin}/audit");
        await world.Page.GetByLabel("User").FillAsync("many");
        await world.Page.GetByLabel("What happened").SelectOptionAsync("Refresh failed");
        await world.Page.GetByLabel("How it ended").SelectOptionAsync("Not well");
        await world.Page.GetByLabel("From, UTC").FillAsync("2026-02-01");
        await world.Page.GetByLabel("To, UTC").FillAsync("2026-02-01");
        await world.Page.GetByRole(AriaRole.Button, new() { Name = "Show" }).ClickAsync();
        (await lines.CountAsync()).ShouldBe(50);
        (await lines.First.TextContentAsync()).ShouldNotBeNull().ShouldSatisfyAllConditions(
            text => text.ShouldContain("1 Feb 2026, 01:00:00 UTC"), text => text.ShouldContain("Renewing failed."), text => text.ShouldContain($"invalid_grant · for {hostile}"));
        (await world.Page.Locator("main script").CountAsync()).ShouldBe(0);
        await world.Page.GetByRole(AriaRole.Link, new() { Name = "Older" }).ClickAsync();
        (await lines.CountAsync()).ShouldBe(10);
        (await world.Page.GetByLabel("What happened").InputValueAsync()).ShouldBe("refresh_failed");
        var file = await world.Page.RunAndWaitForDownloadAsync(() => world.Page.GetByRole(AriaRole.Button, new() { Name = "as CSV" }).ClickAsync());
        file.SuggestedFilename.ShouldBe("audit.csv");
        (await File.ReadAllLinesAsync(await file.PathAsync(), TestContext.Current.CancellationToken)).Length.ShouldBe(61);
        await world.Page.GetByRole(AriaRole.Link, new() { Name = "Newest" }).ClickAsync();
        (await lines.CountAsync()).ShouldBe(50);

        await world.Page.GotoAsync($"{world.Origin}/audit?user_id=many&action=audit_exported");
        (await lines.CountAsync()).ShouldBe(1);
        (await world.Page.GotoAsync($"{world.Origin}/audit?integration_id=7&from=x&cursor=y"))!.Status.ShouldBe(422);
        (await world.Page.Locator("#faults li").CountAsync()).ShouldBe(3);
        (await world.Page.GetByLabel("Integration").InputValueAsync()).ShouldBe("7");
    }

    [Fact]
    public async Task A_stranger_sees_neither_the_log_nor_the_file()
    {
        await using var world = await PagesWorld.Start(chromium);
        (await world.Page.GotoAsync($"{world.Origin}/audit"))!.Status.ShouldBe(401);
        await world.SignIn();
        // Without the token of the page's own form.
        (await world.Page.APIRequest.PostAsync($"{world.Origin}/audit/export", new() { Form = world.Page.APIRequest.CreateFormData().Set("user_id", "demo") })).Status.ShouldBe(400);
        true.Equals(await world.World.Sql("SELECT NOT EXISTS (SELECT FROM oauth_audit_log WHERE action = 'audit_exported')")).ShouldBeTrue();
    }
}
