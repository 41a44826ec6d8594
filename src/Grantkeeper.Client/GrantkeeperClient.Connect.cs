using Grantkeeper.Client.Contracts;

namespace Grantkeeper.Client;

/// <content>Connecting and disconnecting accounts.</content>
public sealed partial class GrantkeeperClient
{
    /// <summary>Starts a connection; send the user's browser to <see cref="InitiateAnswer.AuthorizationUrl"/>. Permission <c>oauth:connect</c>.</summary>
    /// <param name="request">Provider and user at least.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<InitiateAnswer>> Initiate(InitiateRequest request, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Post<InitiateAnswer>("api/v1/oauth/initiate", request, cancellation);
    }

    /// <summary>Starts a connection, in the form that also names the origins a popup's opener may trust. Permission <c>oauth:connect</c>.</summary>
    /// <param name="provider">The provider's key.</param>
    /// <param name="userId">Whose account it will be.</param>
    /// <param name="options">What else is wanted; null for the defaults.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<AuthorizationUrl>> GetAuthorizationUrl(string provider, string userId, AuthorizationUrlOptions? options = null, CancellationToken cancellation = default) =>
        Get<AuthorizationUrl>(At(
            $"oauth/{Segment(provider)}/auth", ("user_id", userId), ("scopes", Words(options?.Scopes)), ("features", Words(options?.Features)), ("return_to", options?.ReturnTo), ("login_hint", options?.LoginHint),
            ("opener_origin", options?.OpenerOrigin), ("integration_id", options?.IntegrationId?.ToString()), ("confirm", options?.Confirm is { } confirm ? confirm ? "true" : "false" : null)), cancellation);

    /// <summary>Hands in a callback that reached the application's own page. A refusal by the provider or the user is an answer with <c>Success</c> false. Permission <c>oauth:connect</c>.</summary>
    /// <param name="provider">The provider's key.</param>
    /// <param name="request">The parameters as they came, and the user of the application's own session.</param>
    /// <param name="cancellation">Gives up waiting; what was handed in is carried out.</param>
    public Task<Answer<CallbackAnswer>> HandInCallback(string provider, CallbackRequest request, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Post<CallbackAnswer>($"oauth/{Segment(provider)}/callback", request, cancellation);
    }

    /// <summary>How far a connection has come. Permission <c>oauth:read</c>.</summary>
    /// <param name="flowId">The flow.</param>
    /// <param name="userId">Whose flow it is.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<FlowAnswer>> GetFlow(Guid flowId, string userId, CancellationToken cancellation = default) =>
        Get<FlowAnswer>(At($"api/v1/oauth/flows/{flowId}", ("user_id", userId)), cancellation);

    /// <summary>
    /// Finishes a connection for the user of the application's own session. Never take <paramref name="userId"/> from where the
    /// ticket came from: comparing the two is what keeps one user from connecting another one's account. Permission <c>oauth:connect</c>.
    /// </summary>
    /// <param name="flowId">The flow that came back with the browser.</param>
    /// <param name="ticket">The ticket that came back with the browser.</param>
    /// <param name="userId">The user whom the application has signed in.</param>
    /// <param name="cancellation">Gives up waiting; the confirmation is carried out.</param>
    public Task<Answer<CallbackAnswer>> Confirm(Guid flowId, string ticket, string userId, CancellationToken cancellation = default) =>
        Post<CallbackAnswer>($"api/v1/oauth/flows/{flowId}/confirm", new ConfirmRequest { Ticket = ticket, UserId = userId }, cancellation);

    /// <summary>Ends a user's connection here and at the provider; harmless when there is none. Permission <c>oauth:revoke</c>.</summary>
    /// <param name="provider">The provider's key.</param>
    /// <param name="userId">Whose account.</param>
    /// <param name="accountId">Which of the user's accounts; null: the primary one.</param>
    /// <param name="reason">A word for the audit log.</param>
    /// <param name="cancellation">Gives up waiting; the disconnect is carried out.</param>
    public Task<Answer<DisconnectAnswer>> Disconnect(string provider, string userId, string? accountId = null, string? reason = null, CancellationToken cancellation = default) =>
        Post<DisconnectAnswer>($"oauth/{Segment(provider)}/disconnect", new DisconnectRequest(userId, reason, accountId), cancellation);
}
