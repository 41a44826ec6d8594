using Grantkeeper.IntegrationTests.Flows;
using Grantkeeper.Testing.Browser;
using Microsoft.Playwright;

namespace Grantkeeper.IntegrationTests.Pages;

/// <summary>Break it, press Run, find out why, mend it: with the real sandbox, as somebody does who tries Grantkeeper.</summary>
[Trait("category", "pages")]
public sealed class TroublePageTests(ChromiumBrowser chromium)
{
    private const string Due = "UPDATE oauth_tokens SET next_refresh_at = now() - interval '1 second'";

    [Fact]
    public async Task Run_shows_the_answer_of_the_providers_api_and_never_the_token()
    {
        await using var world = await PagesWorld.Start(chromium);
        await world.SignIn();
        await world.Connect();
        var answer = await world.Run();
        answer.ShouldContain($"GET {world.World.SandboxOrigin}/userinfo answered 200");
        answer.ShouldContain("\"email\": \"alice@example.com\"");
        await world.Session.Screenshot("pages-run");
        await world.NoTokenIsShown();
    }

    [Fact]
    public async Task Token_that_ended_is_renewed_by_the_next_run()
    {
        await using var world = await PagesWorld.Start(chromium);
        await world.SignIn();
        await world.Connect();
        (await world.Break("Expire the token now")).ShouldContain("The access token has ended");
        (await world.Page.GetByRole(AriaRole.Article).InnerTextAsync()).ShouldContain("Due: its access token has ended");
        (await world.Run()).ShouldContain("answered 200");
        (await world.Page.GetByRole(AriaRole.Article).InnerTextAsync()).ShouldContain("Fresh for");
        await Timeline(world);
        (await Verdict(world)).ShouldContain("Nothing is broken");
        var history = await world.Page.Locator("ol.history").InnerTextAsync();
        history.ShouldContain("Renewed: generation 2 replaced generation 1, with a new refresh token.");
        history.ShouldContain("made to end, on purpose");
        history.ShouldContain("The user consented to everything that was asked for.");
        history.ShouldContain("The account was connected.");
        await world.Session.Screenshot("pages-timeline-healthy");
    }

    [Fact]
    public async Task Withdrawn_grant_is_found_out_explained_and_connected_again_with_the_same_id()
    {
        await using var world = await PagesWorld.Start(chromium);
        await world.SignIn();
        await world.Connect();
        var id = await world.World.Sql("SELECT id FROM oauth_integrations");
        await world.Break("Revoke at the provider");
        world.Page.Url.ShouldEndWith("#notice");

        // The stored token is fresh; only the API knows better. Its 401 forces a refresh, and that one is refused.
        (await world.Run()).ShouldContain("cannot be renewed without its user");
        await world.Session.Screenshot("pages-needs-its-user");
        (await world.Page.GetByRole(AriaRole.Article).InnerTextAsync()).ShouldContain("Needs its user");

        await world.Page.GetByRole(AriaRole.Link, new() { Name = "Find out why" }).ClickAsync();
        var verdict = await Verdict(world);
        verdict.ShouldContain("The user has to connect this account again.");
        verdict.ShouldContain("(invalid_grant)");
        verdict.ShouldContain("The user whose account it is.");
        var history = await world.Page.Locator("ol.history").InnerTextAsync();
        history.ShouldContain("The provider refused the refresh token (invalid_grant).");
        history.ShouldContain("An API of the provider refused the access token");
        await world.Session.Screenshot("pages-timeline-needs-user");

        await world.Page.GetByRole(AriaRole.Button, new() { Name = "Connect again" }).ClickAsync();
        await world.Allow();
        (await world.Notice()).ShouldBe("Sandbox is connected.");
        (await world.World.Sql("SELECT id FROM oauth_integrations")).ShouldBe(id);
        (await world.Run()).ShouldContain("answered 200");
        await world.NoTokenIsShown();
    }

