using Grantkeeper.Audit;
using Grantkeeper.Client.Contracts;
using Grantkeeper.Errors;
using Grantkeeper.Identity;
using Grantkeeper.Integrations;
using Grantkeeper.Links;
using Grantkeeper.OAuth;
using Grantkeeper.Providers;
using Grantkeeper.Storage;

namespace Grantkeeper.Connect;

/// <summary>Connecting and disconnecting accounts for code that runs in the same process; requests and answers are those of the HTTP API.</summary>
public interface IConnections
{
    /// <summary>
    /// Starts a connection; send the user's browser to <see cref="InitiateAnswer.AuthorizationUrl"/>. When the browser comes back
    /// in the session of that user, the connection is finished; else it waits for a confirmation. Failures: those of
    /// <c>POST /api/v1/oauth/initiate</c>.
    /// </summary>
    /// <param name="request">Provider and user at least.</param>
    /// <param name="cancellation">Gives up.</param>
    Task<Result<InitiateAnswer>> Start(InitiateRequest request, CancellationToken cancellation = default);

    /// <summary>A user's connected accounts at a provider. Failures: <c>providers.unknown</c>, <c>identity.user_invalid</c>.</summary>
    /// <param name="provider">The provider's key.</param>
    /// <param name="userId">The user.</param>
    /// <param name="cancellation">Gives up.</param>
    Task<Result<AccountList>> Accounts(string provider, string userId, CancellationToken cancellation = default);

    /// <summary>Ends a user's connection here and at the provider; harmless when there is none. Failures: <c>providers.unknown</c>, <c>identity.user_invalid</c>.</summary>
    /// <param name="provider">The provider's key.</param>
    /// <param name="userId">Whose account.</param>
    /// <param name="accountId">Which of the user's accounts; null: the primary one.</param>
    /// <param name="reason">A word for the audit log.</param>
    /// <param name="cancellation">Gives up before the disconnect is written; what is written is carried out.</param>
    Task<Result<DisconnectAnswer>> Disconnect(string provider, string userId, string? accountId = null, string? reason = null, CancellationToken cancellation = default);
}

