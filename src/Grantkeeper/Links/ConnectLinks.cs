using Grantkeeper.Settings;

namespace Grantkeeper.Links;

/// <summary>Addresses of Grantkeeper that are handed out. Building one writes nothing and needs no secret.</summary>
internal sealed class ConnectLinks(GrantkeeperOptions options)
{
    private string Origin => options.PublicUrl.GetLeftPart(UriPartial.Authority);

    /// <summary>Where a user connects an account again; stable, opening it needs a sign-in or a session.</summary>
    public string Reconnect(Guid integrationId) => $"{Origin}/connect/integrations/{integrationId}";

    /// <summary>The operation that asks a user for what a feature is missing.</summary>
    public string Unlock(string feature) => $"{Origin}/api/v1/oauth/features/{feature}/unlock";

    public string Start(string handle) => $"{Origin}/oauth/start/{handle}";

    /// <summary>The hosted connect page with its one-time ticket.</summary>
    public string ConnectPage(string ticket) => $"{Origin}/connect/{ticket}";

    /// <summary>The hosted connect page of a browser that has redeemed a ticket; with a flow, what became of it.</summary>
    public string ConnectPage(Guid? flowId) => flowId is null ? $"{Origin}/connect" : $"{Origin}/connect?flow={flowId}";

    public string SignIn(string handle) => $"{Origin}/sign-in/{handle}";
}
