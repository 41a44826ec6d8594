using System.Text.Json;
using Grantkeeper.IntegrationTests.Flows;
using Grantkeeper.Sandbox;
using Grantkeeper.Sandbox.OAuth;
using Grantkeeper.Sandbox.Platforms;
using Grantkeeper.Testing.Browser;
using Grantkeeper.Testing.Peers;
using Grantkeeper.Testing.Postgres;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace Grantkeeper.IntegrationTests.Client;

/// <summary>The onboarding sample as a person meets it, on one node and on two that take turns with every request.</summary>
[Trait("category", "documentation")]
public sealed class OnboardingAppTests(ChromiumBrowser chromium)
{
    private const string CalendarScope = "https://www.googleapis.com/auth/calendar.readonly";
    private static readonly string[] Providers = ["gsc", "google", "bing"];

    [Theory]
    [InlineData(1, "wide", 1280, ColorScheme.Light)]
    [InlineData(2, "narrow", 390, ColorScheme.Dark)]
    public async Task User_connects_unlocks_loses_the_grant_and_connects_again(int nodes, string name, int width, ColorScheme scheme)
    {
        var origin = $"http://localhost:{FreePort.Next()}";
        await using var sandbox = SandboxApp.Build([], new SandboxOptions
        {
            Urls = "http://127.0.0.1:0",
            Clients = [new ClientRegistration("fernway", "only-for-the-sandbox", [.. Providers.Select(key => $"{origin}/oauth/{key}/callback")], ClientName: "Fernway")],
        });
        var tap = new ProviderTap();
        sandbox.Use(next => http => tap.Handle(http, next));
        await sandbox.StartAsync(TestContext.Current.CancellationToken);
        var google = sandbox.Services.GetRequiredService<PlatformStates>()["google"];
        var folder = Directory.CreateTempSubdirectory("gk onboarding-");
        await using var deployment = await Deployment.Start(nodes, origin, sandbox.Urls.First(), folder.FullName);
        await using var session = await chromium.NewSession(new() { ColorScheme = scheme, ViewportSize = new() { Width = width, Height = 800 } });
        session.Page.SetDefaultTimeout(60_000);
        var person = new Person(session, origin, $"onboarding-{name}");

        // A new user has connected nothing, and cannot pass.
        await person.Open("/");
        await person.Sees("Write what people look for", "welcome");
        await person.Press("Sign in as Dana");
        await person.Sees("Connect a platform", "step-nothing");
        (await session.Page.GetByRole(AriaRole.Status).InnerTextAsync()).ShouldBe("At least one platform must be connected");
        await person.Press("Finish");
        (await session.Page.GetByRole(AriaRole.Alert).InnerTextAsync()).ShouldStartWith("No usable platform.");
        await person.Sees("Connect a platform", "step-refused");

        // One account is enough.
        await person.Press("Connect Google Search Console");
        await person.Choose("Alice");
        await person.Press("Allow");
        await person.Sees("Connect a platform", "step-connected");
        (await session.Page.GetByRole(AriaRole.Status).InnerTextAsync()).ShouldBe("Connected to 1 platform(s)");
        await person.Press("Finish");
        await person.Sees("Welcome, Dana", "home");

        // What that account grants is unlocked; the other feature is locked for pages and for scripts.
        await person.Follow("Open search figures");
        await person.Sees("Search figures", "figures");
        (await session.Page.Locator("tbody tr").CountAsync()).ShouldBe(14);
        await person.Open("/calendar");
        await person.Sees("Calendar: locked", "locked");
        (await person.Asks("/api/calendars")).ShouldBe((403, "consents.insufficient_scope"));

        // The user connects the account and keeps the permission back: still locked. Then the user allows it.
        await person.Press("Connect for calendar");
        await session.Page.Locator($"input[name=scope][value='{CalendarScope}']").UncheckAsync();
        await person.Press("Allow");
        await person.Sees("Calendar: locked", "locked-partial");
        (await session.Page.InnerTextAsync("main")).ShouldContain("calendar.readonly");
        await person.Press("Allow calendar");
        await person.Press("Allow");
        await person.Sees("Calendar", "calendar");
        (await session.Page.GetByRole(AriaRole.Listitem).CountAsync()).ShouldBe(5);
        (await person.Asks("/api/calendars")).Status.ShouldBe(200);

        // The user withdraws everything at Google, and again right after having connected anew: each time it shows at once,
        // and each time every page works with the next request, whichever node answers.
        for (var withdrawals = 0; withdrawals < 2; withdrawals++)
        {
            await person.StaysAt("/figures", "Search figures");
            await person.StaysAt("/calendar", "Calendar");
            google.Grants.RevokeUser("alice").ShouldBePositive();
            await person.Open("/figures");
            await person.Sees("Search figures: locked", "withdrawn");
            await person.Open("/calendar");
            await person.Sees("Calendar: locked");
            (await person.Asks("/api/calendars")).ShouldBe((403, "consents.insufficient_scope"));
            await person.Open("/onboarding");
            (await session.Page.GetByRole(AriaRole.Status).InnerTextAsync()).ShouldBe("At least one platform must be connected");
            await person.Open("/home");
            await person.Sees("Welcome, Dana", "home-withdrawn");

            foreach (var (path, heading) in new[] { ("/figures", "Search figures"), ("/calendar", "Calendar") })
            {
                await person.Open(path);
                await person.Press("Connect again");
                await person.Press("Allow");
                await person.Sees(heading);
                await person.StaysAt(path, heading);
            }
        }

        (await person.Asks("/api/calendars")).Status.ShouldBe(200);
        deployment.Served.ShouldAllBe(requests => requests > 20);
        await person.HasSeenNoneOf([.. tap.Calls.SelectMany(call => new[] { call.Answered("access_token"), call.Answered("refresh_token") }).OfType<string>()]);
        folder.Delete(recursive: true);
    }

