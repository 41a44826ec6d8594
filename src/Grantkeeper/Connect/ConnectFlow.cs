using Grantkeeper.Audit;
using Grantkeeper.Consents;
using Grantkeeper.Encryption;
using Grantkeeper.Errors;
using Grantkeeper.Failpoints;
using Grantkeeper.Integrations;
using Grantkeeper.OAuth;
using Grantkeeper.Providers;
using Grantkeeper.RedirectUris;
using Grantkeeper.Settings;
using Grantkeeper.Storage;
using Grantkeeper.Tokens;
using Microsoft.Extensions.Logging;

namespace Grantkeeper.Connect;

/// <summary>
/// From a button to a stored integration: the only path that makes grants.
/// </summary>
/// <remarks>
/// <b>Start</b>: 1. provider, its client registration, and what may be asked for 2. where the browser may come back and go on to
/// 3. code_verifier, state, nonce, start handle 4. store the flow 5. the one-time start link.<br/>
/// <b>Open</b>: the first browser that opens the link is bound to the flow and sent to the provider.<br/>
/// <b>Complete</b>: 1. redeem the state, atomically 2. judge the answer: iss, error, code 3. park the code until its user
/// confirms, or 4. exchange it, once 5. find the account 6. store everything in one transaction.<br/>
/// <b>Confirm</b>: the parked code is redeemed by the right user with the ticket of the browser that came back.
/// </remarks>
internal sealed class ConnectFlow(
    IFlows flows, GrantStore grants, ProviderCatalogue catalogue, EndpointDiscovery discovery, TokenRequests requests, AccountReader accounts,
    IntegrationStore integrations, ITokenVault vault, ScopeAsks asks, Escalations escalations, GrantkeeperOptions options, SharedTime time, IFailpoints failpoints, ILogger<ConnectFlow> logger)
{
    /// <summary>How long a flow lives (RFC 9700 section 2.1; R81).</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    /// <summary>The longest that a code is parked; less where the provider's codes live less.</summary>
    private static readonly TimeSpan LongestPark = TimeSpan.FromMinutes(5);

    /// <summary>Starts a flow. Writes one row; calls nobody but, the first time, the provider's discovery document.</summary>
    public async Task<Result<StartedFlow>> Start(StartRequest asked, AuditSource source, CancellationToken cancellation)
    {
        // 1. provider, its client registration, and what may be asked for
        if (catalogue.Find(asked.Provider) is not { } provider)
            return new Failure(ErrorCatalogue.Providers.Unknown, $"Unsupported platform: {Shown(asked.Provider)}.");
        if (!provider.IsConfigured)
            return new Failure(ErrorCatalogue.Providers.NotConfigured, $"{provider.DisplayName} is not configured: {string.Join(", ", provider.Missing)} missing.") { Items = provider.Missing };
        if (!(await discovery.Of(provider)).TryGet(out var endpoints, out var undiscovered))
            return undiscovered;
        var again = asked.ReconnectIntegrationId is { } reconnect ? await integrations.Find(reconnect, asked.UserId, cancellation) : null;
        if (asked.ReconnectIntegrationId is not null && again?.Provider != provider.Key)
            return new Failure(ErrorCatalogue.Integrations.NotFound);
        if (!(await asks.Of(provider, new ScopeAsk(asked.Scopes, asked.Features, asked.Roles, again), cancellation)).TryGet(out var scopes, out var unaskable))
            return unaskable;

        // 2. where the browser may come back and go on to
        if (!RedirectUriPolicy.RedirectUriOf(provider.Key, provider.Client.RedirectUri, options).TryGet(out var redirectUri, out var misdirected))
            return misdirected;
        if (asked.RedirectUri is not null && asked.RedirectUri != redirectUri)
            return new Failure(ErrorCatalogue.RedirectUris.NotAllowed);
        if (!RedirectUriPolicy.ReturnTo(asked.ReturnTo, options).TryGet(out var returnTo, out misdirected))
            return misdirected;
        if (!RedirectUriPolicy.MessageTarget(asked.OpenerOrigin, options).TryGet(out var openerOrigin, out misdirected))
            return misdirected;

        // 3. code_verifier, state, nonce, start handle
        var (verifier, state, nonce, handle) = (Pkce.NewVerifier(), RandomHandle.New(), RandomHandle.New(), RandomHandle.New());
        var challenge = provider.Manifest is { Flow: ConnectionFlow.Code, Pkce: true } ? Pkce.ChallengeOf(verifier) : null;
        var usesNonce = scopes.Contains(OAuthNames.OpenIdScope);
        var page = AuthorizationPage.Url(provider, endpoints, new AuthorizationAsk(redirectUri, scopes, state)
        {
            CodeChallenge = challenge,
            Nonce = usesNonce ? nonce : default,
            LoginHint = asked.LoginHint,
            IsReconnect = asked.ReconnectIntegrationId is not null,
            ClaimsChallenge = again is null ? null : (await vault.Find(again.Id, asked.UserId, cancellation))?.Tokens?.ClaimsChallenge,
        });
        if (!page.TryGet(out var url, out var undefined))
            return undefined;

        // 4. store the flow
        var flow = new PendingFlow
        {
            Id = Guid.CreateVersion7(time.GetUtcNow()),
            UserId = asked.UserId,
            Actor = source.Actor,
            Provider = provider.Key,
            StateHash = RandomHandle.HashOf(state),
            HandleHash = RandomHandle.HashOf(handle),
            Scopes = scopes,
            RedirectUri = redirectUri,
            CodeVerifier = challenge is null ? default : verifier,
            CodeChallenge = challenge,
            NonceHash = usesNonce ? RandomHandle.HashOf(nonce) : null,
            AuthorizationUrl = url,
            Issuer = endpoints.Issuer,
            Completion = asked.Completion,
            ReturnTo = returnTo,
            OpenerOrigin = openerOrigin,
            Landing = asked.Landing,
            SessionId = asked.SessionId,
            ReconnectIntegrationId = asked.ReconnectIntegrationId,
            ReplaceAccount = asked.ReplaceAccount,
        };
        await flows.Add(flow, Lifetime, source, cancellation);

        // 5. the one-time start link
        ConnectLog.Started(logger, flow.Id, flow.Provider);
        return new StartedFlow(flow.Id, handle, state, url, scopes, RedirectUriPolicy.Origin(new Uri(redirectUri)), (int)Lifetime.TotalSeconds);
    }

    /// <summary>Binds the browser that opens the link first. Failures: <c>connect.link_invalid</c>, <c>connect.flow_taken</c>.</summary>
    public async Task<Result<PendingFlow>> Open(string handle, string newCookie, Func<string, string?> cookieOf, CancellationToken cancellation)
    {
        if (handle.Length > RandomHandle.MaxLength)
            return new Failure(ErrorCatalogue.Connect.LinkInvalid);
        var hash = RandomHandle.HashOf(handle);
        if (await flows.FindByHandle(hash, cancellation) is not { IsUsed: false } found || found.ExpiresAt <= time.GetUtcNow())
            return new Failure(ErrorCatalogue.Connect.LinkInvalid);
        var presented = cookieOf(found.StateHash) is { } cookie ? RandomHandle.HashOf(cookie) : null;
        if (await flows.Bind(hash, RandomHandle.HashOf(newCookie), presented, cancellation) is { } bound)
            return bound;
        // Another browser was first, or the link ended between the two looks.
        var now = await flows.FindByHandle(hash, cancellation);
        return new Failure(now is { BindingHash: not null, IsUsed: false } ? ErrorCatalogue.Connect.FlowTaken : ErrorCatalogue.Connect.LinkInvalid);
    }

    /// <summary>Takes a callback. <paramref name="providerKey"/> is null on the shared path, where the state alone names the provider.</summary>
    public async Task<Completed> Complete(string? providerKey, AuthorizationResponse? answer, CallbackBearer bearer, AuditSource source, CancellationToken cancellation)
    {
        // 1. redeem the state, atomically
        if (answer is null)
            return Refused(ErrorCatalogue.Connect.CallbackMalformed);
        if (answer.State.IsEmpty)
            return Refused(ErrorCatalogue.Connect.StateMissing);
        var stateHash = RandomHandle.HashOf(answer.State);
        var bindingHash = bearer.BindingCookie is { } cookie ? RandomHandle.HashOf(cookie) : null;
        var calledBy = bearer.IsAuthenticatedCall ? bearer.SignedInUser : null;
        if (await flows.Redeem(stateHash, providerKey, bindingHash, calledBy, cancellation) is not { } flow)
            return await NotRedeemed(stateHash, providerKey, bindingHash, bearer, source, cancellation);
        await failpoints.Reach(Points.ConnectRedeemed);
        source = source with { Actor = flow.Actor };
        var provider = catalogue.Find(flow.Provider);
        if (provider is null)
            return await Fail(flow, new Failure(ErrorCatalogue.Providers.Unknown), source, cancellation);

        // 2. judge the answer: iss, error, code
        var policy = (await discovery.Of(provider)).TryGet(out var endpoints, out var undiscovered) ? endpoints.Iss : IssPolicy.IfPresent;
        // On the shared path nothing but the answer itself tells providers apart, so it has to name its own.
        var isUnnamed = providerKey is null && endpoints is { Iss: not IssPolicy.Required };
        if (isUnnamed || !answer.IssuerMatches(flow.Issuer, policy))
            return await Fail(flow, new Failure(ErrorCatalogue.Connect.IssuerMismatch), source, cancellation);
        if (answer.Error is { } error)
            return await Fail(flow, OfError(error), source, cancellation);
        if (answer.Code.IsEmpty)
            return await Fail(flow, new Failure(ErrorCatalogue.Connect.CallbackMalformed), source, cancellation);
        if (endpoints is null)
            return await Fail(flow, undiscovered!, source, cancellation);

        await escalations.Look(flow.UserId, provider, flow.Scopes, answer.Scope, source, cancellation);

        // 3. park the code until its user confirms
        var isUsersOwnSession = bearer.SignedInUser == flow.UserId;
        if (bearer is { IsAuthenticatedCall: false } && flow.Completion == Completion.Confirm && !isUsersOwnSession)
        {
            var ticket = RandomHandle.New();
            var parkedFor = provider.Manifest.CodeLifetime < LongestPark ? provider.Manifest.CodeLifetime : LongestPark;
            await flows.Park(flow, answer.Code, RandomHandle.HashOf(ticket), parkedFor, cancellation);
            return new Completed(flow, null, ticket, null);
        }

        return await Redeem(flow, provider, endpoints, answer.Code, source);
    }

    /// <summary>Redeems a parked code for the user who confirms.</summary>
    public async Task<Completed> Confirm(Guid flowId, Secret ticket, string userId, AuditSource source, CancellationToken cancellation)
    {
        var ticketHash = RandomHandle.HashOf(ticket);
        if (await flows.TakeParked(flowId, ticketHash, userId, cancellation) is { } flow)
        {
            source = source with { Actor = flow.Actor };
            if (catalogue.Find(flow.Provider) is not { } provider)
                return await Fail(flow, new Failure(ErrorCatalogue.Providers.Unknown), source, cancellation);
            return (await discovery.Of(provider)).TryGet(out var endpoints, out var failure)
                ? await Redeem(flow, provider, endpoints, flow.ParkedCode, source)
                : await Fail(flow, failure, source, cancellation);
        }

        if (await flows.Find(flowId, userId, cancellation) is not null)
            return Refused(ErrorCatalogue.Connect.TicketInvalid);
        // The ticket may be right and the user wrong: then the code is destroyed and never sent.
        return Refused(await flows.DestroyParked(flowId, ticketHash, source, cancellation) is null ? ErrorCatalogue.Connect.FlowUnknown : ErrorCatalogue.Connect.SubjectMismatch);
    }

    /// <summary>Steps 4 to 6 take no cancellation: from here on a closed browser stops nothing.</summary>
    private async Task<Completed> Redeem(PendingFlow flow, Provider provider, ProviderEndpoints endpoints, Secret code, AuditSource source)
    {
        // 4. exchange the code, once
        var sentAt = time.GetUtcNow();
        var began = time.GetTimestamp();
        var answer = await requests.ExchangeCode(provider, endpoints, code, flow.RedirectUri, flow.CodeVerifier, CancellationToken.None);
        await failpoints.Reach(Points.ConnectExchanged);
        if (answer.Failure is { } failure)
        {
            ConnectLog.ExchangeFailed(logger, flow.Id, provider.Key, Words.Of(failure.Kind), failure.Error);
            return await Fail(flow, OfExchange(failure), source, CancellationToken.None);
        }

        // 5. find the account
        if (!(await accounts.Read(provider, endpoints, answer.Response!, flow.NonceHash, CancellationToken.None)).TryGet(out var account, out var unknown))
            return await Fail(flow, unknown, source, CancellationToken.None);

        // 6. store everything in one transaction
        await failpoints.Reach(Points.ConnectKnown);
        var stored = await grants.Store(flow, provider, account, answer.Response!, sentAt, time.GetElapsedTime(began), source, CancellationToken.None);
        if (!stored.TryGet(out var integrationId, out var refused))
            return await Fail(flow, refused, source, CancellationToken.None);
        await failpoints.Reach(Points.ConnectStored);
        ConnectLog.Completed(logger, flow.Id, provider.Key, integrationId);
        return new Completed(flow, integrationId, default, null);
    }

    private async Task<Completed> Fail(PendingFlow flow, Failure failure, AuditSource source, CancellationToken cancellation)
    {
        var action = failure.Code == ErrorCatalogue.Connect.AccessDenied ? AuditAction.ConnectDenied
            : failure.Code == ErrorCatalogue.Connect.SubjectMismatch ? AuditAction.SubjectMismatch
            : failure.Code == ErrorCatalogue.Integrations.AccountMismatch ? AuditAction.AccountMismatch : AuditAction.ConnectFailed;
        await flows.Fail(flow, action, failure.Code, source, cancellation);
        ConnectLog.Failed(logger, flow.Id, flow.Provider, failure.Code.Code);
        return new Completed(flow, null, default, failure);
    }

    /// <summary>Says why a state was not redeemed, to its owner only.</summary>
    private async Task<Completed> NotRedeemed(string stateHash, string? providerKey, string? bindingHash, CallbackBearer bearer, AuditSource source, CancellationToken cancellation)
    {
        if (await flows.FindByState(stateHash, cancellation) is not { } flow)
            return Refused(ErrorCatalogue.Connect.StateUnknown);
        if (bearer.IsAuthenticatedCall && bearer.SignedInUser != flow.UserId)
        {
            // A back end vouches for another user than the one who started: the flow ends, and its code is never sent.
            return await flows.Redeem(stateHash, flow.Provider, null, flow.UserId, cancellation) is { } stolen
                ? await Fail(stolen, new Failure(ErrorCatalogue.Connect.SubjectMismatch), source, cancellation)
                : Refused(ErrorCatalogue.Connect.SubjectMismatch);
        }

        // A stranger learns nothing about a flow that is not his.
        if (!bearer.IsAuthenticatedCall && (flow.BindingHash is null || flow.BindingHash != bindingHash))
            return Refused(ErrorCatalogue.Connect.BrowserMismatch);
        if (providerKey is not null && flow.Provider != providerKey)
            return Refused(ErrorCatalogue.Connect.ProviderMismatch);
        return Refused(flow.IsUsed ? ErrorCatalogue.Connect.StateUsed : ErrorCatalogue.Connect.StateExpired);
    }

    private static Failure OfError(string error) => error switch
    {
        OAuthNames.AccessDenied => new Failure(ErrorCatalogue.Connect.AccessDenied),
        _ => new Failure(ErrorCatalogue.Connect.ProviderRefused, $"The provider refused the authorization request: {OAuth.TokenEndpoint.Clean(error)}."),
    };

    private static Failure OfExchange(TokenFailure failure) => failure.Kind switch
    {
        TokenFailureKind.Rejected when failure.Error == TokenRequests.InstanceStale => new Failure(ErrorCatalogue.Connect.InstanceStale),
        TokenFailureKind.Rejected => new Failure(ErrorCatalogue.Connect.CodeRejected),
        TokenFailureKind.Misconfigured when failure.Error == TokenRequests.AddressNotAllowed => new Failure(ErrorCatalogue.Egress.AddressNotAllowed),
        TokenFailureKind.Misconfigured when failure.Error == ProviderHooks.ClassFailed => new Failure(ErrorCatalogue.Providers.ClassFailed),
        TokenFailureKind.Misconfigured => new Failure(ErrorCatalogue.Providers.ClientRejected, $"The provider refused our client or request: {failure.Error}."),
        TokenFailureKind.Unreadable => new Failure(ErrorCatalogue.Connect.ExchangeUnreadable),
        _ => new Failure(ErrorCatalogue.Connect.ExchangeFailed) { RetryAfter = failure.RetryAfter },
    };

    private static Completed Refused(ErrorCode code) => new(null, null, default, new Failure(code));

    private static string Shown(string key) => OAuth.TokenEndpoint.Clean(key);
}
