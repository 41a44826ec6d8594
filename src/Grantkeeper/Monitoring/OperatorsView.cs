using System.Net;
using Grantkeeper.Errors;
using Grantkeeper.Identity;
using Microsoft.AspNetCore.Http;

namespace Grantkeeper.Monitoring;

/// <summary>Details of a node are for operators: anybody on this machine sees them, elsewhere a key is asked for.</summary>
internal static class OperatorsView
{
    private static readonly string[] ProxyHeaders = ["Forwarded", "X-Forwarded-For", "X-Original-For", "X-Forwarded-Host", "X-Real-IP", "Via"];

    /// <summary>Why a request may not see them; null when it may.</summary>
    public static async Task<Failure?> Refuses(HttpContext http, ApiKeys keys)
    {
        if (IsFromThisMachine(http))
            return null;
        var header = http.Request.Headers.Authorization.ToString();
        if (!header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
            return new Failure(ErrorCatalogue.Identity.Unauthenticated);
        return (await keys.Verify(header["Bearer ".Length..].Trim(), http.RequestAborted)).Failure;
    }

    /// <summary>
    /// A proxy on this machine makes everybody's connection come from loopback, but passes the public host name on, or says
    /// for whom it asks. These headers take trust away here and never give any.
    /// </summary>
    private static bool IsFromThisMachine(HttpContext http)
    {
        var (request, host) = (http.Request, http.Request.Host.Host);
        return http.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address)
            && (host == "localhost" || (IPAddress.TryParse(host.Trim('[', ']'), out var named) && IPAddress.IsLoopback(named)))
            && !ProxyHeaders.Any(request.Headers.ContainsKey);
    }
}
