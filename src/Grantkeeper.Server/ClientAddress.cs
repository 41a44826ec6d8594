using Grantkeeper.Settings;
using Microsoft.AspNetCore.HttpOverrides;

namespace Grantkeeper.Server;

/// <summary>Whose address a request has: the connection's, or what a proxy that the operator named says in <c>X-Forwarded-For</c>.</summary>
internal static class ClientAddress
{
    /// <summary>Without named proxies the header is not read at all: anybody can send it.</summary>
    public static void Add(IServiceCollection services) => services.AddOptions<ForwardedHeadersOptions>().PostConfigure<GrantkeeperOptions>((headers, options) =>
    {
        headers.KnownProxies.Clear();
        headers.KnownIPNetworks.Clear();
        foreach (var network in options.KnownProxies)
            headers.KnownIPNetworks.Add(System.Net.IPNetwork.Parse(network));
        // From the right as long as known proxies name each other; the first that is none is the client.
        headers.ForwardLimit = null;
        headers.ForwardedHeaders = options.KnownProxies.Count > 0 ? ForwardedHeaders.XForwardedFor : ForwardedHeaders.None;
    });
}
