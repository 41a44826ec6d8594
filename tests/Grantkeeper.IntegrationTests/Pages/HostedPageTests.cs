using Grantkeeper.IntegrationTests.Flows;
using Grantkeeper.Testing.Browser;
using Grantkeeper.Texts;
using Microsoft.Playwright;

namespace Grantkeeper.IntegrationTests.Pages;

/// <summary>The hosted connect page in a real browser: without script, in five languages, on phones, for everybody.</summary>
[Trait("category", "pages")]
public sealed class HostedPageTests(ChromiumBrowser chromium)
{
    private const string Hostile = "<img src=x onerror=\"document.title='owned'\"></style><script>document.title='owned'</script>'\"&";

    [Fact]
    public async Task Everything_works_without_javascript()
    {
        await using var site = await ProductSite.Start();
        var made = await MadeSession.Make(site.World, site.User, new { confirm = false, return_to = "/settings" });
        await using var session = await Open(made, new() { JavaScriptEnabled = false });
        var page = session.Page;
        (await page.TextContentAsync("h1")).ShouldBe("Connect your accounts");
        await page.GetByRole(AriaRole.Button, new() { Name = "Continue" }).ClickAsync();
        page.Url.ShouldBe($"{site.World.Host.Origin}/connect");
        (await page.ContentAsync()).ShouldContain("No account is connected yet.");

        await page.GetByRole(AriaRole.Button, new() { Name = "Connect Sandbox" }).ClickAsync();
        await Consent(page, "Alice", "calendar.readonly");
        (await page.GetByRole(AriaRole.Status).InnerTextAsync()).ShouldBe("Sandbox is connected.");
        var card = page.GetByRole(AriaRole.Article);
        (await card.InnerTextAsync()).ShouldContain("Alice");
        (await card.Locator(".chips.missing").InnerTextAsync()).ShouldContain("See calendars and events");
        (await card.Locator(".chips").First.InnerTextAsync()).ShouldNotContain("See calendars");

        await page.GetByRole(AriaRole.Button, new() { Name = "Connect another Sandbox account" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Deny" }).ClickAsync();
        (await page.GetByRole(AriaRole.Status).InnerTextAsync()).ShouldStartWith("Sandbox was not connected. Access was not granted.");

        await card.GetByText("Disconnect", new() { Exact = true }).ClickAsync();
        await card.GetByRole(AriaRole.Button, new() { Name = "Disconnect Alice" }).ClickAsync();
        (await page.GetByRole(AriaRole.Status).InnerTextAsync()).ShouldBe("Disconnected. The provider confirmed that access has ended.");
        await page.GetByRole(AriaRole.Link, new() { Name = "Done" }).ClickAsync();
        page.Url.ShouldBe($"{site.Origin}/settings");
    }

    [Fact]
    public async Task With_confirmation_the_application_finishes_the_connection()
    {
        await using var site = await ProductSite.Start();
        var made = await MadeSession.Make(site.World, site.User);
        await using var session = await Open(made);
        await session.Page.GetByRole(AriaRole.Button, new() { Name = "Continue" }).ClickAsync();
        (await session.Page.ContentAsync()).ShouldContain("which finishes the connection");
        await session.Page.GetByRole(AriaRole.Button, new() { Name = "Connect Sandbox" }).ClickAsync();
        await Consent(session.Page, "Alice");
        // The product's page speaks for its own user, and that is the one who started.
        await session.Page.Locator("#result:not(:empty)").WaitForAsync(new() { State = WaitForSelectorState.Attached });
        (await session.Page.TextContentAsync("#result"))!.ShouldContain("\"connected\"");
        session.Page.Url.ShouldBe($"{site.Origin}/");
        (await session.RequestsExposing(made.Token)).ShouldBeEmpty();
        (await session.Requests()).ShouldAllBe(request => request.Referer == null || !request.Referer.Contains(made.Ticket, StringComparison.Ordinal));
        await session.Page.GotoAsync($"{site.World.Host.Origin}/connect");
        (await session.Page.GetByRole(AriaRole.Article).InnerTextAsync()).ShouldContain("Alice");
    }

    [Fact]
    public async Task Another_account_on_a_reconnect_is_explained_and_the_same_one_keeps_its_id()
    {
        await using var site = await ProductSite.Start();
        var id = await site.World.Connect(site.User);
        await site.World.Sql("UPDATE oauth_integrations SET status = 'error', reason = 'reauthorization_required', reason_detail = 'invalid_grant', account_email = NULL");
        await using var session = await Open(await MadeSession.Make(site.World, site.User, new { integration_id = id, confirm = false }));
        await session.Page.GetByRole(AriaRole.Button, new() { Name = "Continue" }).ClickAsync();
        await session.Page.GotoAsync($"{site.World.Host.Origin}/connect/integrations/{id}");
        (await session.Page.GetByRole(AriaRole.Article).InnerTextAsync()).ShouldContain("Needs you");
        await session.Page.GetByRole(AriaRole.Button, new() { Name = "again" }).ClickAsync();
        await Consent(session.Page, "Bob");
        (await session.Page.GetByRole(AriaRole.Status).InnerTextAsync()).ShouldContain("Another account");
        await ForgetAtProvider(session);
        await session.Page.GetByRole(AriaRole.Button, new() { Name = "again" }).ClickAsync();
        await Consent(session.Page, "Alice");
        (await session.Page.GetByRole(AriaRole.Status).InnerTextAsync()).ShouldBe("Sandbox is connected.");
        (await site.World.Sql("SELECT count(*) FROM oauth_integrations WHERE status = 'active'")).ShouldBe(1L);
    }

    [Fact]
    public async Task Pages_speak_five_languages()
    {
        await using var site = await ProductSite.Start();
        foreach (var language in PageTexts.Languages)
        {
            var texts = PageTexts.In(language);
            await using var session = await Open(await MadeSession.Make(site.World, site.User, new { confirm = false }), new() { Locale = language == "en" ? "zh-CN" : language + "-XX" });
            var page = session.Page;
            (await page.TextContentAsync("h1")).ShouldBe(texts["open.title"]);
            (await page.EvaluateAsync<string>("document.documentElement.lang")).ShouldBe(language);
            await page.GetByRole(AriaRole.Button, new() { Name = texts["open.button"], Exact = true }).ClickAsync();
            (await page.TextContentAsync("h1")).ShouldBe(texts["home.title"]);
            await page.GetByRole(AriaRole.Button, new() { Name = "Sandbox" }).First.ClickAsync();
            await page.GetByRole(AriaRole.Button, new() { Name = "Alice" }).ClickAsync();
            await page.GetByRole(AriaRole.Button, new() { Name = "Deny" }).ClickAsync();
            (await page.GetByRole(AriaRole.Status).InnerTextAsync()).ShouldContain(texts["error.connect.access_denied.advice"]);
            await session.Screenshot($"connect-{language}");

            await page.GotoAsync($"{site.World.Host.Origin}/oauth/sandbox/callback?state=unknown&code=x");
            (await page.EvaluateAsync<string>("document.documentElement.lang")).ShouldBe(language);
            (await page.TextContentAsync("h1")).ShouldBe(texts["error.other.title"]);
            await page.GotoAsync($"{site.World.Host.Origin}/connect/unknown");
            (await page.TextContentAsync("h1")).ShouldBe(texts["error.connect.session_link_invalid.title"]);
        }
    }

    [Fact]
    public async Task Person_chooses_the_language_and_it_stays()
    {
        await using var site = await ProductSite.Start();
        await using var session = await Open(await MadeSession.Make(site.World, site.User, new { language = "ja" }));
        (await session.Page.TextContentAsync("h1")).ShouldBe(PageTexts.In("ja")["open.title"]);
        await session.Page.GetByRole(AriaRole.Link, new() { Name = "Français" }).ClickAsync();
        (await session.Page.TextContentAsync("h1")).ShouldBe(PageTexts.In("fr")["open.title"]);
        await session.Page.GetByRole(AriaRole.Button, new() { Name = "Continuer" }).ClickAsync();
        (await session.Page.TextContentAsync("h1")).ShouldBe("Vos comptes");
        (await session.Page.GetByRole(AriaRole.Link, new() { Name = "Français" }).GetAttributeAsync("aria-current")).ShouldBe("true");
    }

    [Fact]
    public async Task Hostile_texts_are_text()
    {
        await using var site = await ProductSite.Start(new Dictionary<string, string?> { ["Grantkeeper:Brand:Name"] = Hostile[..60], ["Grantkeeper:Brand:Color"] = "#336699" });
        var made = await MadeSession.Make(site.World, site.User, new { confirm = false });
        await site.World.Connect(site.User);
        await site.World.Sql($"UPDATE oauth_integrations SET account_name = '{Hostile.Replace("'", "''", StringComparison.Ordinal)}', account_email = '<b>mail</b>', scopes = ARRAY['<i>scope</i>']");
        await site.World.Sql("UPDATE oauth_consents SET scopes_requested = ARRAY['<u>asked</u>']");
        await using var session = await Open(made);
        (await session.Page.Locator(".brand").InnerTextAsync()).ShouldBe(Hostile[..60]);
        await session.Page.GetByRole(AriaRole.Button, new() { Name = "Continue" }).ClickAsync();
        var text = await session.Page.GetByRole(AriaRole.Article).InnerTextAsync();
        foreach (var part in new[] { Hostile, "<b>mail</b>", "<i>scope</i>", "<u>asked</u>" })
            text.ShouldContain(part);
        foreach (var query in new[] { "?flow=<script>", "?revocation=<script>alert(1)</script>", "?lang=<script>" })
        {
            await session.Page.GotoAsync($"{site.World.Host.Origin}/connect{query}");
            (await session.Page.Locator("script, main img, main b, main i, main u").CountAsync()).ShouldBe(0);
            (await session.Page.TitleAsync()).ShouldBe($"Your accounts · {Hostile[..60]}");
        }

        await session.Page.GotoAsync($"{site.World.Host.Origin}/oauth/sandbox/callback?state=x&error=<script>&error_description={Uri.EscapeDataString(Hostile)}");
        (await session.Page.Locator(".brand").InnerTextAsync()).ShouldBe(Hostile[..60]);
        (await session.Page.TitleAsync()).ShouldEndWith(Hostile[..60]);
        (await session.Page.Locator("main img, main script:not([nonce])").CountAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task Brand_shows_its_logo_and_its_color_where_it_can_be_read()
    {
        var logo = Path.Combine(Directory.CreateTempSubdirectory("gk-brand-").FullName, "logo.svg");
        await File.WriteAllTextAsync(logo, "<svg xmlns='http://www.w3.org/2000/svg' width='40' height='40'><circle cx='20' cy='20' r='18' fill='#ffd400'/><script>document.title='owned'</script></svg>", TestContext.Current.CancellationToken);
        await using var site = await ProductSite.Start(new Dictionary<string, string?>
        {
            ["Grantkeeper:Brand:Name"] = "Sunny Days", ["Grantkeeper:Brand:Color"] = "#ffd400", ["Grantkeeper:Brand:LogoFile"] = logo,
        });
        foreach (var scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
        {
            await using var session = await Open(await MadeSession.Make(site.World, site.User), new() { ColorScheme = scheme });
            (await session.Page.EvaluateAsync<bool>("document.querySelector('header img').naturalWidth > 0")).ShouldBeTrue();
            (await Axe.Issues(session.Page)).ShouldBeEmpty();
            await session.Screenshot($"connect-brand-{scheme}");
            var color = await session.Page.EvaluateAsync<string>("getComputedStyle(document.querySelector('button.primary')).backgroundColor");
            (color == "rgb(255, 212, 0)").ShouldBe(scheme == ColorScheme.Dark, "yellow is read on dark and not on white");
        }

        var served = await new FlowBrowser().Open($"{site.World.Host.Origin}/assets/brand-logo");
        (served.Header("Content-Type"), served.Header("Content-Security-Policy")).ShouldBe(("image/svg+xml", "default-src 'none'; style-src 'unsafe-inline'; sandbox"));
    }

    [Theory]
    [InlineData("desktop", 1280, ColorScheme.Light)]
    [InlineData("desktop-dark", 1280, ColorScheme.Dark)]
    [InlineData("phone", 360, ColorScheme.Light)]
    [InlineData("phone-dark", 360, ColorScheme.Dark)]
    public async Task Every_page_is_usable_by_everybody(string name, int width, ColorScheme scheme)
    {
        await using var site = await ProductSite.Start(FlowWorld.MoreProviders);
        await site.World.Connect(site.User);
        await site.World.Connect(site.User, "bob+auto");
        await site.World.Sql("UPDATE oauth_integrations SET status = 'error', reason = 'reauthorization_required', reason_detail = 'invalid_grant' WHERE NOT is_primary");
        await site.World.Sql("UPDATE oauth_consents SET scopes_requested = scopes_requested || ARRAY['files.readonly']");
        await using var session = await Open(await MadeSession.Make(site.World, site.User), new() { ColorScheme = scheme, ViewportSize = new() { Width = width, Height = 800 } });
        await Judge(session, $"connect-{name}-open");
        await session.Page.GetByRole(AriaRole.Button, new() { Name = "Continue" }).ClickAsync();
        await session.Page.EvaluateAsync("document.querySelectorAll('details').forEach(d => d.open = true)");
        await Judge(session, $"connect-{name}-accounts");
        await session.Page.GotoAsync($"{site.World.Host.Origin}/connect?revocation=failed");
        await Judge(session, $"connect-{name}-notice");
        await session.Page.GotoAsync($"{site.World.Host.Origin}/connect/used");
        await Judge(session, $"connect-{name}-refused");
        await session.Page.GotoAsync($"{site.World.Host.Origin}/oauth/sandbox/callback?state=unknown&code=x");
        await Judge(session, $"connect-{name}-callback");
    }

    [Fact]
    public async Task Every_page_forbids_scripts_frames_and_copies()
    {
        await using var site = await ProductSite.Start();
        var made = await MadeSession.Make(site.World, site.User);
        await using var session = await Open(made);
        await session.Page.GetByRole(AriaRole.Button, new() { Name = "Continue" }).ClickAsync();
        foreach (var path in new[] { "/connect", "/connect/used" })
        {
            var headers = (await session.Page.GotoAsync(site.World.Host.Origin + path))!.Headers;
            headers["content-security-policy"].ShouldStartWith("default-src 'none'; style-src 'self' 'nonce-");
            headers["content-security-policy"].ShouldContain("frame-ancestors 'none'");
            headers["content-security-policy"].ShouldNotContain("script-src");
            headers["content-security-policy"].ShouldNotContain("unsafe");
            (headers["cache-control"].Contains("no-store", StringComparison.Ordinal), headers["referrer-policy"], headers["x-frame-options"], headers["x-content-type-options"]).ShouldBe((true, "no-referrer", "DENY", "nosniff"));
            (await session.Page.ContentAsync()).ShouldNotContain(made.Ticket);
        }
    }

    [Fact]
    public async Task Keyboard_alone_is_enough()
    {
        await using var site = await ProductSite.Start();
        await using var session = await Open(await MadeSession.Make(site.World, site.User, new { confirm = false }));
        await Press(session.Page, "Continue");
        await session.Page.GetByRole(AriaRole.Heading, new() { Name = "Your accounts" }).WaitForAsync();
        await Press(session.Page, "Connect Sandbox");
        await Consent(session.Page, "Alice");
        await session.Page.GetByText("Sandbox is connected.").WaitForAsync();
        await Press(session.Page, "Disconnect");
        await Press(session.Page, "Disconnect Alice", exact: false);
        await session.Page.GetByText("The provider confirmed").WaitForAsync();
    }

    private async Task<BrowserSession> Open(MadeSession made, BrowserNewContextOptions? options = null)
    {
        var session = await chromium.NewSession(options);
        session.Context.SetDefaultTimeout(60_000);
        await session.Page.GotoAsync(made.ConnectUrl);
        return session;
    }

    private static async Task Consent(IPage page, string person, params string[] refused)
    {
        await page.GetByRole(AriaRole.Button, new() { Name = person }).ClickAsync();
        foreach (var scope in refused)
            await page.Locator($"input[name=scope][value='{scope}']").UncheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Allow" }).ClickAsync();
    }

    /// <summary>The sandbox remembers who signed in; the site of the product has no cookie of its own.</summary>
    private static Task ForgetAtProvider(BrowserSession session) => session.Context.ClearCookiesAsync(new() { Domain = "127.0.0.1" });

    private static async Task Judge(BrowserSession session, string name)
    {
        await session.Screenshot(name);
        (await Axe.Issues(session.Page)).ShouldBeEmpty(name);
        (await session.Page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth")).ShouldBeTrue($"{name} is wider than the screen");
        (await session.Page.EvaluateAsync<int>("document.querySelectorAll('h1').length")).ShouldBe(1, name);
    }

    private static async Task Press(IPage page, string name, bool exact = true)
    {
        for (var tabs = 0; tabs < 40; tabs++)
        {
            await page.Keyboard.PressAsync("Tab");
            var focused = await page.EvaluateAsync<string>("document.activeElement.innerText.trim()");
            if (exact ? focused != name : !focused.StartsWith(name, StringComparison.Ordinal))
                continue;
            (await page.EvaluateAsync<bool>("getComputedStyle(document.activeElement).outlineStyle !== 'none'")).ShouldBeTrue($"{name} shows no focus");
            await page.Keyboard.PressAsync("Enter");
            return;
        }

        throw new ShouldAssertException($"Forty tabs lead to no {name}.");
    }
}
