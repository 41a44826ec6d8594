using System.Net;
using System.Text.Json;
using Grantkeeper.Testing.Browser;
using Grantkeeper.Testing.Peers;
using Microsoft.Playwright;

namespace Grantkeeper.IntegrationTests.Peers;

/// <summary>The same server, in a real browser: popups, their one message, full-page redirects, and what addresses give away.</summary>
[Trait("category", "providers")]
public sealed class OidcProviderBrowserTests(ChromiumBrowser chromium)
{
    [Fact]
    public async Task Popup_sends_one_message_to_its_opener_which_confirms_with_the_ticket()
    {
        await using var world = await PeerWorld.Start();
        await using var session = await chromium.NewSession();
        var popup = await OpenPopup(world, session, "/");

        (await Result(session.Page)).ShouldBe("connected");
        await Closed(popup);
        var message = (await Messages(session.Page)).ShouldHaveSingleItem();
        message.GetProperty("origin").GetString().ShouldBe(world.Host.Origin);
        message.GetProperty("data").GetProperty("status").GetString().ShouldBe("awaiting_confirmation");
        await world.Completed(world.Site.FlowId);
        (await world.UserInfo(await world.ReadToken())).Status.ShouldBe(HttpStatusCode.OK);
        (await world.Peer.Stats()).TokenRequests.ShouldBe(1);
        await NothingLeaked(world, session);
        var addresses = string.Join('\n', (await session.Requests()).Select(request => $"{request.Url} {request.Referer}"));
        addresses.ShouldNotContain(message.GetProperty("data").GetProperty("ticket").GetString()!);
    }

    [Fact]
    public async Task Message_goes_to_no_other_origin()
    {
        await using var world = await PeerWorld.Start();
        await using var session = await chromium.NewSession();
        await using var other = await OpenerSite.Start();
        other.BackEnd = world.Host;
        await session.Page.GotoAsync(other.Origin);
        var popup = await session.Page.RunAndWaitForPopupAsync(() => session.Page.ClickAsync("#connect"));
        await Closed(popup);

        (await Messages(session.Page)).ShouldBeEmpty("the page that opened the popup is not the product's");
        ((string)(await world.Flow(other.FlowId)).Json["status"]!).ShouldBe("awaiting_confirmation");
        (await world.Peer.Stats()).TokenRequests.ShouldBe(0);
    }

    [Fact]
    public async Task Denial_reaches_the_opener()
    {
        await using var world = await PeerWorld.Start();
        await using var session = await chromium.NewSession();
        await Closed(await OpenPopup(world, session, "/?hint=deny"));
        (await Result(session.Page)).ShouldBe("failed connect.access_denied");
        (await Messages(session.Page)).Count.ShouldBe(1);
        await NothingLeaked(world, session);
    }

