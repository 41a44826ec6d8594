using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Grantkeeper.Sandbox.Http;

/// <summary>The sandbox's own origin: the address that it listens on, never what a request claims.</summary>
internal sealed class Issuer(IServer server)
{
    private string? origin;

    /// <summary>The origin, once the server has started.</summary>
    public string Origin => origin ??=
        server.Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First().TrimEnd('/');

    /// <summary>An absolute address of a path here.</summary>
    public string At(string path) => Origin + path;
}
