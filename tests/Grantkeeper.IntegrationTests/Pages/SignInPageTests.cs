using Grantkeeper.IntegrationTests.Flows;
using Grantkeeper.Testing.Browser;
using Microsoft.Playwright;

namespace Grantkeeper.IntegrationTests.Pages;

/// <summary>One-time links into the pages, sessions, and what nobody gets without one.</summary>
[Trait("category", "pages")]
public sealed class SignInPageTests(ChromiumBrowser chromium)
{
    [Fact]
    public async Task Looking_at_a_link_uses_nothing_up_and_signing_in_uses_it_once()
    {
        await using var world = await PagesWorld.Start(chromium);
        var link = await world.NewLink();
        for (var looks = 0; looks < 3; looks++)
            (await world.Page.GotoAsync(link))!.Status.ShouldBe(200);
        (await world.World.Sql("SELECT count(*) FROM sign_in_links WHERE used_at IS NOT NULL")).ShouldBe(0L);
        await world.Session.Screenshot("pages-sign-in");

        await world.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await world.Heading("Accounts");
        world.Page.Url.ShouldBe($"{world.Origin}/accounts");
        (await world.World.Sql("SELECT count(*) FROM sign_in_links WHERE used_at IS NOT NULL")).ShouldBe(1L);
        world.World.Host.Logs.Text.ShouldNotContain(link.Split('/')[^1]);

        await using var second = await chromium.NewSession();
        await second.Page.GotoAsync(link);
        await second.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        (await second.Page.GetByRole(AriaRole.Alert).TextContentAsync())!.ShouldContain("The link was used before");
        (await second.Context.CookiesAsync()).ShouldNotContain(cookie => cookie.Name == "gk-operator");
        await second.Screenshot("pages-link-used");
        (await second.Page.GotoAsync($"{world.Origin}/accounts"))!.Status.ShouldBe(401);
    }

    [Theory]
    [InlineData("expired")]
    [InlineData("unknown")]
    public async Task Link_that_is_no_good_is_refused(string kind)
    {
        await using var world = await PagesWorld.Start(chromium);
        var link = await world.NewLink();
        if (kind == "expired")
            await world.World.Sql("UPDATE sign_in_links SET expires_at = now() - interval '1 second'");
        else
            link = link[..^4] + "aaaa";
        await world.Page.GotoAsync(link);
        var answer = await world.Page.RunAndWaitForResponseAsync(
            () => world.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync(), response => response.Request.Method == "POST");
        answer.Status.ShouldBe(403);
        await world.Heading("Sign-in link not valid");
    }

    [Fact]
    public async Task Nobody_sees_a_page_without_a_session_and_signing_out_ends_it()
    {
        await using var world = await PagesWorld.Start(chromium);
        (await world.Page.GotoAsync($"{world.Origin}/"))!.Status.ShouldBe(401);
        await world.Heading("Not signed in");
        await world.Session.Screenshot("pages-not-signed-in");
        (await world.Page.ContentAsync()).ShouldNotContain("user_id");

        await world.SignIn();
        var cookie = (await world.Session.Context.CookiesAsync()).Single(cookie => cookie.Name == "gk-operator");
        (cookie.HttpOnly, cookie.SameSite, cookie.Path).ShouldBe((true, SameSiteAttribute.Lax, "/"));
        await world.Page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await world.Heading("Sign in");
        (await world.Page.GotoAsync($"{world.Origin}/accounts"))!.Status.ShouldBe(401);
    }

    [Fact]
    public async Task Forms_without_their_token_or_from_elsewhere_are_refused()
    {
        await using var world = await PagesWorld.Start(chromium);
        var link = await world.NewLink();
        await world.SignIn();
        await world.Connect();
        var id = (Guid)(await world.World.Sql("SELECT id FROM oauth_integrations"))!;
        var http = world.Session.Context.APIRequest;
        foreach (var (path, fields) in new[]
        {
            ("/accounts/connect", $"user_id=demo&provider=sandbox"), ("/accounts/run", $"user_id=demo&integration_id={id}"), ("/accounts/break", $"user_id=demo&integration_id={id}&accident=revoke"),
            ("/providers/client", "provider=google&client_id=a&client_secret=b"), ("/providers/client/remove", "provider=google"), ("/sign-in", $"key={FlowHost.ApiKey}"), ("/accounts/disconnect", $"user_id=demo&integration_id={id}"), ("/sign-out", "a=b"),
            (new Uri(link).AbsolutePath, "a=b"), ("/accounts/disconnect", $"user_id=demo&integration_id={id}&__RequestVerificationToken=forged"),
        })
        {
            var answer = await http.PostAsync(world.Origin + path, new()
            {
                Data = fields, Headers = new Dictionary<string, string> { ["Content-Type"] = "application/x-www-form-urlencoded" }, MaxRedirects = 0,
            });
            answer.Status.ShouldBe(400, path);
        }

        (await world.World.Sql("SELECT count(*) FROM oauth_integrations WHERE status = 'active'")).ShouldBe(1L);
        (await world.World.Sql("SELECT count(*) FROM sign_in_links WHERE used_at IS NULL")).ShouldBe(1L);
        (await world.World.Sql("SELECT count(*) FROM oauth_state WHERE NOT is_used")).ShouldBe(0L);
        await world.Page.ReloadAsync();
        await world.Heading("Accounts");
    }