    [Fact]
    public async Task Full_page_redirect_ends_at_return_to_with_the_ticket_in_the_fragment()
    {
        await using var world = await PeerWorld.Start();
        await using var session = await chromium.NewSession();
        var (link, flowId) = await world.Initiate(returnTo: "/settings?tab=accounts");
        await session.Page.GotoAsync(link);

        await session.Page.WaitForURLAsync($"{world.Site.Origin}/settings?tab=accounts#**");
        var fragment = new Uri(session.Page.Url).Fragment;
        fragment.ShouldStartWith($"#gk_flow={flowId}&gk_ticket=");
        var ticket = fragment.Split("gk_ticket=")[1];
        var confirmed = await world.Host.Post($"/api/v1/oauth/flows/{flowId}/confirm", new { ticket, user_id = PeerWorld.User });
        ((bool)confirmed.Json["success"]!).ShouldBeTrue(confirmed.Body);
        await NothingLeaked(world, session);
        var sent = await session.Requests();
        sent.ShouldAllBe(request => request.Referer == null || !request.Referer.Contains(ticket, StringComparison.Ordinal));
        sent.ShouldContain(request => request.Url.StartsWith(world.Site.Origin + "/settings", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Popup_whose_opener_is_cut_off_says_so_and_the_status_tells_the_truth()
    {
        await using var world = await PeerWorld.Start();
        await using var session = await chromium.NewSession();
        var popup = await OpenPopup(world, session, "/cut-off?confirm=false");

        await popup.GetByRole(AriaRole.Heading, new() { Name = "Connected" }).WaitForAsync();
        await session.Screenshot("callback-connected", popup);
        popup.Url.ShouldBe(world.Callback, "code and state are gone from the address and the history entry");
        (await Messages(session.Page)).ShouldBeEmpty();
        await world.Completed(world.Site.FlowId);
        await popup.ReloadAsync();
        (await popup.ContentAsync()).ShouldContain("connect.state_missing");
        await session.Screenshot("callback-reloaded", popup);
        await NothingLeaked(world, session);
    }

    [Fact]
    public async Task Cut_off_popup_that_needs_a_confirmation_completes_nothing()
    {
        await using var world = await PeerWorld.Start();
        await using var session = await chromium.NewSession();
        var popup = await OpenPopup(world, session, "/cut-off");

        await popup.GetByRole(AriaRole.Heading).WaitForAsync();
        await session.Screenshot("callback-parked", popup);
        popup.Url.ShouldBe(world.Callback);
        ((string)(await world.Flow(world.Site.FlowId)).Json["status"]!).ShouldBe("awaiting_confirmation");
        (await world.Peer.Stats()).TokenRequests.ShouldBe(0);
    }

    private static async Task<IPage> OpenPopup(PeerWorld world, BrowserSession session, string path)
    {
        await session.Page.GotoAsync(world.Site.Origin + path);
        return await session.Page.RunAndWaitForPopupAsync(() => session.Page.ClickAsync("#connect"));
    }

    private static async Task<string> Result(IPage page)
    {
        await page.Locator("#result:not(:empty)").WaitForAsync(new() { State = WaitForSelectorState.Attached });
        return (await page.TextContentAsync("#result"))!;
    }

    private static async Task<IReadOnlyList<JsonElement>> Messages(IPage page) =>
        [.. (await page.EvaluateAsync<JsonElement>("messages")).EnumerateArray()];

    private static async Task Closed(IPage popup)
    {
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        popup.Close += (_, _) => closed.TrySetResult();
        if (popup.IsClosed)
            closed.TrySetResult();
        await closed.Task.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System, TestContext.Current.CancellationToken);
    }

    /// <summary>Code and state stand in the one request that must carry them, and nowhere else; no Referer carries either.</summary>
    private static async Task NothingLeaked(PeerWorld world, BrowserSession session)
    {
        var callback = (await session.Requests()).Single(request => request.Url.StartsWith(world.Callback + "?", StringComparison.Ordinal));
        var query = System.Web.HttpUtility.ParseQueryString(new Uri(callback.Url).Query);
        var secrets = new[] { query["code"], query["state"] }.OfType<string>().ToArray();
        secrets.ShouldNotBeEmpty();
        var exposing = await session.RequestsExposing(secrets);
        // The state is in the authorization request, where it was sent; the code is in the callback alone.
        exposing.ShouldAllBe(request => request == callback || IsOnTheWayOut(world, request));
        exposing.ShouldAllBe(request => request.Referer == null || !secrets.Any(secret => request.Referer.Contains(secret, StringComparison.Ordinal)));
        if (query["code"] is { } code)
            (await session.RequestsExposing(code)).ShouldHaveSingleItem().ShouldBe(callback);
    }

    private static bool IsOnTheWayOut(PeerWorld world, RecordedRequest request) =>
        request.Url.StartsWith(world.Peer.Endpoint(OidcProviderPeer.AuthorizationPath).AbsoluteUri, StringComparison.Ordinal);
}
