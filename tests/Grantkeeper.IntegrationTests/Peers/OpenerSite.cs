using System.Text.Json;
using Grantkeeper.IntegrationTests.Flows;
using Grantkeeper.Testing.Peers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Grantkeeper.IntegrationTests.Peers;

/// <summary>
/// A product's site: a page that opens the popup and takes its one message, and a back end that holds the API key and
/// confirms for the user of its own session. The page trusts the origins that its back end was told to trust.
/// </summary>
internal sealed class OpenerSite : IAsyncDisposable
{
    private const string Page = """
        <!doctype html><title>Product</title><button id="connect">Connect</button><output id="result"></output>
        <script>
          const messages = [];
          let trusted = [];
          addEventListener('message', async event => {
            messages.push({ origin: event.origin, data: event.data });
            if (!trusted.includes(event.origin) || event.data?.type !== 'grantkeeper')
              return;
            if (event.data.status !== 'awaiting_confirmation') {
              document.getElementById('result').textContent = event.data.status + ' ' + (event.data.code ?? '');
              return;
            }
            const answer = await fetch('/confirm', { method: 'POST', body: JSON.stringify(event.data) });
            document.getElementById('result').textContent = await answer.text();
          });
          document.getElementById('connect').addEventListener('click', async () => {
            const popup = window.open('about:blank', 'connect', 'popup,width=500,height=600');
            const start = await (await fetch('/begin' + location.search)).json();
            trusted = start.trusted_origins;
            popup.location = start.auth_url;
          });
        </script>
        """;

    private readonly WebApplication _app;

    private OpenerSite(WebApplication app, string origin)
    {
        _app = app;
        Origin = origin;
    }

    public string Origin { get; }

    public FlowHost BackEnd { get; set; } = null!;

    public static async Task<OpenerSite> Start()
    {
        // Not the host name of the node: another site, as a product's own domain would be.
        var origin = $"http://127.0.0.1:{FreePort.Next()}";
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(origin);
        var app = builder.Build();
        var site = new OpenerSite(app, origin);
        app.MapGet("/", () => Results.Content(Page, "text/html"));
        app.MapGet("/cut-off", (HttpContext http) =>
        {
            http.Response.Headers["Cross-Origin-Opener-Policy"] = "same-origin";
            return Results.Content(Page, "text/html");
        });
        app.MapGet("/settings", () => Results.Content("<!doctype html><title>Settings</title><h1>Settings</h1>", "text/html"));
        app.MapGet("/begin", (Delegate)site.Begin);
        app.MapPost("/confirm", (Delegate)site.Confirm);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return site;
    }

    /// <summary>The id of the flow that the page began last.</summary>
    public Guid FlowId { get; private set; }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task<IResult> Begin(HttpContext http)
    {
        var hint = http.Request.Query["hint"].ToString() is { Length: > 0 } asked ? asked : "alice";
        var confirm = http.Request.Query["confirm"].ToString() is "false" ? "&confirm=false" : "";
        var scopes = Uri.EscapeDataString(string.Join(' ', PeerWorld.Scopes));
        var started = await BackEnd.Get($"/oauth/{PeerWorld.Provider}/auth?user_id={PeerWorld.User}&login_hint={hint}&scopes={scopes}{confirm}");
        FlowId = Guid.Parse((string)started.Json["flow_id"]!);
        return Results.Content(started.Body, "application/json", statusCode: (int)started.Status);
    }

    private async Task<IResult> Confirm(HttpContext http)
    {
        var message = await JsonDocument.ParseAsync(http.Request.Body);
        var (flow, ticket) = (message.RootElement.GetProperty("flow_id").GetGuid(), message.RootElement.GetProperty("ticket").GetString());
        var confirmed = await BackEnd.Post($"/api/v1/oauth/flows/{flow}/confirm", new { ticket, user_id = PeerWorld.User });
        return Results.Text(confirmed.Status == System.Net.HttpStatusCode.OK && (bool)confirmed.Json["success"]! ? "connected" : confirmed.Body);
    }
}