    /// <summary>The sample's nodes, and the proxy in front when there are several.</summary>
    private sealed class Deployment(IReadOnlyList<SampleProcess> nodes, RoundRobin? proxy) : IAsyncDisposable
    {
        /// <summary>How many requests each node has had, where there are several.</summary>
        public IReadOnlyList<int> Served => proxy?.Served ?? [];

        public static async Task<Deployment> Start(int count, string origin, string sandbox, string folder)
        {
            var database = (await (await TestCluster.Shared()).NewMigratedDatabase()).Url;
            string[] addresses = count == 1 ? [origin] : [.. Enumerable.Range(0, count).Select(_ => $"http://localhost:{FreePort.Next()}")];
            // Each node has a home of its own, as on a machine of its own: what they share is the database and the folder of keys.
            var nodes = addresses.Select((address, number) => SampleProcess.Start("OnboardingApp", new Dictionary<string, string>(PlatformSettings.For(sandbox))
            {
                ["HOME"] = Directory.CreateDirectory(Path.Combine(folder, $"home-{number}")).FullName,
                ["ASPNETCORE_ENVIRONMENT"] = "Sandbox", ["Urls"] = address, ["FRONTEND_URL"] = origin, ["GRANTKEEPER_PUBLIC_URL"] = origin,
                ["USER_DATA_DATABASE_URL"] = database, ["OAUTH_ENCRYPTION_KEY"] = TestCluster.Key.Reveal(),
                ["GRANTKEEPER_DATA_PATH"] = Directory.CreateDirectory(Path.Combine(folder, $"node-{number}")).FullName, ["DataProtection__Path"] = Path.Combine(folder, "keys"),
                ["SearchConsole__Url"] = $"{sandbox}/google/", ["Calendar__Url"] = $"{sandbox}/google/",
            })).ToList();
            foreach (var node in nodes)
                await node.Says("Application started");
            return new Deployment(nodes, count == 1 ? null : await RoundRobin.Start(origin, addresses));
        }

        public async ValueTask DisposeAsync()
        {
            if (proxy is not null)
                await proxy.DisposeAsync();
            foreach (var node in nodes)
                await node.DisposeAsync();
        }
    }

    /// <summary>Somebody in front of the browser; every page that is seen is judged, and those with a name are photographed.</summary>
    private sealed class Person(BrowserSession session, string origin, string pictures)
    {
        private IPage Page => session.Page;

        public Task Open(string path) => Page.GotoAsync(origin + path);

        public Task Press(string button) => Page.GetByRole(AriaRole.Button, new() { Name = button, Exact = true }).First.ClickAsync();

        /// <summary>Chooses an account on the platform's page.</summary>
        public Task Choose(string account) => Page.GetByRole(AriaRole.Button, new() { Name = account }).ClickAsync();

        public Task Follow(string link) => Page.GetByRole(AriaRole.Link, new() { Name = link }).ClickAsync();

        public async Task Sees(string heading, string? picture = null)
        {
            await Page.GetByRole(AriaRole.Heading, new() { Name = heading, Level = 1, Exact = true }).WaitForAsync();
            if (picture is null)
                return;
            await session.Screenshot($"{pictures}-{picture}");
            (await Axe.Issues(Page)).ShouldBeEmpty(picture);
            (await Page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth")).ShouldBeTrue($"{picture} is wider than the screen");
        }

        /// <summary>The page works however often it is opened.</summary>
        public async Task StaysAt(string path, string heading)
        {
            for (var times = 0; times < 3; times++)
            {
                var answer = (await Page.GotoAsync(origin + path))!;
                answer.Status.ShouldBe(200, $"{path}: {await answer.TextAsync()}");
                await Sees(heading);
            }
        }

        /// <summary>No token reached the browser.</summary>
        public async Task HasSeenNoneOf(string[] tokens)
        {
            tokens.Length.ShouldBeGreaterThan(8);
            (await session.RequestsExposing(tokens)).ShouldBeEmpty();
            foreach (var path in new[] { "/home", "/figures", "/calendar", "/onboarding" })
            {
                await Open(path);
                var content = await Page.ContentAsync();
                tokens.ShouldAllBe(token => !content.Contains(token));
            }
        }

        /// <summary>A request of the page's own script: its status, and the code of a refusal.</summary>
        public async Task<(int Status, string? Code)> Asks(string path)
        {
            var answer = await Page.EvaluateAsync<JsonElement>("async path => { const answer = await fetch(path); return { status: answer.status, body: await answer.json() }; }", path);
            return (answer.GetProperty("status").GetInt32(), answer.GetProperty("body") is { ValueKind: JsonValueKind.Object } problem ? problem.GetProperty("code").GetString() : null);
        }
    }
}