    [Fact]
    public async Task Provider_that_is_down_is_named_and_comes_back()
    {
        await using var world = await PagesWorld.Start(chromium);
        await world.SignIn();
        await world.Connect();
        await world.Break("Take the provider down");
        (await world.Run()).ShouldContain("answered 503");
        await world.Break("Expire the token now");
        (await world.Run()).ShouldContain("No call was made");
        // The page waits for a refresh ten seconds at most; the attempt may go on repeating.
        await world.World.Until("SELECT failure_count > 0 FROM oauth_tokens");
        await world.Page.GotoAsync($"{world.Origin}/accounts");
        var card = await world.Page.GetByRole(AriaRole.Article).InnerTextAsync();
        card.ShouldContain("Renewing fails");
        card.ShouldContain("Renewing failed once. No token can be handed out right now.");
        await world.Session.Screenshot("pages-provider-down");
        await Timeline(world);
        var verdict = await Verdict(world);
        verdict.ShouldContain("no token can be handed out right now");
        verdict.ShouldContain("The provider could not be reached, or answered with trouble of its own");
        verdict.ShouldContain("The provider. Grantkeeper goes on trying.");
        verdict.ShouldContain("Next try");
        (await world.Page.GetByRole(AriaRole.Button, new() { Name = "Connect again" }).CountAsync()).ShouldBe(0);
        await world.Session.Screenshot("pages-timeline-provider-down");

        (await world.Break("Bring the provider up again")).ShouldContain("works again");
        await world.World.Sql(Due);
        (await world.Run()).ShouldContain("answered 200");
        (await world.Page.GetByRole(AriaRole.Article).InnerTextAsync()).ShouldContain("Fresh for");
    }

    [Fact]
    public async Task Lost_answer_is_told_from_a_refusal()
    {
        await using var world = await PagesWorld.Start(chromium);
        await world.SignIn();
        await world.Connect();
        await world.Break("Lose the next answer");
        (await world.Run()).ShouldContain("No call was made");
        await world.World.Until("SELECT failure_count > 0 FROM oauth_tokens");
        await Timeline(world);
        (await Verdict(world)).ShouldContain("may have replaced the refresh token already");
        (await world.Page.Locator("ol.history").InnerTextAsync()).ShouldContain("Whether the provider carried it out is not known.");
        await world.Session.Screenshot("pages-timeline-lost-answer");

        await world.World.Sql(Due);
        (await world.Run()).ShouldContain("cannot be renewed without its user");
        await Timeline(world);
        (await Verdict(world)).ShouldContain("Nobody did anything wrong.");
    }

    [Fact]
    public async Task Disconnected_account_keeps_its_history_and_comes_back_with_the_same_id()
    {
        await using var world = await PagesWorld.Start(chromium);
        await world.SignIn();
        await world.Connect();
        var id = await world.World.Sql("SELECT id FROM oauth_integrations");
        await world.Page.GetByText("Disconnect", new() { Exact = true }).ClickAsync();
        await world.Page.GetByRole(AriaRole.Button, new() { Name = "Disconnect Alice" }).ClickAsync();
        await world.Page.GetByRole(AriaRole.Link, new() { Name = "Alice" }).ClickAsync();
        var verdict = await Verdict(world);
        verdict.ShouldContain("The account was disconnected.");
        verdict.ShouldContain("the provider confirmed that the grant is gone");
        await world.Session.Screenshot("pages-timeline-disconnected");

        await world.Page.GetByRole(AriaRole.Button, new() { Name = "Connect again" }).ClickAsync();
        await world.Allow();
        (await world.World.Sql("SELECT id FROM oauth_integrations")).ShouldBe(id);
        (await world.Run()).ShouldContain("answered 200");
    }

