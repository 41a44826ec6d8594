using System.Text.Json;
using System.Text.Json.Nodes;
using Grantkeeper.IntegrationTests.Flows;
using Grantkeeper.Testing.Browser;
using Microsoft.Playwright;

namespace Grantkeeper.IntegrationTests.Pages;

/// <summary>The browser module in a real browser, on a product's page of another site and under a strict policy.</summary>
[Trait("category", "pages")]
public sealed class BrowserModuleTests(ChromiumBrowser chromium)
{
    private const string NoHint = "{}";

    [Fact]
    public async Task Popup_connects_confirms_by_itself_and_closes()
    {
        await using var site = await ProductSite.Start();
        await using var session = await site.Visit(chromium);
        var popup = await Click(session.Page);
        await Closed(popup);
        var outcome = await Result(session.Page);
        ((string)outcome["status"]!, (string)outcome["provider"]!).ShouldBe(("connected", "sandbox"), outcome.ToJsonString());
        Guid.Parse((string)outcome["integrationId"]!).ShouldBe((Guid)(await site.World.Sql($"SELECT id FROM oauth_integrations WHERE user_id = '{site.User}' AND status = 'active'"))!);
        (await Changes(session.Page)).Count.ShouldBe(1);
        site.Tokens.ShouldBe(1);

        (await session.Page.EvaluateAsync<bool>("gk.status('sandbox').then(s => s.connected)")).ShouldBeTrue();
        (await session.Page.EvaluateAsync<string>("gk.accounts('sandbox').then(a => a[0].display_name)")).ShouldContain("Alice");
        (await session.Page.EvaluateAsync<string[]>("gk.providers().then(p => p.map(x => x.key))")).ShouldContain("sandbox");
        (await session.Page.EvaluateAsync<string>("gk.disconnect('sandbox').then(d => d.provider_revocation)")).ShouldBe("confirmed");
        ((string)(await Changes(session.Page))[1]!["status"]!).ShouldBe("disconnected");
        (await session.Page.EvaluateAsync<string>("gk.status('nowhere').catch(e => `${e.name} ${e.code} ${e.status}`)")).ShouldBe("GrantkeeperError providers.unknown 404");
        var addresses = string.Join('\n', (await session.Requests()).Select(request => $"{request.Url} {request.Referer}"));
        addresses.ShouldNotContain("gk_cs_");
        addresses.ShouldNotContain("gk_ticket");
    }

    [Fact]
    public async Task Denial_is_an_outcome()
    {
        await using var site = await ProductSite.Start();
        await using var session = await site.Visit(chromium, options: "{ loginHint: 'deny+auto' }");
        await Closed(await Click(session.Page));
        var outcome = await Result(session.Page);
        ((string)outcome["status"]!, (string)outcome["code"]!).ShouldBe(("denied", "connect.access_denied"));
    }

