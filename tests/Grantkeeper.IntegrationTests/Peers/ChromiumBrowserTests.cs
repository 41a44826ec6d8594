using Grantkeeper.Testing.Browser;
using Grantkeeper.Testing.Peers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Grantkeeper.IntegrationTests.Peers;

[Trait("category", "kit")]
public sealed class ChromiumBrowserTests(ChromiumBrowser chromium) : IAsyncLifetime
{
    private readonly string _origin = $"http://127.0.0.1:{FreePort.Next()}";
    private WebApplication _site = null!;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(_origin);
        _site = builder.Build();
        _site.MapGet("/", () => Results.Content("<h1>Hello</h1><a href='/next?n=1'>on</a>", "text/html"));
        _site.MapGet("/next", () => Results.Redirect("/end?token=a%2Fsecret"));
        _site.MapGet("/end", () => Results.Content("<h1>There</h1>", "text/html"));
        _site.MapGet("/opener", () => Results.Content("<button onclick=\"window.open('/popup')\">Open</button>", "text/html"));
        _site.MapGet("/popup", () => Results.Content("<script>window.close()</script>", "text/html"));
        _site.MapGet("/callback", (string code, string iss) => Results.Content($"<h1>Back from {iss} with {code.Length} characters</h1>", "text/html"));
        await _site.StartAsync();
    }

    public async ValueTask DisposeAsync() => await _site.DisposeAsync();

    [Fact]
    public async Task Every_request_is_recorded_with_its_referer()
    {
        await using var session = await chromium.NewSession();

        await session.Page.GotoAsync(_origin);
        await session.Page.ClickAsync("a");
        await session.Page.GetByText("There").WaitForAsync();

        var requests = (await session.Requests()).Where(request => !request.Url.EndsWith("/favicon.ico", StringComparison.Ordinal));
        requests.ShouldBe(
        [
            new RecordedRequest("GET", $"{_origin}/", null),
            new RecordedRequest("GET", $"{_origin}/next?n=1", $"{_origin}/"),
            new RecordedRequest("GET", $"{_origin}/end?token=a%2Fsecret", $"{_origin}/"),
        ]);
        (await session.RequestsExposing("a/secret")).Count.ShouldBe(1);
        (await session.RequestsExposing("another")).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_popup_that_closes_itself_is_recorded_as_well()
    {
        await using var session = await chromium.NewSession();
        await session.Page.GotoAsync($"{_origin}/opener");
        var popup = await session.Page.RunAndWaitForPopupAsync(() => session.Page.ClickAsync("button"));
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        popup.Close += (_, _) => closed.TrySetResult();
        if (popup.IsClosed)
            closed.TrySetResult();
        await closed.Task.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System);

        (await session.Requests()).ShouldContain(new RecordedRequest("GET", $"{_origin}/popup", $"{_origin}/opener"));
    }

    [Fact]
    public async Task A_screenshot_is_kept_among_the_artifacts()
    {
        await using var session = await chromium.NewSession();
        await session.Page.GotoAsync(_origin);

        var path = await session.Screenshot("kit-hello");

        path.ShouldEndWith(Path.Combine("artifacts", "screenshots", "kit-hello.png"));
        new FileInfo(path).Length.ShouldBeGreaterThan(1000);
    }

    [Fact]
    public async Task A_person_signs_in_and_consents_on_the_pages_of_the_provider()
    {
        await using var peer = await OidcProviderPeer.Start(new OidcProviderOptions { Interactive = true, RedirectUris = [$"{_origin}/callback"] });
        await using var session = await chromium.NewSession();
        using var client = new PeerClient(peer);

        await session.Page.GotoAsync(client.AuthorizationUrl("carol", $"{_origin}/callback").AbsoluteUri);
        await session.Page.FillAsync("input[name=login]", "carol");
        await session.Page.FillAsync("input[name=password]", "anything");
        await session.Page.ClickAsync("button[type=submit]");
        await session.Page.ClickAsync("button[type=submit]:has-text('Continue')");

        await session.Page.GetByText($"Back from {peer.Issuer}").WaitForAsync();
        (await session.RequestsExposing("anything")).ShouldBeEmpty();
        (await peer.Stats()).EventCount("authorization.success").ShouldBe(1);
    }
}
