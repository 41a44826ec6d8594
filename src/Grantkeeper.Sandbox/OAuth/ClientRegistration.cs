namespace Grantkeeper.Sandbox.OAuth;

/// <summary>An application that may ask people for access.</summary>
/// <param name="ClientId">Its public name.</param>
/// <param name="ClientSecret">Its secret; none for a public client.</param>
/// <param name="RedirectUris">Where answers may be sent, compared letter by letter.</param>
/// <param name="TokenEndpointAuthMethod">The one way in which it must authenticate: client_secret_basic, client_secret_post or none.</param>
/// <param name="ClientName">The name that the consent page shows; the client id if missing.</param>
public sealed record ClientRegistration(
    string ClientId,
    string? ClientSecret,
    IReadOnlyList<string> RedirectUris,
    string TokenEndpointAuthMethod = ClientAuthenticationMethods.Basic,
    string? ClientName = null)
{
    /// <summary>The name to show to people.</summary>
    public string DisplayName => string.IsNullOrWhiteSpace(ClientName) ? ClientId : ClientName;

    /// <summary>Names the client only, never its secret.</summary>
    public override string ToString() => $"client {ClientId}";
}