    [Fact]
    public async Task Popup_that_the_person_closes_is_one_outcome()
    {
        await using var site = await ProductSite.Start();
        await using var session = await site.Visit(chromium, options: NoHint, before: CountTicks);
        var popup = await Click(session.Page);
        await AtProvider(popup);
        await Watched(session.Page);
        await popup.CloseAsync();
        ((string)(await Result(session.Page))["status"]!).ShouldBe("cancelled");
        (await Changes(session.Page)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Page_may_give_up_waiting()
    {
        await using var site = await ProductSite.Start();
        await using var session = await site.Visit(chromium, options: "{ signal: (window.stop = new AbortController()).signal }");
        var popup = await Click(session.Page);
        await AtProvider(popup);
        await session.Page.EvaluateAsync("stop.abort()");
        ((string)(await Result(session.Page))["status"]!).ShouldBe("cancelled");
        await Closed(popup);
    }

    [Theory]
    [InlineData("window.open = () => null", "{ loginHint: 'alice+auto' }")]
    [InlineData(null, "{ loginHint: 'alice+auto', mode: 'redirect' }")]
    public async Task Redirect_comes_back_is_finished_and_leaves_a_clean_address(string? before, string options)
    {
        await using var site = await ProductSite.Start();
        await using var session = await site.Visit(chromium, "/?tab=accounts", options, before: before);
        await session.Page.ClickAsync("#connect");
        var outcome = await Result(session.Page);
        ((string)outcome["status"]!).ShouldBe("connected", outcome.ToJsonString());
        session.Page.Url.ShouldBe($"{site.Origin}/?tab=accounts");
        (await session.Page.EvaluateAsync<string>("JSON.stringify({ ...sessionStorage })")).ShouldBe("{}");
        (await session.Page.EvaluateAsync<JsonElement?>("gk.resume()")).ShouldBeNull("there is nothing left to finish");
        // The back button leads to no address that holds a ticket.
        (await session.RequestsExposing("gk_ticket")).ShouldBeEmpty();
        await session.Page.ReloadAsync();
        await ProductSite.Until(session.Page, "window.isReady === true");
        (await session.Page.TextContentAsync("#result")).ShouldBe("");
    }

    [Fact]
    public async Task Opener_that_is_cut_off_is_told_by_the_application_itself()
    {
        await using var site = await ProductSite.Start();
        await using var session = await site.Visit(chromium, "/isolated");
        await Click(session.Page);
        var outcome = await Result(session.Page);
        ((string)outcome["status"]!).ShouldBe("connected", outcome.ToJsonString());
        (await Changes(session.Page)).Count.ShouldBe(1);
        (await site.World.Sql($"SELECT count(*) FROM oauth_integrations WHERE user_id = '{site.User}' AND status = 'active'")).ShouldBe(1L);
    }

    [Fact]
    public async Task Messages_of_another_origin_window_or_flow_are_ignored()
    {
        await using var site = await ProductSite.Start();
        await using var session = await site.Visit(chromium, options: NoHint);
        var popup = await Click(session.Page);
        await AtProvider(popup);
        var flow = (Guid)(await site.World.Sql($"SELECT id FROM oauth_state WHERE user_id = '{site.User}'"))!;
        var forged = $"{{ type: 'grantkeeper', flow_id: '{flow}', provider: 'sandbox', status: 'completed', ticket: 'forged' }}";
        await session.Page.EvaluateAsync($"window.heard = 0; addEventListener('message', () => heard++); postMessage({forged}, '*')");
        await popup.EvaluateAsync($"opener.postMessage({forged}, '*')");
        // The right origin, and not the window that was opened for this flow.
        var other = await session.Page.RunAndWaitForPopupAsync(() => session.Page.EvaluateAsync($"() => {{ open('{site.World.Host.Origin}/assets/grantkeeper.js') }}"));
        await other.WaitForLoadStateAsync();
        await other.EvaluateAsync($"opener.postMessage({forged}, '*')");
        await ProductSite.Until(session.Page, "heard === 3");
        (await session.Page.TextContentAsync("#result")).ShouldBe("");
        (await Changes(session.Page)).ShouldBeEmpty();

        await popup.GetByRole(AriaRole.Button, new() { Name = "Alice" }).ClickAsync();
        await popup.GetByRole(AriaRole.Button, new() { Name = "Allow" }).ClickAsync();
        ((string)(await Result(session.Page))["status"]!).ShouldBe("connected");
    }

    [Fact]
    public async Task Session_that_has_ended_is_replaced_once_or_told()
    {
        await using var site = await ProductSite.Start();
        var old = await MadeSession.Make(site.World, site.User);
        await site.World.Sql($"UPDATE connect_sessions SET expires_at = now() WHERE id = '{old.Id}'");
        await using var without = await site.Visit(chromium, $"/?token={old.Token}");
        await without.Page.ClickAsync("#connect");
        var outcome = await Result(without.Page);
        ((string)outcome["status"]!, (string)outcome["code"]!).ShouldBe(("session_expired", "identity.session_invalid"));
        without.Context.Pages.Count.ShouldBe(1, "the popup is gone again");

        site.Prepared.Enqueue(old.Token);
        await using var session = await site.Visit(chromium);
        await Closed(await Click(session.Page));
        ((string)(await Result(session.Page))["status"]!).ShouldBe("connected");
        site.Tokens.ShouldBe(2);
    }

    [Fact]
    public async Task Ticket_of_somebody_elses_flow_connects_nothing()
    {
        await using var site = await ProductSite.Start();
        var attacker = await MadeSession.Make(site.World, "attacker");
        var started = await attacker.Post("/api/v1/oauth/initiate", new { provider = "sandbox", login_hint = "alice+auto", return_to = "/" });
        await using var session = await chromium.NewSession();
        await session.Page.GotoAsync((string)started.Json["authorization_url"]!);
        var outcome = await Result(session.Page);
        ((string)outcome["status"]!, (string)outcome["code"]!).ShouldBe(("failed", "connect.subject_mismatch"));
        (await site.World.Sql("SELECT count(*) FROM oauth_integrations")).ShouldBe(0L);
        (await site.World.Sql("SELECT parked_code IS NULL FROM oauth_state WHERE user_id = 'attacker'")).ShouldBe(true);
    }

    [Fact]
    public async Task Network_that_is_lost_is_an_outcome_and_made_up_for()
    {
        await using var site = await ProductSite.Start();
        await using var session = await site.Visit(chromium);
        await session.Page.RouteAsync("**/confirm", route => route.AbortAsync());
        await Closed(await Click(session.Page));
        var outcome = await Result(session.Page);
        ((string)outcome["status"]!, (string)outcome["code"]!).ShouldBe(("offline", "network"));
        await session.Page.UnrouteAsync("**/confirm");
        // A reload loses nothing: the flow waits with its ticket in this tab.
        await session.Page.ReloadAsync();
        ((string)(await Result(session.Page))["status"]!).ShouldBe("connected");

        await session.Page.RouteAsync("**/initiate", route => route.AbortAsync());
        await session.Page.ClickAsync("#connect");
        await ProductSite.Until(session.Page, "document.getElementById('result').textContent.includes('offline')");
    }

    [Fact]
    public async Task Answer_that_got_lost_after_a_success_is_still_a_success()
    {
        await using var site = await ProductSite.Start();
        await using var session = await site.Visit(chromium);
        var isFirst = true;
        await session.Page.RouteAsync("**/confirm", async route =>
        {
            if (!isFirst)
            {
                await route.ContinueAsync();
                return;
            }

            isFirst = false;
            await route.FetchAsync();
            await route.AbortAsync();
        });
        await Closed(await Click(session.Page));
        ((string)(await Result(session.Page))["status"]!).ShouldBe("offline");
        (await session.Page.EvaluateAsync<string>("gk.resume().then(o => o.status)")).ShouldBe("connected");
    }

    [Fact]
    public async Task Other_tabs_hear_what_changed()
    {
        await using var site = await ProductSite.Start();
        await using var session = await site.Visit(chromium);
        var tab = await session.Context.NewPageAsync();
        await tab.GotoAsync(site.Origin);
        await ProductSite.Until(tab, "window.isReady === true");
        await Closed(await Click(session.Page));
        await ProductSite.Until(tab, "changes.length === 1 && changes[0].status === 'connected'");
    }

    private const string CountTicks = "window.ticks = 0; const every = setInterval; setInterval = (tick, ms) => every(() => { tick(); ticks++; }, ms);";

    /// <summary>Waits until the module has looked at the popup where it is now.</summary>
    private static async Task Watched(IPage page)
    {
        var ticks = await page.EvaluateAsync<int>("ticks");
        await ProductSite.Until(page, $"ticks > {ticks + 2}");
    }

    private static Task<IPage> Click(IPage page) => page.RunAndWaitForPopupAsync(() => page.ClickAsync("#connect"));

    private static Task AtProvider(IPage popup) => popup.GetByRole(AriaRole.Heading, new() { Name = "Choose an account" }).WaitForAsync();

    private static async Task<JsonNode> Result(IPage page)
    {
        await page.Locator("#result:not(:empty)").WaitForAsync(new() { State = WaitForSelectorState.Attached });
        return JsonNode.Parse((await page.TextContentAsync("#result"))!)!;
    }

    private static async Task<JsonArray> Changes(IPage page) => JsonNode.Parse(await page.EvaluateAsync<string>("JSON.stringify(changes)"))!.AsArray();

    private static async Task Closed(IPage popup)
    {
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        popup.Close += (_, _) => closed.TrySetResult();
        if (popup.IsClosed)
            closed.TrySetResult();
        await closed.Task.WaitAsync(TimeSpan.FromSeconds(60), TimeProvider.System, TestContext.Current.CancellationToken);
    }
}