    [Fact]
    public async Task Only_the_sandbox_can_be_broken()
    {
        await using var world = await PagesWorld.Start(chromium, more: FlowWorld.MoreProviders);
        await world.SignIn();
        var other = await world.World.Connect("demo", provider: "second");
        await world.Page.GotoAsync($"{world.Origin}/accounts");
        (await world.Page.GetByText("Break it").CountAsync()).ShouldBe(0);
        var sandbox = await world.World.Connect("demo");
        await world.Page.ReloadAsync();
        await world.Page.GetByText("Break it").ClickAsync();
        foreach (var id in new[] { other, Guid.NewGuid() })
        {
            await world.Page.EvaluateAsync("id => document.querySelectorAll('form[action=\"/accounts/break\"] input[name=integration_id]').forEach(i => i.value = id)", id);
            (await Press(world, "Expire the token now")).ShouldBe(404);
            await world.Page.GotoAsync($"{world.Origin}/accounts");
            await world.Page.GetByText("Break it").ClickAsync();
        }

        await world.Page.EvaluateAsync("() => document.querySelector('button[value=expire]').value = 'explode'");
        (await Press(world, "Expire the token now")).ShouldBe(400);
        (await world.World.Sql($"SELECT count(*) FROM oauth_tokens WHERE expires_at < now() AND integration_id IN ('{other}', '{sandbox}')")).ShouldBe(0L);
    }

    [Fact]
    public async Task Without_the_sandbox_nothing_can_be_broken()
    {
        await using var world = await PagesWorld.Start(chromium);
        await world.SignIn();
        await world.Connect();
        var id = await world.World.Sql("SELECT id FROM oauth_integrations");
        var node = await world.World.AddNode(new Dictionary<string, string?> { ["GRANTKEEPER_SANDBOX"] = "false" });
        await using var session = await chromium.NewSession();
        await session.Page.GotoAsync($"{node.ListensOn}/sign-in");
        await session.Page.GetByLabel("API key").FillAsync(FlowHost.ApiKey);
        await session.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await session.Page.GetByRole(AriaRole.Article).WaitForAsync();
        (await session.Page.GetByText("Break it").CountAsync()).ShouldBe(0);
        await session.Page.EvaluateAsync("() => document.querySelector('form[action=\"/accounts/disconnect\"]').action = '/accounts/break'");
        await session.Page.GetByText("Disconnect", new() { Exact = true }).ClickAsync();
        var answer = await session.Page.RunAndWaitForResponseAsync(() => session.Page.GetByRole(AriaRole.Button, new() { Name = "Disconnect Alice" }).ClickAsync(), response => response.Request.Method == "POST");
        answer.Status.ShouldBe(400);
        (await world.World.Sql($"SELECT status FROM oauth_integrations WHERE id = '{id}'")).ShouldBe("active");
    }

    [Fact]
    public async Task Answer_of_the_api_is_text_and_cut_and_holds_no_token()
    {
        const string hostile = "</code></pre><script>document.title='owned'</script><img src=x onerror=alert(1)>";
        await using var api = await EchoApi.Start(token => $"{{\"sub\":\"alice\",\"name\":{System.Text.Json.JsonSerializer.Serialize(hostile)},\"you_sent\":\"{token}\",\"long\":\"{new string('x', 40_000)}\"}}");
        await using var world = await PagesWorld.Start(chromium, more: new Dictionary<string, string?>(FlowWorld.MoreProviders) { ["Grantkeeper:Providers:plain:userinfo_endpoint"] = $"{api.Origin}/me" });
        await world.World.Connect("demo", provider: "plain");
        await world.SignIn();
        var answer = await world.Run();
        answer.ShouldContain(hostile);
        answer.ShouldContain("\"you_sent\": \"***\"");
        answer.ShouldContain("longer than this page shows");
        answer.Length.ShouldBeLessThan(20_000);
        (await world.Page.TitleAsync()).ShouldBe("Accounts · Grantkeeper");
        (await world.Page.Locator("main script, main img").CountAsync()).ShouldBe(0);
        await world.NoTokenIsShown();
    }

    private static async Task<int> Press(PagesWorld world, string button) => (await world.Page.RunAndWaitForResponseAsync(
        () => world.Page.GetByRole(AriaRole.Button, new() { Name = button }).ClickAsync(), response => response.Request.Method == "POST")).Status;

    private static async Task Timeline(PagesWorld world)
    {
        await world.Page.GotoAsync($"{world.Origin}/accounts");
        await world.Page.GetByRole(AriaRole.Article).Locator("a[href^='/integrations/']").First.ClickAsync();
        await world.Page.Locator("section.verdict").WaitForAsync();
    }

    private static async Task<string> Verdict(PagesWorld world) => await world.Page.Locator("section.verdict").InnerTextAsync();
}
