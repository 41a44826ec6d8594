using System.Net;

namespace Grantkeeper.Sandbox;

/// <summary>
/// The sandbox hands out grants without asking for a password, so it must never be reachable from another machine,
/// and never through a name that somebody else's DNS points at this one.
/// </summary>
internal static class LoopbackOnly
{
    /// <summary>What is wrong with the addresses to listen on; empty if nothing.</summary>
    public static IReadOnlyList<string> Faults(string urls)
    {
        var parts = urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (parts.Length == 0) return ["was given no address to listen on."];
        return [.. parts.Where(part => !IsAllowed(part)).Select(part =>
            $"refuses to listen on '{part}': only http on 127.0.0.1, [::1] or localhost, without a path, is allowed.")];
    }

    /// <summary>Turns away a request that came in on another address or under another name.</summary>
    public static Task Guard(HttpContext http, RequestDelegate next)
    {
        var local = http.Connection.LocalIpAddress;
        if (local is not null && IPAddress.IsLoopback(local) && IsLoopbackName(http.Request.Host.Host)) return next(http);
        http.Response.StatusCode = StatusCodes.Status421MisdirectedRequest;
        return http.Response.WriteAsync("The sandbox answers on loopback only.");
    }

    private static bool IsAllowed(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri)
        && uri.Scheme == Uri.UriSchemeHttp
        && uri.PathAndQuery == "/"
        && IsLoopbackName(uri.Host);

    private static bool IsLoopbackName(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
