using System.Reflection;
using Grantkeeper.Connect;
using Grantkeeper.Consents;
using Grantkeeper.Dashboard.Session;
using Grantkeeper.Errors;
using Grantkeeper.Http;
using Grantkeeper.Identity;
using Grantkeeper.Integrations;
using Grantkeeper.Links;
using Grantkeeper.Providers;
using Grantkeeper.Settings;
using Grantkeeper.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Grantkeeper.Dashboard.Hosted;

/// <summary>
/// The hosted connect page of a connect session. No script: every step is a link or a form, every result a page.
/// </summary>
/// <remarks>
/// 1. <c>GET /connect/{ticket}</c> says who asks and shows a button; nothing is used up, since scanners open links too<br/>
/// 2. <c>POST /connect/{ticket}</c> redeems the ticket once, binds this browser, and leads to <c>/connect</c><br/>
/// 3. <c>POST /connect/start</c> goes to the provider by the start link; the callback leads back here, or, when a
/// confirmation is waited for, to the application with the ticket in the fragment<br/>
/// 4. the way back to the application is a link.
/// </remarks>
internal static class HostedEndpoints
{
    public const string LogoAddress = "/assets/brand-logo";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/connect/{ticket}", Look).ExcludeFromDescription();
        routes.MapMethods("/connect/{ticket}", [HttpMethods.Head], () => Results.NoContent()).ExcludeFromDescription();
        routes.MapPost("/connect/{ticket}", Redeem).ExcludeFromDescription();
        routes.MapGet("/connect", Show).ExcludeFromDescription();
        routes.MapPost("/connect/start", Start).ExcludeFromDescription();
        routes.MapPost("/connect/disconnect", Disconnect).ExcludeFromDescription();
        routes.MapGet("/connect/integrations/{id:guid}", Reconnect).ExcludeFromDescription();
        routes.MapGet("/assets/connect.css", (HttpContext http) => Asset(http, "connect.css", "text/css; charset=utf-8")).ExcludeFromDescription();
        routes.MapGet(LogoAddress, Logo).ExcludeFromDescription();
    }

    private static Task<IResult> Look(HttpContext http, ConnectSessions sessions, ProviderCatalogue catalogue, string ticket) => HostedResult.Guarded(http, async () =>
    {
        if (!(await sessions.Look(TicketOf(http, ticket), HostedSession.Presented(http), http.RequestAborted)).TryGet(out var session, out var failure))
            return HostedResult.Refusal(http, failure);
        if (session.RedeemedAt is not null)
            return PageResult.SeeOther(http, "/connect");
        var names = catalogue.Offered.Where(provider => provider.IsConfigured && session.AsCaller().Reaches(provider.Key)).Select(provider => provider.DisplayName);
        return HostedResult.Page<HostedOpen>(http, session, frame => new { Frame = frame, Providers = string.Join(", ", names) });
    });

    private static Task<IResult> Redeem(HttpContext http, ConnectSessions sessions, TimeProvider time, string ticket) => HostedResult.Guarded(http, async () =>
    {
        if (!(await sessions.Redeem(TicketOf(http, ticket), HostedSession.Presented(http), http.Source(), http.RequestAborted)).TryGet(out var redeemed, out var failure))
            return HostedResult.Refusal(http, failure);
        HostedSession.Begin(http, redeemed.Session, redeemed.Cookie, time);
        return PageResult.SeeOther(http, "/connect");
    });

    private static Task<IResult> Show(
        HttpContext http, IntegrationStore integrations, ConsentReader consents, FlowStore flows, ProviderCatalogue catalogue, SharedTime time, string? flow, string? revocation) =>
        HostedResult.ForSession(http, async session =>
        {
            var mine = await integrations.List(new IntegrationFilter(session.UserId, null, false, null, Cursor.MaxLimit), http.RequestAborted);
            var given = await consents.Live(session.UserId, http.RequestAborted);
            var finished = Guid.TryParse(flow, out var id) ? await flows.Find(id, session.UserId, http.RequestAborted) : null;
            return HostedResult.Page<HostedAccounts>(http, session, frame => new
            {
                Frame = frame,
                Model = HostedModel.Of(
                    session, HostedNotice.OfRevocation(revocation, frame) ?? HostedNotice.OfFlow(finished?.SessionId == session.Id ? finished : null, catalogue, frame),
                    mine, given, catalogue, frame, time.GetUtcNow()),
            });
        });

    private static Task<IResult> Start(HttpContext http, ConnectFlow connect, ConnectLinks links, IntegrationStore integrations, ProviderCatalogue catalogue, FeatureCatalogue features) => HostedResult.ForSession(http, async session =>
    {
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        if (catalogue.Find(form["provider"].ToString()) is not { } provider || !http.Caller().Reaches(provider.Key))
            return HostedResult.Refusal(http, new Failure(ErrorCatalogue.Identity.SessionNotAllowed), session);
        var again = await Mine(http, integrations, session, form["integration_id"]);
        if (again is null && (session.IntegrationId is not null || form.ContainsKey("integration_id")))
            return HostedResult.Refusal(http, new Failure(ErrorCatalogue.Integrations.NotFound), session);
        if (await http.Limited(LimitedOperation.Connect, session.UserId) is { } limited)
            return HostedResult.Refusal(http, limited, session);
        var started = await connect.Start(
            new StartRequest
            {
                Provider = provider.Key,
                UserId = session.UserId,
                Features = features.Among(session.Features, provider.Key),
                ReconnectIntegrationId = again?.Id,
                LoginHint = again?.AccountEmail,
                ReturnTo = session.ReturnTo,
                OpenerOrigin = session.OpenerOrigin,
                Landing = Landing.Page,
                SessionId = session.Id,
                Completion = session.Confirm ? Completion.Confirm : Completion.Direct,
            },
            http.Source(), http.RequestAborted);
        return started.TryGet(out var flow, out var failure) ? PageResult.SeeOther(http, links.Start(flow.StartHandle.Reveal())) : HostedResult.Refusal(http, failure, session);
    });

    private static Task<IResult> Disconnect(HttpContext http, DisconnectFlow disconnect, IntegrationStore integrations) => HostedResult.ForSession(http, async session =>
    {
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        if (await Mine(http, integrations, session, form["integration_id"]) is not { } integration)
            return HostedResult.Refusal(http, new Failure(ErrorCatalogue.Integrations.NotFound), session);
        if (await http.Limited(LimitedOperation.Revoke, session.UserId) is { } limited)
            return HostedResult.Refusal(http, limited, session);
        return (await disconnect.Disconnect(integration.Id, session.UserId, "user", http.Source(), http.RequestAborted)).TryGet(out var done, out var failure)
            ? PageResult.SeeOther(http, $"/connect?revocation={done.ProviderRevocation}")
            : HostedResult.Refusal(http, failure, session);
    });

    /// <summary>Where reconnect_url leads: to the account on this page for its user's session, or on the operator's page.</summary>
    private static Task<IResult> Reconnect(HttpContext http, IntegrationStore integrations, Guid id) => HostedResult.Guarded(http, async () =>
    {
        if (await HostedSession.Of(http) is { } session && await Mine(http, integrations, session, id.ToString()) is not null)
            return PageResult.SeeOther(http, $"/connect#integration-{id}");
        if (await OperatorSession.Of(http) is null)
            return HostedResult.Refusal(http, new Failure(ErrorCatalogue.Connect.SessionEnded));
        return await integrations.Find(id, null, http.RequestAborted) is { } integration
            ? PageResult.SeeOther(http, $"/accounts?user_id={Uri.EscapeDataString(integration.UserId)}#integration-{integration.Id}")
            : PageResult.Refusal(http, new Failure(ErrorCatalogue.Integrations.NotFound));
    });

    /// <summary>The integration that a form names, when the session's user owns it and the session reaches it.</summary>
    private static async Task<Integration?> Mine(HttpContext http, IntegrationStore integrations, ConnectSession session, string? integrationId) =>
        Guid.TryParse(integrationId, out var id) && (session.IntegrationId ?? id) == id
        && await integrations.Find(id, session.UserId, http.RequestAborted) is { } integration && session.AsCaller().Reaches(integration.Provider)
            ? integration : null;

    private static string TicketOf(HttpContext http, string visible) => http.Features.Get<SecretAddress>()?.Handle ?? visible;

    private static IResult Asset(HttpContext http, string name, string type)
    {
        http.Response.Headers.CacheControl = "public, max-age=3600";
        http.Response.Headers.XContentTypeOptions = "nosniff";
        return Results.Stream(Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!, type);
    }

    private static IResult Logo(HttpContext http, GrantkeeperOptions options)
    {
        if (options.Brand.LogoFile is not { } file || !File.Exists(file))
            return Results.NotFound();
        http.Response.Headers.CacheControl = "public, max-age=3600";
        http.Response.Headers.XContentTypeOptions = "nosniff";
        // An SVG that is opened by itself is a document; it may run and load nothing.
        http.Response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; sandbox";
        return Results.File(Path.GetFullPath(file), BrandReader.TypeOf(file));
    }
}
