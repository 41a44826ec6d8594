using System.Net;
using Grantkeeper.IntegrationTests.Flows;
using Grantkeeper.Testing.Browser;
using Microsoft.Playwright;

namespace Grantkeeper.IntegrationTests.Pages;

/// <summary>The accounts page in a real browser: connect, use, connect again, disconnect.</summary>
[Trait("category", "pages")]
public sealed class AccountsPageTests(ChromiumBrowser chromium)
{
    [Fact]
    public async Task Account_is_connected_shown_used_and_disconnected()
    {
        await using var world = await PagesWorld.Start(chromium);
        await world.SignIn();
        (await world.Page.ContentAsync()).ShouldContain("No account yet.");
        (await world.Page.Locator("#totals").CountAsync()).ShouldBe(0);
        await world.Session.Screenshot("pages-accounts-empty");

        await world.Connect("Alice", "calendar.readonly");

        (await world.Notice()).ShouldBe("Sandbox is connected.");
        await world.Session.Screenshot("pages-accounts-connected");
        var card = world.Page.GetByRole(AriaRole.Article);
        (await card.CountAsync()).ShouldBe(1);
        var text = await card.InnerTextAsync();
        text.ShouldContain("Alice");
        text.ShouldContain("Active");
        text.ShouldMatch("Fresh for .+, refreshes itself");
        text.ShouldContain("alice@example.com");
        (await PagesWorld.Chips(card, "Granted")).ShouldContain("offline_access");
        (await PagesWorld.Chips(card, "Granted")).ShouldNotContain("calendar.readonly");
        (await PagesWorld.Chips(card, "Asked for, not granted")).ShouldBe(["calendar.readonly"]);
        await card.GetByText("Consent", new() { Exact = true }).ClickAsync();
        (await PagesWorld.Chips(card, "Asked for")).ShouldContain("calendar.readonly");
        (await card.InnerTextAsync()).ShouldMatch("Given .+ from (127.0.0.1|::1) with Mozilla.+, version 1.0");
        // The picture at the provider is not opened: who looks at which account is nobody else's business.
        (await world.Page.Locator("main img").CountAsync()).ShouldBe(0);

        var printed = await card.Locator("pre.curl").InnerTextAsync();
        printed.ShouldNotContain(FlowHost.ApiKey);
        var token = await PagesWorld.Run(printed);
        token.Status.ShouldBe(HttpStatusCode.OK, token.Body);
        ((string)token.Json["token_type"]!).ShouldBe("Bearer");

        await card.GetByText("Disconnect", new() { Exact = true }).ClickAsync();
        await world.Session.Screenshot("pages-accounts-disconnecting");
        await card.GetByRole(AriaRole.Button, new() { Name = "Disconnect Alice" }).ClickAsync();
        (await world.Notice()).ShouldBe("Disconnected. The provider confirmed that the grant is gone.");
        await world.Session.Screenshot("pages-accounts-disconnected");
        (await world.Page.GetByRole(AriaRole.Article).CountAsync()).ShouldBe(0);
        (await PagesWorld.Run(printed)).Code.ShouldBe("integrations.not_connected");
        await NoTokenIsShown(world, token);
    }

    [Fact]
    public async Task Account_is_named_switched_off_and_on_and_looked_at()
    {
        await using var world = await PagesWorld.Start(chromium);
        await world.SignIn();
        await world.Connect("Alice");
        var card = world.Page.GetByRole(AriaRole.Article);
        async Task Press(string name)
        {
            await card.GetByText("Change", new() { Exact = true }).ClickAsync();
            await card.GetByRole(AriaRole.Button, new() { Name = name }).ClickAsync();
        }

        await card.GetByText("Change", new() { Exact = true }).ClickAsync();
        await card.GetByLabel("Name here").FillAsync("Work <calendar>");
        await world.Session.Screenshot("pages-accounts-change");
        await card.GetByRole(AriaRole.Button, new() { Name = "Save the name" }).ClickAsync();
        (await world.Notice()).ShouldBe("The name is changed.");
        (await card.GetByRole(AriaRole.Heading).InnerTextAsync()).ShouldBe("Work <calendar>");

        await Press("Look at");
        (await world.Notice()).ShouldStartWith("The provider honours the grant");

        await Press("off");
        (await world.Notice()).ShouldStartWith("Switched off.");
        (await card.InnerTextAsync()).ShouldContain("No token is handed out while it is switched off.");
        (await card.GetByRole(AriaRole.Button, new() { Name = "Connect" }).CountAsync()).ShouldBe(0);
        await world.Session.Screenshot("pages-accounts-off");
        (await world.World.Host.Get("/oauth/sandbox/token?user_id=demo")).Code.ShouldBe("tokens.inactive");

        await card.GetByRole(AriaRole.Button, new() { Name = "on", Exact = false }).First.ClickAsync();
        (await world.Notice()).ShouldBe("Switched on again.");
        (await world.World.Host.Get("/oauth/sandbox/token?user_id=demo")).Status.ShouldBe(HttpStatusCode.OK);

        // Off, and its grant is no longer good: switching it on would help nobody.
        await world.World.Sql("UPDATE oauth_integrations SET status = 'inactive', reason = 'switched_off', reason_detail = 'invalid_grant'");
        await world.Page.ReloadAsync();
        (await card.InnerTextAsync()).ShouldContain("The provider no longer accepts this grant");
        (await card.GetByRole(AriaRole.Button, new() { Name = "Switch" }).CountAsync()).ShouldBe(0);
        (await card.GetByRole(AriaRole.Button, new() { Name = "Connect" }).CountAsync()).ShouldBe(1);
    }

