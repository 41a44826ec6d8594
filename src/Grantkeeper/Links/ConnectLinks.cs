using Grantkeeper.Settings;

namespace Grantkeeper.Links;

/// <summary>Addresses of Grantkeeper that are handed out. Building one writes nothing and needs no secret.</summary>
internal sealed class ConnectLinks(GrantkeeperOptions options)
{
    private string Origin => options.PublicUrl.GetLeftPart(UriPartial.Authority);

    /// <summary>Where a user connects an account again; stable, opening it needs a sign-in or a session.</summary>
    public string Reconnect(Guid integrationId) => $"{Origin}/connect/integrations/{integrationId}";

    public string Start(string handle) => $"{Origin}/oauth/start/{handle}";

    public string SignIn(string handle) => $"{Origin}/sign-in/{handle}";
}