    [Fact]
    public async Task Administrators_key_signs_in_and_leads_on_to_the_page_that_was_asked_for()
    {
        await using var world = await PagesWorld.Start(chromium);
        (await world.Page.GotoAsync($"{world.Origin}/providers?stored=sandbox"))!.Status.ShouldBe(401);
        await world.Session.Screenshot("pages-sign-in-key");
        await world.Page.GetByLabel("API key").FillAsync(FlowHost.ApiKey);
        await world.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await world.Heading("Providers");
        (await world.World.Sql("SELECT count(*) FROM oauth_audit_log WHERE action = 'sign_in' AND success AND code = 'key' AND caller = 'key:bootstrap'")).ShouldBe(1L);
        (await world.Session.RequestsExposing(FlowHost.ApiKey)).ShouldBeEmpty();
        world.World.Host.Logs.Text.ShouldNotContain(FlowHost.ApiKey);
        (await world.Page.ContentAsync()).ShouldNotContain(FlowHost.ApiKey);
    }

    [Theory]
    [InlineData("https://evil.example/accounts?"), InlineData("//evil.example/accounts?"), InlineData("/accounts?\\evil"), InlineData("/integrations/../../oauth/start/x"), InlineData("/oauth/start/x"), InlineData("javascript:alert(1)")]
    public async Task Sign_in_leads_to_pages_of_ours_only(string to)
    {
        await using var world = await PagesWorld.Start(chromium);
        await world.Page.GotoAsync($"{world.Origin}/providers?stored=x");
        await world.Page.EvaluateAsync("to => document.querySelector('input[name=to]').value = to", to);
        await world.Page.GetByLabel("API key").FillAsync(FlowHost.ApiKey);
        await world.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await world.Heading("Accounts");
        world.Page.Url.ShouldBe($"{world.Origin}/accounts");
    }

    [Fact]
    public async Task Key_that_is_wrong_or_may_not_administer_is_refused_and_tries_are_limited()
    {
        await using var world = await PagesWorld.Start(chromium);
        var weak = (string)(await world.World.Host.Post("/api/v1/oauth/admin/api-keys", new { name = "reader", permissions = new[] { "oauth:read" } })).Json["key"]!;
        (await SignInWith(world, weak)).ShouldBe((403, "Permission missing"));
        for (var tries = 0; tries < 9; tries++)
            (await SignInWith(world, $"gk_dev_{tries}-wrong-wrong-wrong-wrong-wrong")).ShouldBe((401, "Credential not accepted"));
        (await SignInWith(world, FlowHost.ApiKey)).ShouldBe((429, "Too many attempts"));
        await world.Session.Screenshot("pages-too-many-attempts");
        (await world.Session.Context.CookiesAsync()).ShouldNotContain(cookie => cookie.Name == "gk-operator");
        (await world.World.Sql("SELECT count(*) FROM oauth_audit_log WHERE action = 'sign_in' AND NOT success")).ShouldBe(10L);
    }

    [Fact]
    public async Task Session_ends_with_the_key_that_signed_in()
    {
        await using var world = await PagesWorld.Start(chromium);
        var key = (await world.World.Host.Post("/api/v1/oauth/admin/api-keys", new { name = "operator", permissions = new[] { "oauth:admin" } })).Json;
        (await SignInWith(world, (string)key["key"]!)).ShouldBe((200, "Accounts"));
        (await world.World.Host.Delete($"/api/v1/oauth/admin/api-keys/{(string)key["id"]!}")).Status.ShouldBe(System.Net.HttpStatusCode.OK);
        (await world.Page.GotoAsync($"{world.Origin}/accounts"))!.Status.ShouldBe(401);
    }

    private static async Task<(int Status, string Heading)> SignInWith(PagesWorld world, string key)
    {
        await world.Page.GotoAsync($"{world.Origin}/sign-in");
        await world.Page.GetByLabel("API key").FillAsync(key);
        var answer = await world.Page.RunAndWaitForResponseAsync(
            () => world.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync(), response => response.Request.IsNavigationRequest && response.Status != 303);
        // The answer is there before its page is: the heading is waited for, and is not the one that was left.
        return (answer.Status, (await world.Page.Locator("h1").Filter(new() { HasNotText = "Sign in" }).TextContentAsync())!);
    }

    [Fact]
    public async Task Session_is_no_credential_of_the_API()
    {
        await using var world = await PagesWorld.Start(chromium);
        await world.SignIn();
        await world.Connect();
        foreach (var path in new[] { "/oauth/sandbox/token?user_id=demo", "/api/v1/oauth/integrations?user_id=demo", "/api/v1/oauth/admin/api-keys" })
            (await world.Session.Context.APIRequest.GetAsync(world.Origin + path)).Status.ShouldBe(401, path);
    }

    [Fact]
    public async Task Pages_wait_for_the_database_and_say_so()
    {
        await using var cluster = await Grantkeeper.Testing.Postgres.TestCluster.Start();
        var world = await FlowWorld.Start(HostKind.Server, null, await cluster.NewMigratedDatabase());
        await using var _ = world;
        await using var session = await chromium.NewSession();
        await session.Page.GotoAsync((string)(await world.Host.Post("/api/v1/oauth/admin/sign-in-links")).Json["url"]!);
        await session.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await session.Page.GetByRole(AriaRole.Heading, new() { Name = "Accounts", Level = 1 }).WaitForAsync();

        await cluster.Stop();
        var refused = (await session.Page.GotoAsync($"{world.Host.Origin}/accounts"))!;
        refused.Status.ShouldBe(503);
        refused.Headers.ShouldContainKey("retry-after");
        await session.Screenshot("pages-database-away");
        (await session.Page.TextContentAsync("h1")).ShouldBe("Database unavailable");

        await cluster.Restart();
        (await session.Page.GotoAsync($"{world.Host.Origin}/accounts"))!.Status.ShouldBe(200);
    }
}