    [Fact]
    public async Task Page_says_how_many_accounts_there_are_and_how_they_stand()
    {
        await using var world = await PagesWorld.Start(chromium);
        await world.World.Connect("demo");
        var ended = await world.World.Connect("demo", "bob+auto");
        var gone = await world.World.Connect("demo", "carol+auto");
        await world.World.Connect("somebody_else");
        await world.World.Sql($"UPDATE oauth_tokens SET expires_at = now() - interval '1 second', refresh_token = NULL WHERE integration_id = '{ended}'");
        await world.World.Sql($"UPDATE oauth_consents SET expires_at = now() + interval '3 days' WHERE integration_id = '{ended}'");
        await world.World.Host.Delete($"/api/v1/oauth/integrations/{gone}");
        await world.SignIn();
        (await world.Page.Locator("#totals").InnerTextAsync()).ShouldBe("3 accounts: 1 active, 1 expired, 1 disconnected. One consent ends within 30 days.");
        await world.Session.Screenshot("pages-accounts-totals");
    }

    [Fact]
    public async Task What_was_not_granted_can_be_asked_for_once_more()
    {
        await using var world = await PagesWorld.Start(chromium);
        await world.SignIn();
        await world.Connect("Alice", "calendar.readonly");
        var id = await world.World.Sql("SELECT id FROM oauth_integrations");

        await world.Page.GetByRole(AriaRole.Button, new() { Name = "Ask Alice Archer for what is missing" }).ClickAsync();
        await world.Allow();

        (await world.World.Sql("SELECT id FROM oauth_integrations")).ShouldBe(id);
        var card = world.Page.GetByRole(AriaRole.Article);
        (await PagesWorld.Chips(card, "Granted")).ShouldContain("calendar.readonly");
        (await card.GetByRole(AriaRole.Button, new() { Name = "what is missing" }).CountAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task Denial_is_explained_on_the_page()
    {
        await using var world = await PagesWorld.Start(chromium);
        await world.SignIn();
        await world.Page.GetByRole(AriaRole.Button, new() { Name = "Connect Sandbox" }).ClickAsync();
        await world.Page.GetByRole(AriaRole.Button, new() { Name = "Alice" }).ClickAsync();
        await world.Page.GetByRole(AriaRole.Button, new() { Name = "Deny" }).ClickAsync();
        await world.Heading("Accounts");
        (await world.Notice()).ShouldStartWith("Sandbox was not connected: The user, or the user's administrator, declined");
        await world.Session.Screenshot("pages-accounts-denied");
        (await world.World.Sql("SELECT count(*) FROM oauth_integrations")).ShouldBe(0L);
    }

    [Fact]
    public async Task Account_that_needs_its_user_is_connected_again_and_keeps_its_id()
    {
        await using var world = await PagesWorld.Start(chromium);
        var id = await world.World.Connect("demo");
        await world.World.Sql("UPDATE oauth_integrations SET status = 'error', reason = 'reauthorization_required', reason_detail = 'invalid_grant'");
        await world.SignIn();
        var card = world.Page.Locator($"#integration-{id}");
        (await card.InnerTextAsync()).ShouldContain("Needs its user");
        (await card.InnerTextAsync()).ShouldContain("The provider no longer accepts this grant");
        (await card.Locator("pre").CountAsync()).ShouldBe(0);
        await world.Session.Screenshot("pages-accounts-needs-user");

        await card.GetByRole(AriaRole.Button, new() { Name = "again" }).ClickAsync();
        await world.Consent("Alice");
        (await world.Notice()).ShouldBe("Sandbox is connected.");
        (await world.Page.Locator($"#integration-{id}").InnerTextAsync()).ShouldContain("Active");
        (await world.World.Sql("SELECT count(*) FROM oauth_integrations")).ShouldBe(1L);
    }

    [Fact]
    public async Task Connecting_again_with_another_account_is_refused_and_explained()
    {
        await using var world = await PagesWorld.Start(chromium);
        var id = await world.World.Connect("demo");
        await world.World.Sql("UPDATE oauth_integrations SET status = 'error', reason = 'reauthorization_required', reason_detail = 'invalid_grant'");
        await world.SignIn();
        await world.Page.Locator($"#integration-{id}").GetByRole(AriaRole.Button, new() { Name = "again" }).ClickAsync();
        await world.Consent("Bob");
        (await world.Notice()).ShouldContain("another account than the one that is connected");
    }

    [Fact]
    public async Task Reconnect_url_of_an_answer_leads_to_the_account()
    {
        await using var world = await PagesWorld.Start(chromium);
        var id = await world.World.Connect("user 42");
        await world.World.Sql("UPDATE oauth_integrations SET status = 'error', reason = 'reauthorization_required', reason_detail = 'invalid_grant'");
        var address = (string)(await world.World.Host.Get("/oauth/sandbox/token?user_id=user%2042")).Json["reconnect_url"]!;
        (await world.Page.GotoAsync(address))!.Status.ShouldBe(401);
        await world.SignIn();
        (await world.Page.GotoAsync(address))!.Status.ShouldBe(200);
        world.Page.Url.ShouldBe($"{world.Origin}/accounts?user_id=user%2042#integration-{id}");
        (await world.Page.GotoAsync(address[..^4] + "0000"))!.Status.ShouldBe(404);
    }

    [Fact]
    public async Task Second_account_is_read_by_its_id()
    {
        await using var world = await PagesWorld.Start(chromium);
        await world.World.Connect("demo");
        var bob = await world.World.Connect("demo", "bob+auto");
        await world.SignIn();
        var printed = await world.Page.Locator($"#integration-{bob} pre.curl").InnerTextAsync();
        var token = await PagesWorld.Run(printed);
        Guid.Parse((string)token.Json["integration_id"]!).ShouldBe(bob);
    }

    [Fact]
    public async Task Hostile_names_and_user_ids_are_text()
    {
        const string name = "<img src=x onerror=\"document.title='owned'\">'\"&";
        const string user = "\"><script>document.title='owned'</script>'$(touch /tmp/owned)`id`\\";
        await using var world = await PagesWorld.Start(chromium);
        await world.SignIn();
        await world.Page.GetByLabel("User").FillAsync(user);
        await world.Page.GetByRole(AriaRole.Button, new() { Name = "Show accounts" }).ClickAsync();
        await world.Connect();
        await world.World.Sql($"UPDATE oauth_integrations SET account_name = '{name.Replace("'", "''", StringComparison.Ordinal)}', account_email = '<b>mail</b>', scopes = ARRAY['<i>scope</i>']");
        await world.Page.ReloadAsync();

        (await world.Page.GetByLabel("User").InputValueAsync()).ShouldBe(user);
        (await world.Page.GetByRole(AriaRole.Article).InnerTextAsync()).ShouldContain(name);
        (await world.Page.Locator("main script, main img, main b, main i").CountAsync()).ShouldBe(0);
        (await world.Page.TitleAsync()).ShouldBe("Accounts · Grantkeeper");
        await world.Session.Screenshot("pages-accounts-hostile");
        var token = await PagesWorld.Run(await world.Page.Locator("article pre.curl").InnerTextAsync());
        token.Status.ShouldBe(HttpStatusCode.OK, token.Body);
    }

    [Fact]
    public async Task Keyboard_alone_is_enough()
    {
        await using var world = await PagesWorld.Start(chromium);
        await world.Page.GotoAsync(await world.NewLink());
        await Press(world.Page, "Sign in");
        await world.Heading("Accounts");
        await Press(world.Page, "Connect Sandbox");
        await world.Page.GetByRole(AriaRole.Heading, new() { Name = "Choose an account" }).WaitForAsync();
        await Press(world.Page, "Alice");
        await world.Page.GetByRole(AriaRole.Button, new() { Name = "Allow" }).WaitForAsync();
        await Press(world.Page, "Allow");
        await world.Heading("Accounts");
        (await world.Notice()).ShouldBe("Sandbox is connected.");
        await Press(world.Page, "Disconnect", exact: true);
        await Press(world.Page, "Disconnect Alice");
        await world.Page.GetByText("Disconnected. The provider confirmed").WaitForAsync();
        await Press(world.Page, "Sign out");
        await world.Heading("Sign in");
    }

    [Fact]
    public async Task Pages_on_another_origin_than_the_product_connect_in_a_tab_of_their_own()
    {
        await using var world = await PagesWorld.Start(chromium, more: new Dictionary<string, string?> { ["FRONTEND_URL"] = "http://localhost:20998" });
        await world.SignIn();
        var tab = await world.Page.RunAndWaitForPopupAsync(() => world.Page.GetByRole(AriaRole.Button, new() { Name = "Connect Sandbox" }).ClickAsync());
        await tab.GetByRole(AriaRole.Button, new() { Name = "Alice" }).ClickAsync();
        await tab.GetByRole(AriaRole.Button, new() { Name = "Allow" }).ClickAsync();
        await tab.GetByRole(AriaRole.Heading, new() { Name = "Connected" }).WaitForAsync();
        await world.Page.ReloadAsync();
        (await world.Page.GetByRole(AriaRole.Article).InnerTextAsync()).ShouldContain("Alice");
    }

    private static async Task Press(IPage page, string name, bool exact = false)
    {
        for (var tabs = 0; tabs < 40; tabs++)
        {
            await page.Keyboard.PressAsync("Tab");
            var focused = (await page.EvaluateAsync<string>("(document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText ?? '').trim()"))!;
            if (exact ? focused == name : focused.Contains(name, StringComparison.Ordinal))
            {
                (await page.EvaluateAsync<bool>("getComputedStyle(document.activeElement).outlineStyle !== 'none'")).ShouldBeTrue($"{name} shows no focus");
                await page.Keyboard.PressAsync("Enter");
                return;
            }
        }

        throw new ShouldAssertException($"Forty tabs lead to no {name}.");
    }

    private static async Task NoTokenIsShown(PagesWorld world, FlowReply token)
    {
        var secret = (string)token.Json["access_token"]!;
        (await world.Session.RequestsExposing(secret, FlowHost.ApiKey)).ShouldBeEmpty();
        (await world.Page.ContentAsync()).ShouldNotContain(secret);
    }

    [Fact]
    public async Task An_operator_takes_a_user_along_and_erases_it_after_typing_its_name()
    {
        await using var world = await PagesWorld.Start(chromium);
        await world.World.Connect("leaver");
        await world.SignIn();
        await world.Page.GotoAsync($"{world.Origin}/accounts?user_id=leaver");
        await world.Page.GetByText("All that is kept about this user").ClickAsync();
        await world.Session.Screenshot("pages-accounts-person");
        var file = await world.Page.RunAndWaitForDownloadAsync(() => world.Page.GetByRole(AriaRole.Button, new() { Name = "Download" }).ClickAsync());
        file.SuggestedFilename.ShouldBe("user.json");
        (await File.ReadAllTextAsync(await file.PathAsync(), TestContext.Current.CancellationToken)).ShouldContain("\"user_id\": \"leaver\"");

        await world.Page.GetByLabel("Repeat the id to erase").FillAsync("somebody else");
        await world.Page.GetByRole(AriaRole.Button, new() { Name = "Erase this user" }).ClickAsync();
        (await world.Page.Locator("#notice").TextContentAsync()).ShouldNotBeNull().ShouldContain("Nothing was erased");
        await world.Page.GetByText("All that is kept about this user").ClickAsync();
        await world.Page.GetByLabel("Repeat the id to erase").FillAsync("leaver");
        await world.Page.GetByRole(AriaRole.Button, new() { Name = "Erase this user" }).ClickAsync();
        (await world.Page.Locator("#notice").TextContentAsync()).ShouldNotBeNull().ShouldContain("The user is erased.");
        await world.Session.Screenshot("pages-accounts-erased");
        (await world.World.Sql("SELECT count(*) FROM oauth_integrations")).ShouldBe(0L);
    }
}
