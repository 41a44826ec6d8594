using Grantkeeper.IntegrationTests.Flows;
using Grantkeeper.Testing.Browser;
using Grantkeeper.Testing.Peers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Playwright;

namespace Grantkeeper.IntegrationTests.Pages;

/// <summary>
/// A product's site as its developers would write it: pages under a strict policy that load the browser module from
/// Grantkeeper, and a back end with an API key that hands the user of its session a connect session's token.
/// </summary>
internal sealed class ProductSite : IAsyncDisposable
{
    private const string Page = """
        <!doctype html><html lang="en"><title>Product</title><script type="module" src="/app.js"></script>
        <h1>Product</h1><button id="connect">Connect</button><output id="result"></output></html>
        """;

    private const string Script = """
        import { createGrantkeeper } from '{url}/assets/grantkeeper.js';
        const settings = { url: '{url}' };
        if (new URLSearchParams(location.search).has('token')) settings.token = new URLSearchParams(location.search).get('token');
        else settings.getToken = async () => (await fetch('/token', { method: 'POST' })).text();
        const gk = window.gk = createGrantkeeper(settings);
        window.changes = [];
        gk.onChange(change => changes.push(change));
        const show = outcome => document.getElementById('result').textContent = JSON.stringify(outcome);
        document.getElementById('connect').addEventListener('click', async () => show(await gk.connect('sandbox', window.options)));
        gk.resume().then(outcome => outcome && show(outcome));
        window.isReady = true;
        """;

    private readonly WebApplication _app;
    private readonly string _origin;

    private ProductSite(WebApplication app, string origin) => (_app, _origin) = (app, origin);

    public string Origin => _origin;

    public FlowWorld World { get; private set; } = null!;

    /// <summary>Who is signed in at the product.</summary>
    public string User { get; set; } = $"user_{Guid.NewGuid():N}";

    /// <summary>How often the page asked for a token.</summary>
    public int Tokens { get; private set; }

    /// <summary>The script of the page <c>/documented</c>.</summary>
    public string Documented { get; set; } = "";

    /// <summary>What the back end hands out instead of a new session's token; null for a new one.</summary>
    public Queue<string> Prepared { get; } = new();

    public static async Task<ProductSite> Start(IReadOnlyDictionary<string, string?>? more = null)
    {
        // Not the host name of the node: another site, as a product's own domain would be.
        var origin = $"http://127.0.0.1:{FreePort.Next()}";
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(origin);
        var site = new ProductSite(builder.Build(), origin);
        site._app.MapGet("/{page?}", site.Serve);
        site._app.MapGet("/app.js", () => Results.Content(Script.Replace("{url}", site.World.Host.Origin, StringComparison.Ordinal), "text/javascript"));
        site._app.MapPost("/token", (Delegate)site.Token);
        site._app.MapPost("/connect-token", (Delegate)site.Token);
        site._app.MapGet("/documented.js", () => Results.Content(site.Documented, "text/javascript"));
        await site._app.StartAsync(TestContext.Current.CancellationToken);
        var settings = new Dictionary<string, string?> { ["FRONTEND_URL"] = origin };
        foreach (var (name, value) in more ?? new Dictionary<string, string?>())
            settings[name] = value;
        site.World = await FlowWorld.Start(HostKind.Server, settings);
        return site;
    }

    /// <summary>Opens a page of the site and waits until its module is loaded; options as the text of an object.</summary>
    public async Task<BrowserSession> Visit(ChromiumBrowser chromium, string path = "/", string options = "{ loginHint: 'alice+auto' }", BrowserNewContextOptions? browser = null, string? before = null)
    {
        var session = await chromium.NewSession(browser);
        session.Context.SetDefaultTimeout(60_000);
        if (before is not null)
            await session.Page.AddInitScriptAsync(before);
        await session.Page.GotoAsync(_origin + path);
        await Until(session.Page, "window.isReady === true");
        await session.Page.EvaluateAsync($"() => {{ window.options = {options}; }}");
        return session;
    }

    /// <summary>Waits until an expression is true on a page; Playwright's own way needs eval, which the page's policy forbids.</summary>
    public static async Task Until(IPage page, string expression)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!await page.EvaluateAsync<bool>(expression))
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await World.DisposeAsync();
        await _app.DisposeAsync();
    }

    private IResult Serve(HttpContext http, string? page)
    {
        http.Response.Headers.ContentSecurityPolicy = $"default-src 'none'; script-src 'self' {World.Host.Origin}; connect-src 'self' {World.Host.Origin}; base-uri 'none'";
        if (page == "isolated")
            http.Response.Headers["Cross-Origin-Opener-Policy"] = "same-origin";
        return Results.Content(page == "documented" ? Page.Replace("app.js", "documented.js", StringComparison.Ordinal) : Page, "text/html");
    }

    private async Task<string> Token(HttpContext http)
    {
        Tokens++;
        return Prepared.TryDequeue(out var prepared) ? prepared : (await MadeSession.Make(World, User)).Token;
    }
}