/// <inheritdoc/>
internal sealed class Connections(
    ConnectFlow connect, DisconnectFlow disconnect, IntegrationStore integrations, ProviderCatalogue catalogue, FeatureCatalogue features, ConnectLinks links, SharedTime time) : IConnections
{
    private static readonly AuditSource Process = new("process", null, null, null, null);

    /// <summary>The application that embeds us: it names a user in each request, as a key does.</summary>
    private static readonly Caller Application = new("process", new HashSet<string>(Permissions.All));

    public Task<Result<InitiateAnswer>> Start(InitiateRequest request, CancellationToken cancellation = default) =>
        Start(request, Application, Process with { Actor = request.Actor }, cancellation);

    public async Task<Result<AccountList>> Accounts(string provider, string userId, CancellationToken cancellation = default)
    {
        if (catalogue.Find(provider) is not { } known)
            return new Failure(ErrorCatalogue.Providers.Unknown);
        return UserIds.Parse(userId).TryGet(out var user, out var failure)
            ? await IntegrationEndpoints.AccountsOf(known.Key, user, integrations, time, cancellation)
            : failure;
    }

    public async Task<Result<DisconnectAnswer>> Disconnect(string provider, string userId, string? accountId = null, string? reason = null, CancellationToken cancellation = default)
    {
        if (catalogue.Find(provider) is not { } known)
            return new Failure(ErrorCatalogue.Providers.Unknown);
        if (!UserIds.Parse(userId).TryGet(out var user, out var failure))
            return failure;
        return await integrations.FindAt(known.Key, user, accountId, cancellation) is { } integration
            ? await ConnectEndpoints.Disconnected(disconnect, catalogue, integration, reason, Process, cancellation)
            : ConnectEndpoints.NothingConnected(known);
    }

    internal async Task<Result<InitiateAnswer>> Start(InitiateRequest request, Caller caller, AuditSource source, CancellationToken cancellation)
    {
        if (!(await Begin(request, caller, source, cancellation)).TryGet(out var flow, out var failure))
            return failure;
        return new InitiateAnswer
        {
            AuthorizationUrl = links.Start(flow.StartHandle.Reveal()),
            StateToken = flow.State.Reveal(),
            Provider = request.Provider!,
            Scopes = flow.Scopes.ToArray(),
            FlowId = flow.FlowId,
            ExpiresIn = flow.ExpiresIn,
            TrustedOrigins = [flow.TrustedOrigin],
        };
    }

    /// <summary>The start link for code in the same process; the provider's own URL is not told, since the answer may go on to a browser.</summary>
    internal Task<Result<AuthorizationUrl>> Link(InitiateRequest request, CancellationToken cancellation) =>
        Link(request, Application, Process, isToldProviderUrl: false, cancellation);

    /// <summary>A started flow with the provider's names: the answer of <c>GET /oauth/{provider}/auth</c>.</summary>
    internal async Task<Result<AuthorizationUrl>> Link(InitiateRequest request, Caller caller, AuditSource source, bool isToldProviderUrl, CancellationToken cancellation)
    {
        if (!(await Begin(request, caller, source, cancellation)).TryGet(out var flow, out var failure))
            return failure;
        if (catalogue.Find(request.Provider!) is not { } known)
            return new Failure(ErrorCatalogue.Providers.Unknown);
        var details = new Dictionary<string, object?> { ["scopes"] = flow.Scopes.ToArray() };
        if (isToldProviderUrl)
            details["provider_authorization_url"] = flow.ProviderUrl.Reveal();
        return new AuthorizationUrl
        {
            AuthUrl = links.Start(flow.StartHandle.Reveal()),
            State = flow.State.Reveal(),
            FlowId = flow.FlowId,
            ProviderKey = known.Key,
            DisplayName = known.DisplayName,
            ExpiresIn = flow.ExpiresIn,
            TrustedOrigins = [flow.TrustedOrigin],
            Details = details,
        };
    }

    /// <summary>A callback that reached the application's own page, handed in by code in the same process.</summary>
    internal Task<Result<CallbackAnswer>> HandIn(Provider provider, CallbackRequest callback, CancellationToken cancellation) =>
        HandIn(provider, callback, Application, Process, cancellation);

    /// <summary>The one path of a callback that a back end hands in.</summary>
    internal async Task<Result<CallbackAnswer>> HandIn(Provider provider, CallbackRequest callback, Caller caller, AuditSource source, CancellationToken cancellation)
    {
        if (!caller.UserOf(callback.UserId).TryGet(out var user, out var failure))
            return failure;
        var answer = AuthorizationResponse.Read(new Dictionary<string, string?>
        {
            [OAuthNames.Code] = callback.Code, [OAuthNames.State] = callback.State, [OAuthNames.Iss] = callback.Iss, [OAuthNames.Error] = callback.Error,
        });
        return ConnectEndpoints.AnswerOf(await connect.Complete(provider.Key, answer, new CallbackBearer(null, user, true), source, cancellation), provider);
    }

    /// <summary>The one path from a request, over HTTP or not, to a started flow.</summary>
    private async Task<Result<StartedFlow>> Begin(InitiateRequest request, Caller caller, AuditSource source, CancellationToken cancellation)
    {
        if (Faults(request) is { Count: > 0 } faults)
            return new Failure(ErrorCatalogue.Requests.Invalid) { Items = faults };
        if (!caller.UserOf(request.UserId).TryGet(out var user, out var failure))
            return failure;
        if (SessionStarts.Refusal(caller, request, catalogue) is { } refused)
            return refused;
        var session = caller.Session;
        return await connect.Start(
            new StartRequest
            {
                Provider = request.Provider!,
                UserId = user,
                Scopes = ScopeSet.Of(request.Scopes ?? []),
                Features = request.Features ?? (request.Scopes is not { Count: > 0 } && session is not null ? features.Among(session.Features, request.Provider!) : []),
                Roles = RolesOf(caller, request.Role),
                RedirectUri = request.RedirectUri,
                ReturnTo = request.ReturnTo,
                LoginHint = request.LoginHint,
                OpenerOrigin = request.OpenerOrigin ?? session?.OpenerOrigin,
                Landing = request.Popup == true ? Landing.Popup : Landing.Address,
                SessionId = session?.SessionId,
                ReconnectIntegrationId = request.IntegrationId ?? session?.IntegrationId,
                ReplaceAccount = request.ReplaceAccount ?? false,
                Completion = (session?.Confirm ?? request.Confirm) == false ? Completion.Direct : Completion.Confirm,
            },
            source, cancellation);
    }

    /// <summary>Whom the policy of scopes sees: a user's roles, which a request may narrow; the role that a back end names; else nobody.</summary>
    internal static IReadOnlyList<string>? RolesOf(Caller caller, string? named) => (caller.Roles, named) switch
    {
        (null, null) => null,
        (null, _) => [named!],
        (_, null) => caller.Roles,
        _ => [.. caller.Roles.Where(role => role == named)],
    };

    /// <summary>What is wrong with the name of an actor; null when nothing is.</summary>
    internal static string? ActorFault(string? actor) =>
        actor is not null && (actor.Length is 0 or > 255 || actor.Any(char.IsControl)) ? "actor must be 1 to 255 characters without control characters" : null;

    private static List<string> Faults(InitiateRequest body)
    {
        var faults = new List<string>();
        if (string.IsNullOrEmpty(body.Provider))
            faults.Add("provider is required");
        if (body.Scopes?.Any(scope => scope is null || scope.Length is 0 or > 300 || scope.Any(c => char.IsWhiteSpace(c) || char.IsControl(c))) == true)
            faults.Add("scopes must be texts of 1 to 300 characters without blanks");
        if (body.Features?.Any(feature => string.IsNullOrEmpty(feature)) == true)
            faults.Add("features must be keys of features");
        if (ActorFault(body.Actor) is { } fault)
            faults.Add(fault);
        if (body.LoginHint is { Length: > 320 })
            faults.Add("login_hint must be at most 320 characters");
        return faults;
    }
}
