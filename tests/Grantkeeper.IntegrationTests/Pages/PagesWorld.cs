using System.Diagnostics;
using Grantkeeper.IntegrationTests.Flows;
using Grantkeeper.Testing.Browser;
using Microsoft.Playwright;

namespace Grantkeeper.IntegrationTests.Pages;

/// <summary>A server with the sandbox and a person in front of Chromium, as a newcomer is after <c>./run</c>.</summary>
internal sealed class PagesWorld : IAsyncDisposable
{
    private readonly string _dataPath;

    private PagesWorld(FlowWorld world, BrowserSession session, string dataPath)
    {
        World = world;
        Session = session;
        _dataPath = dataPath;
    }

    public FlowWorld World { get; }

    public BrowserSession Session { get; }

    public IPage Page => Session.Page;

    public string Origin => World.Host.Origin;

    public static async Task<PagesWorld> Start(ChromiumBrowser chromium, BrowserNewContextOptions? browser = null, IReadOnlyDictionary<string, string?>? more = null, bool platforms = false)
    {
        var dataPath = Directory.CreateTempSubdirectory("gk pages-").FullName;
        await File.WriteAllTextAsync(Path.Combine(dataPath, "api-key"), FlowHost.ApiKey + "\n", TestContext.Current.CancellationToken);
        var settings = new Dictionary<string, string?> { ["GRANTKEEPER_DATA_PATH"] = dataPath };
        foreach (var (name, value) in more ?? new Dictionary<string, string?>())
            settings[name] = value;
        var world = await FlowWorld.Start(HostKind.Server, settings, platforms: platforms, asks: true);
        var session = await chromium.NewSession(browser);
        session.Page.SetDefaultTimeout(60_000);
        return new PagesWorld(world, session, dataPath);
    }

    public async Task<string> NewLink() => (string)(await World.Host.Post("/api/v1/oauth/admin/sign-in-links")).Json["url"]!;

    public async Task SignIn()
    {
        await Page.GotoAsync(await NewLink());
        await Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Heading("Accounts");
    }

    /// <summary>Goes through the sandbox's own pages; each scope named is unticked.</summary>
    public async Task Consent(string person, params string[] refused)
    {
        await Page.GetByRole(AriaRole.Button, new() { Name = person }).ClickAsync();
        foreach (var scope in refused)
            await Page.Locator($"input[name=scope][value='{scope}']").UncheckAsync();
        await Page.GetByRole(AriaRole.Button, new() { Name = "Allow" }).ClickAsync();
        await Heading("Accounts");
    }

    /// <summary>The sandbox remembers who is signed in there; the person only allows.</summary>
    public async Task Allow()
    {
        await Page.GetByRole(AriaRole.Button, new() { Name = "Allow" }).ClickAsync();
        await Heading("Accounts");
    }

    public async Task Connect(string person = "Alice", params string[] refused)
    {
        await Page.GetByRole(AriaRole.Button, new() { Name = "Connect Sandbox" }).ClickAsync();
        await Consent(person, refused);
    }

    public Task Heading(string name) => Page.GetByRole(AriaRole.Heading, new() { Name = name, Level = 1 }).WaitForAsync();

    public async Task<string> Notice() => (await Page.GetByRole(AriaRole.Status).TextContentAsync())!;

    /// <summary>The codes of a labelled list of scopes; empty when there is no such list.</summary>
    public static async Task<IReadOnlyList<string>> Chips(ILocator card, string label) =>
        await card.GetByRole(AriaRole.List, new() { Name = label, Exact = true }).Locator("code").AllInnerTextsAsync();

    /// <summary>Presses Run on the one card and gives the answer's text.</summary>
    public async Task<string> Run()
    {
        await Page.GotoAsync($"{Origin}/accounts");
        await Page.GetByRole(AriaRole.Button, new() { Name = "Run a call" }).ClickAsync();
        return await Page.Locator("section.answer").InnerTextAsync();
    }

    /// <summary>Breaks the one account and gives the notice.</summary>
    public async Task<string> Break(string button)
    {
        await Page.GotoAsync($"{Origin}/accounts");
        await Page.GetByText("Break it", new() { Exact = true }).ClickAsync();
        await Page.GetByRole(AriaRole.Button, new() { Name = button }).ClickAsync();
        return await Notice();
    }

    /// <summary>No page holds a token that the sandbox ever made, a client secret or a key, and no request of the browser carried a token.</summary>
    public async Task NoTokenIsShown()
    {
        var tokens = World.Tap.Calls.SelectMany(call => new[] { call.Answered("access_token"), call.Answered("refresh_token"), call.Answered("id_token") }).OfType<string>().ToList();
        tokens.ShouldNotBeEmpty();
        var ids = (string)(await World.Sql("SELECT string_agg(id::text, ',') FROM oauth_integrations"))!;
        foreach (var path in ids.Split(',').Select(id => $"/integrations/{id}").Append("/accounts").Append("/providers"))
        {
            await Page.GotoAsync(Origin + path);
            var content = await Page.ContentAsync();
            foreach (var secret in tokens.Append(FlowHost.ApiKey).Append(FlowWorld.ClientSecret))
                content.ShouldNotContain(secret, customMessage: path);
        }

        (await Session.RequestsExposing([.. tokens])).ShouldBeEmpty();
    }

    /// <summary>Runs a printed command in a shell in which curl only says what it was told to do.</summary>
    public static async Task<FlowReply> Run(string command, string folder = "/")
    {
        using var shell = Process.Start(new ProcessStartInfo("sh", ["-c", "curl() { printf '%s\\n' \"$@\"; }\n" + command])
        {
            RedirectStandardOutput = true,
            WorkingDirectory = folder,
            Environment = { ["GRANTKEEPER_API_KEY"] = FlowHost.ApiKey },
        })!;
        var arguments = (await shell.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).TrimEnd().Split('\n');
        await shell.WaitForExitAsync(TestContext.Current.CancellationToken);
        arguments[..2].ShouldBe(["-s", "-H"]);
        using var client = new FlowBrowser();
        var request = new HttpRequestMessage(HttpMethod.Get, arguments[3]);
        var header = arguments[2].Split(": ", 2);
        request.Headers.TryAddWithoutValidation(header[0], header[1]).ShouldBeTrue();
        return await client.Send(request);
    }

    public async ValueTask DisposeAsync()
    {
        await Session.DisposeAsync();
        await World.DisposeAsync();
        Directory.Delete(_dataPath, recursive: true);
    }
}
