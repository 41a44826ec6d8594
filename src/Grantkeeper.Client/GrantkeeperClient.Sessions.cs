using Grantkeeper.Client.Contracts;

namespace Grantkeeper.Client;

/// <content>Connect sessions: the credential with which one user's browser connects accounts.</content>
public sealed partial class GrantkeeperClient
{
    /// <summary>Makes a connect session; its token and address are in this answer and nowhere else. Permission <c>oauth:connect</c>.</summary>
    /// <param name="request">The user at least.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<CreatedConnectSession>> CreateConnectSession(ConnectSessionRequest request, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Post<CreatedConnectSession>("api/v1/oauth/connect-sessions", request, cancellation);
    }

    /// <summary>A connect session and what was started in it. Permission <c>oauth:read</c>.</summary>
    /// <param name="id">The session.</param>
    /// <param name="userId">Whose session it is; null: whoever's.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<ConnectSessionEntry>> GetConnectSession(Guid id, string? userId = null, CancellationToken cancellation = default) =>
        Get<ConnectSessionEntry>(At($"api/v1/oauth/connect-sessions/{id}", ("user_id", userId)), cancellation);

    /// <summary>
    /// Finishes a connection of the hosted page for the user of the application's own session; the rules are those of
    /// <see cref="Confirm"/>. Permission <c>oauth:connect</c>.
    /// </summary>
    /// <param name="id">The session.</param>
    /// <param name="ticket">The ticket that came back with the browser.</param>
    /// <param name="userId">The user whom the application has signed in.</param>
    /// <param name="cancellation">Gives up waiting; the confirmation is carried out.</param>
    public Task<Answer<CallbackAnswer>> ConfirmConnectSession(Guid id, string ticket, string userId, CancellationToken cancellation = default) =>
        Post<CallbackAnswer>($"api/v1/oauth/connect-sessions/{id}/confirm", new ConfirmRequest { Ticket = ticket, UserId = userId }, cancellation);

    /// <summary>Ends a connect session: its token, address and page are worthless from here on. Permission <c>oauth:connect</c>.</summary>
    /// <param name="id">The session.</param>
    /// <param name="userId">Whose session it is; null: whoever's.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<ConnectSessionEntry>> EndConnectSession(Guid id, string? userId = null, CancellationToken cancellation = default) =>
        Delete<ConnectSessionEntry>(At($"api/v1/oauth/connect-sessions/{id}", ("user_id", userId)), cancellation);
}
