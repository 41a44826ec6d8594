namespace Grantkeeper.Client;

/// <summary>
/// Says whose account a request goes through when the request does not say it itself (<c>request.ForUser(id)</c>): register one
/// that reads the application's own session, for example through <c>IHttpContextAccessor</c>. Must be a singleton: the handlers
/// that ask it are shared by requests.
/// </summary>
public interface IConnectedAccountUser
{
    /// <summary>The user of the current call; null when there is none, which refuses the request.</summary>
    string? UserId { get; }
}
