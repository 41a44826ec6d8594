using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Grantkeeper.Errors;
using Grantkeeper.IntegrationTests.Flows;
using Grantkeeper.Testing.Browser;
using Microsoft.Playwright;

namespace Grantkeeper.IntegrationTests.Pages;

/// <summary>What holds for every page: headers, no foreign script, labels and contrast, axe-core, narrow and dark screens.</summary>
[Trait("category", "pages")]
public sealed class PageQualityTests(ChromiumBrowser chromium)
{
    private static readonly string[] Paths = ["/accounts", "/audit", "/audit?action=connect&from=yesterday", "/docs", "/docs/errors/connect.state_used", "/docs/errors/encryption.key_missing", "/docs/errors/no.such_code", "/providers", "/sign-in", "/no/such/page"];

    /// <summary>Texts that are hard to read, controls without a name, skipped headings; empty when all is well.</summary>
    private const string Faults = """
        () => {
          const faults = [];
          const numbers = color => color.match(/[\d.]+/g).map(Number);
          const light = color => { const [r, g, b] = numbers(color).map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b; };
          const back = element => { for (let e = element; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; const n = numbers(c); if (n.length < 4 || n[3] > 0) return c; } return 'rgb(255, 255, 255)'; };
          for (const element of document.querySelectorAll('body *')) {
            if (![...element.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) || !element.checkVisibility()) continue;
            const [a, b] = [light(getComputedStyle(element).color), light(back(element))];
            const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
            if (ratio < 4.5) faults.push(`contrast ${ratio.toFixed(2)}: ${element.textContent.trim().slice(0, 40)}`);
          }
          for (const input of document.querySelectorAll('input:not([type=hidden]), select')) if (!input.labels.length) faults.push(`no label: ${input.name}`);
          for (const button of document.querySelectorAll('button, a, summary')) if (!(button.getAttribute('aria-label') ?? button.textContent).trim()) faults.push('a control without a name');
          if (document.querySelectorAll('h1').length !== 1) faults.push('not one h1');
          let last = 0;
          for (const h of document.querySelectorAll('h1, h2, h3, h4')) { const level = +h.tagName[1]; if (level > last + 1) faults.push(`heading skips to ${h.tagName}`); last = level; }
          if (document.documentElement.lang !== 'en') faults.push('no language');
          if (document.documentElement.scrollWidth > innerWidth) faults.push(`wider than the screen: ${document.documentElement.scrollWidth}`);
          const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
          if (new Set(ids).size !== ids.length) faults.push('an id twice');
          if ([...document.scripts].some(s => s.text || new URL(s.src).origin !== location.origin)) faults.push('a script that is not ours');
          if (/@(if|foreach|\()/.test(document.body.textContent)) faults.push('markup of the page shows as text');
          return faults;
        }
        """;

    [Theory]
    [InlineData("wide", 1280, ColorScheme.Light)]
    [InlineData("dark", 1280, ColorScheme.Dark)]
    [InlineData("narrow", 390, ColorScheme.Light)]
    [InlineData("narrow-dark", 390, ColorScheme.Dark)]
    public async Task Every_page_is_readable_and_labelled(string name, int width, ColorScheme scheme)
    {
        await using var world = await PagesWorld.Start(chromium, new() { ColorScheme = scheme, ViewportSize = new() { Width = width, Height = 800 } });
        await world.SignIn();
        await world.Connect();
        await world.World.Connect("demo", "bob+auto");
        await world.World.Sql("UPDATE oauth_integrations SET status = 'error', reason = 'reauthorization_required', reason_detail = 'ambiguous_refresh' WHERE NOT is_primary");
        var broken = (Guid)(await world.World.Sql("SELECT id FROM oauth_integrations WHERE NOT is_primary"))!;
        foreach (var path in Paths.Append($"/integrations/{broken}"))
        {
            await world.Page.GotoAsync(world.Origin + path);
            await world.Page.EvaluateAsync("document.querySelectorAll('details').forEach(d => d.open = true)");
            await world.Session.Screenshot($"pages-{name}-{(path.EndsWith(broken.ToString(), StringComparison.Ordinal) ? "timeline" : path.Contains('?', StringComparison.Ordinal) ? "audit-refused" : path.Split('/')[^1])}");
            (await world.Page.EvaluateAsync<JsonElement>(Faults)).EnumerateArray().Select(fault => fault.GetString()).ShouldBeEmpty(path);
            (await Axe.Issues(world.Page)).ShouldBeEmpty(path);
        }

        // What a run shows, and a refused form.
        await world.Page.GotoAsync(world.Origin + "/accounts");
        await world.Page.GetByRole(AriaRole.Button, new() { Name = "Run a call as Alice" }).ClickAsync();
        await world.Page.GetByText("answered 200").WaitForAsync();
        await world.Session.Screenshot($"pages-{name}-answer");
        (await Axe.Issues(world.Page)).ShouldBeEmpty("the answer");
        await world.Page.GotoAsync(world.Origin + "/providers");
        await world.Page.Locator("summary").First.ClickAsync();
        await world.Page.GetByLabel("Client id").First.FillAsync("mine ");
        await world.Page.GetByLabel("Client secret").First.FillAsync("s3cret");
        await world.Page.GetByRole(AriaRole.Button, new() { Name = "Store for" }).First.ClickAsync();
        await world.Page.GetByRole(AriaRole.Alert).WaitForAsync();
        await world.Session.Screenshot($"pages-{name}-refused");
        (await Axe.Issues(world.Page)).ShouldBeEmpty("the refused form");
    }

