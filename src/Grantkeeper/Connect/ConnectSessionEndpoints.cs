using Grantkeeper.Client.Contracts;
using Grantkeeper.Encryption;
using Grantkeeper.Errors;
using Grantkeeper.Http;
using Grantkeeper.Identity;
using Grantkeeper.Integrations;
using Grantkeeper.Links;
using Grantkeeper.Providers;
using Grantkeeper.RedirectUris;
using Grantkeeper.Settings;
using Grantkeeper.Texts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Grantkeeper.Connect;

/// <summary>Connect sessions over HTTP: made, confirmed and ended by back ends; read by back ends and by the session itself.</summary>
internal static class ConnectSessionEndpoints
{
    private const string Sessions = "/api/v1/oauth/connect-sessions";
    private const int LongestRole = 60;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.Api<CreatedConnectSession>("POST", Sessions, Permissions.Connect, "Makes a connect session: the credential with which one user's browser connects accounts", Create)
            .Accepts<ConnectSessionRequest>("application/json").WithMetadata(new ForBackEnds()).Limited();
        routes.SessionApi<ConnectSessionEntry>("GET", Sessions + "/{id}", Permissions.Read, "A connect session and what was started in it", Get);
        routes.Api<CallbackAnswer>("POST", Sessions + "/{id}/confirm", Permissions.Connect, "Finishes a connection of the hosted page with the ticket that came back with the browser", Confirm)
            .Accepts<ConfirmRequest>("application/json");
        routes.Api<ConnectSessionEntry>("DELETE", Sessions + "/{id}", Permissions.Connect, "Ends a connect session", End);
    }

    private static async Task<IResult> Create(
        HttpContext http, ConnectSessions sessions, IntegrationStore integrations, ConnectLinks links, ProviderCatalogue catalogue, FeatureCatalogue features, GrantkeeperOptions options)
    {
        if (!(await http.Body<ConnectSessionRequest>()).TryGet(out var body, out var failure))
            return Answers.Problem(failure);
        if (Faults(body, catalogue, features) is { Count: > 0 } faults)
            return Answers.Problem(new Failure(ErrorCatalogue.Requests.Invalid) { Items = faults });
        if (!http.Caller().UserOf(body.UserId).TryGet(out var user, out failure)
            || !RedirectUriPolicy.ReturnTo(body.ReturnTo is { Length: > 0 } returnTo ? returnTo : "/", options).TryGet(out var back, out failure)
            || !RedirectUriPolicy.MessageTarget(body.OpenerOrigin, options).TryGet(out _, out failure))
            return Answers.Problem(failure);
        if (await http.Limited(LimitedOperation.Connect, user) is { } limited)
            return Answers.Problem(limited);
        var providers = body.Providers?.Select(key => catalogue.Find(key)!.Key).Distinct().ToArray() ?? [];
        if (body.IntegrationId is { } id)
        {
            if (await integrations.Find(id, user, http.RequestAborted) is not { } integration || (providers.Length > 0 && !providers.Contains(integration.Provider)))
                return Answers.Problem(new Failure(ErrorCatalogue.Integrations.NotFound));
            providers = [integration.Provider];
        }

        var made = await sessions.Create(
            new ConnectSession
            {
                UserId = user,
                Id = sessions.NewId(),
                Actor = body.Actor,
                Providers = providers,
                Features = body.Features?.Distinct().ToArray() ?? [],
                Role = body.Role,
                IntegrationId = body.IntegrationId,
                ReturnTo = back!,
                OpenerOrigin = body.OpenerOrigin,
                Confirm = body.Confirm ?? true,
                Language = body.Language,
            },
            http.Source(body.Actor), http.RequestAborted);
        return Answers.Json(new CreatedConnectSession
        {
            Id = made.Session.Id,
            Token = made.Token.Reveal(),
            ConnectUrl = links.ConnectPage(made.Ticket.Reveal()),
            ExpiresAt = made.Session.ExpiresAt,
            Status = made.Session.StatusAt(made.Session.CreatedAt),
        });
    }

    private static List<string> Faults(ConnectSessionRequest body, ProviderCatalogue catalogue, FeatureCatalogue features)
    {
        var faults = new List<string>();
        if (Connections.ActorFault(body.Actor) is { } fault)
            faults.Add(fault);
        foreach (var key in body.Providers ?? [])
        {
            if (key is null || catalogue.Find(key) is null)
                faults.Add($"providers names a provider that is not known: {OAuth.TokenEndpoint.Clean(key ?? "")}");
        }

        if (body.Role is { } role && (role.Length is 0 or > LongestRole || role.Any(char.IsControl)))
            faults.Add($"role must be 1 to {LongestRole} characters without control characters");
        if (body.Providers is { Count: 0 })
            faults.Add("providers must name at least one provider; leave it out to offer all");
        foreach (var key in body.Features ?? [])
        {
            if (key is null || features.Find(key) is not { } feature)
                faults.Add($"features names a feature that is not known: {OAuth.TokenEndpoint.Clean(key ?? "")}");
            else if (body.Providers is { Count: > 0 } offered && !offered.Any(provider => ProviderCatalogue.Fold(provider) == feature.Provider))
                faults.Add($"features names {key}, which needs {feature.Provider}, and the session does not offer that");
        }

        if (body.Language is { } language && !PageTexts.Languages.Contains(language))
            faults.Add($"language must be one of {string.Join(", ", PageTexts.Languages)}");
        return faults;
    }

    private static async Task<IResult> Get(HttpContext http, ConnectSessions sessions, FlowStore flows, TimeProvider time, string id, [FromQuery(Name = "user_id")] string? userId)
    {
        if (!http.Caller().UserOrAny(userId).TryGet(out var user, out var failure))
            return Answers.Problem(failure);
        return await Found(http, sessions, id, user) is { } session ? await Entry(http, session, flows, time) : Answers.Problem(new Failure(ErrorCatalogue.Connect.SessionUnknown));
    }

    private static async Task<IResult> End(HttpContext http, ConnectSessions sessions, FlowStore flows, TimeProvider time, string id, [FromQuery(Name = "user_id")] string? userId)
    {
        if (!http.Caller().UserOrAny(userId).TryGet(out var user, out var failure))
            return Answers.Problem(failure);
        return await Found(http, sessions, id, user) is { } session
            ? await Entry(http, await sessions.End(session, http.Source(), http.RequestAborted), flows, time)
            : Answers.Problem(new Failure(ErrorCatalogue.Connect.SessionUnknown));
    }

    /// <summary>The rules are those of <c>/flows/{flow_id}/confirm</c>: the wrong user ends the flow, and its code is never sent.</summary>
    private static async Task<IResult> Confirm(HttpContext http, ConnectSessions sessions, ConnectFlow connect, FlowStore flows, ProviderCatalogue catalogue, string id)
    {
        if (!(await http.Body<ConfirmRequest>()).TryGet(out var body, out var failure) || !http.Caller().UserOf(body.UserId).TryGet(out var user, out failure))
            return Answers.Problem(failure);
        if (await Found(http, sessions, id, null) is not { } session)
            return Answers.Problem(new Failure(ErrorCatalogue.Connect.SessionUnknown));
        if (body.Ticket is not { Length: > 0 and <= RandomHandle.MaxLength }
            || await flows.FindParked(session.Id, session.UserId, RandomHandle.HashOf(body.Ticket), http.RequestAborted) is not { } flow)
        {
            // A user learns of no session but their own.
            return Answers.Problem(new Failure(http.Caller().Vouches || user == session.UserId ? ErrorCatalogue.Connect.TicketInvalid : ErrorCatalogue.Connect.SessionUnknown));
        }

        return ConnectEndpoints.Answer(await connect.Confirm(flow.Id, new Secret(body.Ticket), user, http.Source(), http.RequestAborted), catalogue.Find(flow.Provider));
    }

    /// <summary>A session sees itself; a back end sees whichever it names.</summary>
    private static async Task<ConnectSession?> Found(HttpContext http, ConnectSessions sessions, string id, string? userId) =>
        Guid.TryParse(id, out var guid) && (http.Caller().Session is not { } own || own.SessionId == guid) ? await sessions.Find(guid, userId, http.RequestAborted) : null;

    private static async Task<IResult> Entry(HttpContext http, ConnectSession session, FlowStore flows, TimeProvider time)
    {
        var now = time.GetUtcNow();
        var started = await flows.OfSession(session.Id, session.UserId, http.RequestAborted);
        return Answers.Json(new ConnectSessionEntry(
            session.Id, session.StatusAt(now), session.UserId, session.Providers, session.IntegrationId, session.Confirm, session.CreatedAt, session.ExpiresAt, session.RedeemedAt,
            [.. started.Select(flow => ConnectEndpoints.AnswerOf(flow, now))]));
    }
}
