using Grantkeeper.Audit;
using Grantkeeper.Client.Contracts;
using Grantkeeper.Encryption;
using Grantkeeper.Errors;
using Grantkeeper.Http;
using Grantkeeper.Identity;
using Grantkeeper.Integrations;
using Grantkeeper.OAuth;
using Grantkeeper.Providers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Grantkeeper.Connect;

/// <summary>Starts, confirmations, flow statuses and disconnects over HTTP; what browsers meet is in <see cref="BrowserEndpoints"/>.</summary>
internal static class ConnectEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.Api<AuthorizationUrl>("GET", "/oauth/{provider}/auth", Permissions.Connect, "Starts a connection; answers with the link for the user's browser", Auth).Limited();
        routes.SessionApi<InitiateAnswer>("POST", "/api/v1/oauth/initiate", Permissions.Connect, "Starts a connection; answers with the link for the user's browser", Initiate)
            .Accepts<InitiateRequest>("application/json").Limited();
        routes.Api<CallbackAnswer>("POST", "/oauth/{provider}/callback", Permissions.Connect, "Hands in a callback that reached the application's own page", CallbackByCaller)
            .Accepts<CallbackRequest>("application/json");
        routes.SessionApi<FlowAnswer>("GET", "/api/v1/oauth/flows/{flow_id}", Permissions.Read, "How far a connection has come", Flow);
        routes.SessionApi<CallbackAnswer>("POST", "/api/v1/oauth/flows/{flow_id}/confirm", Permissions.Connect, "Finishes a connection for its user with the ticket that came back with the browser", Confirm)
            .Accepts<ConfirmRequest>("application/json");
        routes.SessionApi<DisconnectAnswer>("POST", "/oauth/{provider}/disconnect", Permissions.Revoke, "Ends a user's connection, here and at the provider", DisconnectAt)
            .Accepts<DisconnectRequest>("application/json").Limited();
        routes.Api<DisconnectAnswer>("DELETE", "/api/v1/oauth/integrations/{id}", Permissions.Revoke, "Ends an integration, here and at the provider", Delete).Limited();
    }

    private static async Task<IResult> Auth(
        HttpContext http, Connections connections, string provider, string? scopes, string? features, string? role, string? confirm,
        [FromQuery(Name = "user_id")] string? userId, [FromQuery(Name = "return_to")] string? returnTo, [FromQuery(Name = "login_hint")] string? loginHint,
        [FromQuery(Name = "opener_origin")] string? openerOrigin, [FromQuery(Name = "integration_id")] string? integrationId)
    {
        if (confirm is not (null or "true" or "false"))
            return Answers.Problem(new Failure(ErrorCatalogue.Requests.Invalid) { Items = ["confirm must be true or false"] });
        Guid? reconnect = Guid.TryParse(integrationId, out var guid) ? guid : null;
        if (integrationId is not null && reconnect is null)
            return Answers.Problem(new Failure(ErrorCatalogue.Integrations.NotFound));
        // A user that cannot be named is refused by the start itself.
        if (http.Caller().UserOf(userId).TryGet(out var user, out _) && await http.Limited(LimitedOperation.Connect, user) is { } limited)
            return Answers.Problem(limited);
        var request = new InitiateRequest
        {
            Provider = provider,
            UserId = userId,
            Scopes = ScopeSet.Parse(scopes).ToArray(),
            Features = ScopeSet.Parse(features) is { Count: > 0 } named ? named.ToArray() : null,
            Role = role,
            ReturnTo = returnTo,
            LoginHint = loginHint,
            OpenerOrigin = openerOrigin,
            IntegrationId = reconnect,
            Confirm = confirm != "false",
        };
        return (await connections.Link(request, http.Caller(), http.Source(), http.Caller().IsAdministrator, http.RequestAborted)).TryGet(out var link, out var failure)
            ? Answers.Json(link)
            : Answers.Problem(failure);
    }

    private static async Task<IResult> Initiate(HttpContext http, Connections connections)
    {
        if (!(await http.Body<InitiateRequest>()).TryGet(out var body, out var failure))
            return Answers.Problem(failure);
        // A user that cannot be named is refused by the start itself.
        if (http.Caller().UserOf(body.UserId).TryGet(out var user, out _) && await http.Limited(LimitedOperation.Connect, user) is { } limited)
            return Answers.Problem(limited);
        return (await connections.Start(body, http.Caller(), http.Source(body.Actor), http.RequestAborted)).TryGet(out var started, out failure)
            ? Answers.Json(started)
            : Answers.Problem(failure);
    }

    /// <summary>The JSON form of the callback; the form that browsers post is told apart by its content type.</summary>
    private static async Task<IResult> CallbackByCaller(HttpContext http, Connections connections, ProviderCatalogue catalogue, string provider)
    {
        if (catalogue.Find(provider) is not { } known)
            return Answers.Problem(new Failure(ErrorCatalogue.Providers.Unknown));
        return (await http.Body<CallbackRequest>()).TryGet(out var body, out var failure)
            ? Answer(await connections.HandIn(known, body, http.Caller(), http.Source(), http.RequestAborted))
            : Answers.Problem(failure);
    }

    private static async Task<IResult> Flow(HttpContext http, FlowStore flows, TimeProvider time, [FromRoute(Name = "flow_id")] string flowId, [FromQuery(Name = "user_id")] string? userId)
    {
        if (!http.Caller().UserOf(userId).TryGet(out var user, out var failure))
            return Answers.Problem(failure);
        if (!Guid.TryParse(flowId, out var id) || await flows.Find(id, user, http.RequestAborted) is not { } flow)
            return Answers.Problem(new Failure(ErrorCatalogue.Connect.FlowUnknown));
        return Answers.Json(AnswerOf(flow, time.GetUtcNow()));
    }

    internal static FlowAnswer AnswerOf(PendingFlow flow, DateTimeOffset now)
    {
        var code = flow.ErrorCode is null ? null : ErrorCatalogue.Find(flow.ErrorCode);
        var status = flow.Status switch
        {
            FlowStatus.Started when flow.ExpiresAt <= now => "expired",
            FlowStatus.Parked when flow.ParkedUntil <= now => "expired",
            FlowStatus.Started or FlowStatus.Redeemed => "pending",
            FlowStatus.Parked => "awaiting_confirmation",
            _ => Words.Of(flow.Status),
        };
        return new FlowAnswer(flow.Id, status, flow.Provider, flow.IntegrationId, code is null ? null : new ErrorEntry(code.Code, code.Cause));
    }

    private static async Task<IResult> Confirm(HttpContext http, ConnectFlow connect, ProviderCatalogue catalogue, [FromRoute(Name = "flow_id")] string flowId)
    {
        if (!(await http.Body<ConfirmRequest>()).TryGet(out var body, out var failure) || !http.Caller().UserOf(body.UserId).TryGet(out var user, out failure))
            return Answers.Problem(failure);
        if (!Guid.TryParse(flowId, out var id))
            return Answers.Problem(new Failure(ErrorCatalogue.Connect.FlowUnknown));
        if (body.Ticket is not { Length: > 0 and <= RandomHandle.MaxLength })
            return Answers.Problem(new Failure(ErrorCatalogue.Connect.TicketInvalid));
        var completed = await connect.Confirm(id, new Secret(body.Ticket), user, http.Source(), http.RequestAborted);
        return Answer(completed, completed.Flow is null ? null : catalogue.Find(completed.Flow.Provider));
    }

    private static async Task<IResult> DisconnectAt(HttpContext http, DisconnectFlow disconnect, IntegrationStore integrations, ProviderCatalogue catalogue, string provider)
    {
        if (catalogue.Find(provider) is not { } known)
            return Answers.Problem(new Failure(ErrorCatalogue.Providers.Unknown));
        if (!(await http.Body<DisconnectRequest>()).TryGet(out var body, out var failure) || !http.Caller().UserOf(body.UserId).TryGet(out var user, out failure))
            return Answers.Problem(failure);
        // Nothing connected is what was asked for: twice is harmless.
        if (await integrations.FindAt(known.Key, user, body.AccountId, http.RequestAborted) is not { } integration)
            return Answers.Json(NothingConnected(known));
        return http.Caller().Session?.IntegrationId is { } only && only != integration.Id
            ? Answers.Problem(new Failure(ErrorCatalogue.Identity.SessionNotAllowed, "This connect session is for another integration."))
            : await Disconnected(http, disconnect, catalogue, integration, body.Reason);
    }

    internal static DisconnectAnswer NothingConnected(Provider known) =>
        new(true, known.Key, known.DisplayName, $"No {known.DisplayName} account is connected.", Tokens.Revocations.Unsupported, null);

    private static async Task<IResult> Delete(HttpContext http, DisconnectFlow disconnect, IntegrationStore integrations, ProviderCatalogue catalogue, string id, string? reason, [FromQuery(Name = "user_id")] string? userId)
    {
        if (!http.Caller().UserOrAny(userId).TryGet(out var user, out var unusable))
            return Answers.Problem(unusable);
        return Guid.TryParse(id, out var guid) && await integrations.Find(guid, user, http.RequestAborted) is { } integration
            ? await Disconnected(http, disconnect, catalogue, integration, reason)
            : Answers.Problem(new Failure(ErrorCatalogue.Integrations.NotFound));
    }

    private static async Task<IResult> Disconnected(HttpContext http, DisconnectFlow disconnect, ProviderCatalogue catalogue, Integration integration, string? reason)
    {
        if (await http.Limited(LimitedOperation.Revoke, integration.UserId) is { } limited)
            return Answers.Problem(limited);
        return (await Disconnected(disconnect, catalogue, integration, reason, http.Source(), http.RequestAborted)).TryGet(out var answer, out var failure)
            ? Answers.Json(answer)
            : Answers.Problem(failure);
    }

    internal static async Task<Result<DisconnectAnswer>> Disconnected(
        DisconnectFlow disconnect, ProviderCatalogue catalogue, Integration integration, string? reason, AuditSource source, CancellationToken cancellation)
    {
        if (!(await disconnect.Disconnect(integration.Id, integration.UserId, reason, source, cancellation)).TryGet(out var done, out var failure))
            return failure;
        var name = catalogue.Find(integration.Provider)?.DisplayName ?? integration.Provider;
        var message = done.WasConnected
            ? $"{name} is disconnected here; {Said(done.ProviderRevocation)}."
            : $"{name} was disconnected before; {Said(done.ProviderRevocation)}.";
        return new DisconnectAnswer(true, integration.Provider, name, message, done.ProviderRevocation, null);
    }

    private static string Said(string revocation) => revocation switch
    {
        Tokens.Revocations.Confirmed => "the provider confirmed that the grant is gone",
        Tokens.Revocations.Pending => "the provider did not answer yet and is asked again until it does",
        Tokens.Revocations.Withheld => "the provider was not told, because that would end another connected account too",
        Tokens.Revocations.Unsupported => "the provider offers no way to revoke, the user can remove the app in the account's settings",
        _ => "the provider refused the revocation, the user can remove the app in the account's settings",
    };

    internal static IResult Answer(Completed completed, Provider? provider) => Answer(AnswerOf(completed, provider));

    private static IResult Answer(Result<CallbackAnswer> result) => result.TryGet(out var answer, out var failure) ? Answers.Json(answer) : Answers.Problem(failure);

    internal static Result<CallbackAnswer> AnswerOf(Completed completed, Provider? provider)
    {
        if (completed.Failure is not { } failure)
            return new CallbackAnswer(true, provider!.Key, provider.DisplayName, true, completed.IntegrationId, $"{provider.DisplayName} is connected.", null);
        // Refused by the provider or the user: the operation ran. Everything else could not be tried.
        var ran = provider is not null && (failure.Code == ErrorCatalogue.Connect.AccessDenied || failure.Code == ErrorCatalogue.Connect.ProviderRefused
            || failure.Code == ErrorCatalogue.Connect.CodeRejected || failure.Code == ErrorCatalogue.Connect.InstanceStale || failure.Code == ErrorCatalogue.Providers.ClientRejected);
        return ran
            ? new CallbackAnswer(false, provider!.Key, provider.DisplayName, false, null, failure.Message, new ErrorEntry(failure.Code.Code, failure.Message))
            : failure;
    }
}