    [Fact]
    public async Task Every_page_forbids_foreign_scripts_frames_and_copies()
    {
        await using var world = await PagesWorld.Start(chromium);
        await world.SignIn();
        foreach (var path in Paths.Append("/sign-in/anything").Append("/accounts?user_id=%01"))
        {
            var answer = (await world.Page.GotoAsync(world.Origin + path))!;
            var policy = answer.Headers["content-security-policy"];
            policy.ShouldStartWith("default-src 'none'; style-src 'self'; script-src 'self'");
            policy.ShouldNotContain("unsafe");
            policy.ShouldContain("frame-ancestors 'none'");
            policy.ShouldContain("base-uri 'none'");
            answer.Headers["cache-control"].ShouldContain("no-store", Case.Sensitive, path);
            answer.Headers["referrer-policy"].ShouldBe("no-referrer");
            answer.Headers["x-content-type-options"].ShouldBe("nosniff");
            Regex.IsMatch(await answer.TextAsync(), @"\s(style|on\w+)=").ShouldBeFalse(path);
            (await answer.TextAsync()).Replace("<script type=\"module\" src=\"/assets/pages.js\"></script>", "", StringComparison.Ordinal).ShouldNotContain("<script");
        }
    }

    [Fact]
    public async Task Every_error_has_a_page()
    {
        await using var world = await FlowWorld.Start(HostKind.Server);
        using var browser = new FlowBrowser();
        foreach (var code in ErrorCatalogue.All)
        {
            var page = await browser.Open($"{world.Host.Origin}/docs/errors/{code.Code}");
            page.Status.ShouldBe(HttpStatusCode.OK, code.Code);
            WebUtility.HtmlDecode(page.Body).ShouldContain(code.Cause);
            WebUtility.HtmlDecode(page.Body).ShouldContain(code.Remedy);
        }

        var unknown = await browser.Open($"{world.Host.Origin}/docs/errors/no.such_code");
        unknown.Status.ShouldBe(HttpStatusCode.NotFound);
        var hostile = await browser.Open($"{world.Host.Origin}/docs/errors/%3Cscript%3Ealert(1)%3C%2Fscript%3E");
        hostile.Status.ShouldBe(HttpStatusCode.NotFound);
        hostile.Body.ShouldNotContain("<script>");
    }

    [Fact]
    public async Task Docs_name_every_operation_and_lead_to_every_error()
    {
        await using var world = await FlowWorld.Start(HostKind.Server);
        using var browser = new FlowBrowser();
        var docs = await browser.Open($"{world.Host.Origin}/docs");
        docs.Status.ShouldBe(HttpStatusCode.OK);
        foreach (var code in ErrorCatalogue.All)
            docs.Body.ShouldContain($"href=\"/docs/errors/{code.Code}\"");
        var document = JsonDocument.Parse((await world.Host.Get("/openapi/v1.json", key: null)).Body);
        foreach (var path in document.RootElement.GetProperty("paths").EnumerateObject())
            WebUtility.HtmlDecode(docs.Body).ShouldContain(path.Name);
    }

    [Fact]
    public async Task Link_of_an_error_answer_opens_its_page()
    {
        await using var world = await FlowWorld.Start(HostKind.Server);
        var refused = await world.Host.Get("/oauth/sandbox/token?user_id=nobody");
        using var browser = new FlowBrowser();
        (await browser.Open((string)refused.Json["type"]!)).Body.ShouldContain("integrations.not_connected");
    }

    [Fact]
    public async Task Address_that_does_not_exist_is_a_page_for_a_browser_and_a_problem_for_a_program()
    {
        await using var world = await PagesWorld.Start(chromium);
        var page = (await world.Page.GotoAsync($"{world.Origin}/no/such/page"))!;
        page.Status.ShouldBe(404);
        page.Headers["content-type"].ShouldStartWith("text/html");
        await world.Heading("No such address");
        (await world.World.Host.Get("/no/such/page")).Code.ShouldBe("requests.not_found");
    }
}
