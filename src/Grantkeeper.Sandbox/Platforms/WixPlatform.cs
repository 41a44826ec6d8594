using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Grantkeeper.Sandbox.Control;
using Grantkeeper.Sandbox.Faults;
using Grantkeeper.Sandbox.Grants;
using Grantkeeper.Sandbox.Http;
using Grantkeeper.Sandbox.OAuth;
using Grantkeeper.Sandbox.Pages;
using Grantkeeper.Sandbox.People;
using Microsoft.AspNetCore.WebUtilities;

namespace Grantkeeper.Sandbox.Platforms;

/// <summary>
/// Wix: a page on which a site's owner installs an app, a callback with a signed instance and no code, and tokens that are
/// minted for the instance until the app is removed. <c>owner</c> names the owner, where a test wants no page.
/// </summary>
internal sealed class WixPlatform(SandboxState state, ControlEndpoints control)
{
    private const int LifetimeSeconds = 14_400;

    /// <summary>Mounts every path.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/app-installer", Offer);
        routes.MapPost("/app-installer", Install);
        routes.MapPost("/oauth2/token", Token);
        new WixSite(state).Map(routes);
        routes.MapGet("/__sandbox/webhook-key", control.Guarded(_ => Task.FromResult(new Answer(StatusCodes.Status200OK, "application/x-pem-file", WixEvents.PublicKey(state)))));
        routes.MapPost("/__sandbox/uninstall/{sub}", control.Guarded(Uninstall));
    }

    private async Task Offer(HttpContext http)
    {
        state.Counters.Add(Counter.Authorize);
        var (client, back) = Asked(http.Request.Query["appId"], http.Request.Query["postInstallationUrl"]);
        if (client is null)
            await ErrorPage.Send(http, OAuthRefusal.InvalidRequest("appId or postInstallationUrl is not of a registered app."));
        else if (state.AutoConsent)
            Return(http, client, back!, Everybody.All[0]);
        else
        {
            await Layout.Send(http, "Add an app to your site", Html.Of($"""
                <p class="lead">A simulation of Wix</p>
                <h1>Add <span class="client">{client.DisplayName}</span> to a site?</h1>
                <form method="post" action="/wix/app-installer">
                <input type="hidden" name="appId" value="{client.ClientId}"><input type="hidden" name="postInstallationUrl" value="{back}">
                <ul class="people">{Html.Each(Everybody.All, Choice)}</ul>
                <div class="buttons"><button name="decision" value="deny">Leave</button></div>
                </form>
                <p class="hint">These sites are invented. Pick one: the app is installed there.</p>
                """));
        }
    }

    private static Html Choice(Person person) => Html.Of($"""
        <li><button class="person" name="person" value="{person.Subject}">{Avatar.Of(person)}<span class="who"><span class="name">{WixSite.NameOf(person)}</span><span class="mail">{person.Email}</span></span></button></li>
        """);

    private async Task Install(HttpContext http)
    {
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        var (client, back) = Asked(form["appId"], form["postInstallationUrl"]);
        if (client is null || back is null)
            await ErrorPage.Send(http, OAuthRefusal.InvalidRequest("appId or postInstallationUrl is not of a registered app."));
        else if (Everybody.Find(form["person"]) is { } person)
            Return(http, client, back, person);
        else
            See(http, QueryHelpers.AddQueryString(back, "error", "access_denied"));
    }

    /// <summary>Where the browser may be sent back to: a registered address, whatever state its query carries.</summary>
    private (ClientRegistration? Client, string? Back) Asked(string? appId, string? url)
    {
        var client = state.Clients.Find(appId);
        return client is not null && client.RedirectUris.Contains(url?.Split('?')[0] ?? "") ? (client, url) : (null, null);
    }

    private void Return(HttpContext http, ClientRegistration client, string back, Person person)
    {
        var instance = WixSite.InstanceOf(person);
        state.Grants.Install(instance, client.ClientId, person.Subject);
        var payload = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(new JsonObject { ["instanceId"] = instance, ["signDate"] = state.Clock.GetUtcNow().UtcDateTime.ToString("O") }.ToJsonString()));
        var signature = Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(client.ClientSecret ?? ""), Encoding.UTF8.GetBytes(payload)));
        See(http, QueryHelpers.AddQueryString(back, new Dictionary<string, string?> { ["appId"] = client.ClientId, ["tenantId"] = "tenant", ["instanceId"] = instance, ["signedInstance"] = $"{signature}.{payload}" }));
    }

    private async Task Token(HttpContext http)
    {
        var form = await RequestForm.ReadJson(http.Request);
        state.Counters.Add(Counter.RefreshRequests);
        await FaultGate.Pass(http, state, FaultEndpoint.Refresh, fault =>
        {
            if (form.Refusal is { } unreadable) return Answer.Refused(unreadable);
            var (client, stranger) = ClientAuthentication.Authenticate(http.Request, form, state.Clients, [ClientAuthenticationMethods.Post]);
            if (client is null) return Answer.Refused(stranger! with { Status = StatusCodes.Status400BadRequest });
            if (form["grant_type"] != "client_credentials" || form["instance_id"] is not { } instance) return Answer.Refused(OAuthRefusal.InvalidRequest("grant_type must be client_credentials, with instance_id."));
            var minted = state.Grants.Mint(instance, client.ClientId, new IssuePlan(TimeSpan.FromSeconds(LifetimeSeconds)));
            if (minted is null) return Answer.Refused(OAuthRefusal.InvalidGrant("The app is not installed there."));
            state.Counters.Add(Counter.Refreshes);
            var body = new JsonObject { ["access_token"] = minted.AccessToken.Value, ["token_type"] = "Bearer" };
            if (fault != FaultMode.NoExpiresIn) body["expires_in"] = LifetimeSeconds;
            return Answer.Json(body);
        });
    }

    /// <summary>A site's owner removes the app: nothing is minted any more, what was minted opens nothing, and the app is told.</summary>
    private async Task<Answer> Uninstall(HttpContext http)
    {
        if (Everybody.Find((string)http.Request.RouteValues["sub"]!) is not { } person)
            return Answer.Json(new JsonObject { ["error"] = "unknown_person" }, StatusCodes.Status404NotFound);
        var (request, refusal) = await ControlEndpoints.Read<UninstallRequest>(http);
        if (request is null) return refusal!;
        if (request.WebhookUrl is { } address && !(Uri.TryCreate(address, UriKind.Absolute, out var webhook) && webhook.Scheme == Uri.UriSchemeHttp && webhook.IsLoopback))
            return Answer.Refused(OAuthRefusal.InvalidRequest("webhook_url must be an http address on this machine."));
        var removed = state.Grants.All.Where(grant => grant.IsLive && grant.Subject == person.Subject).ToList();
        _ = state.Grants.RevokeUser(person.Subject);
        var (events, delivered) = (new JsonArray(), new JsonArray());
        foreach (var grant in removed)
        {
            var body = WixEvents.Body(state, grant.ClientId, "AppRemoved", grant.Id);
            events.Add((JsonNode)body);
            if (request.WebhookUrl is { } url) delivered.Add((JsonNode?)await WixEvents.Deliver(new Uri(url), body, http.RequestAborted));
        }

        return Answer.Json(new JsonObject { ["removed"] = removed.Count, ["events"] = events, ["delivered"] = delivered });
    }

    private sealed record UninstallRequest(string? WebhookUrl = null);

    private static void See(HttpContext http, string location)
    {
        http.Response.StatusCode = StatusCodes.Status303SeeOther;
        http.Response.Headers.Location = location;
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers["Referrer-Policy"] = "no-referrer";
    }
}
