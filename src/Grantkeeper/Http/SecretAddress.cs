using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Grantkeeper.Http;

/// <summary>The part of a request's address that is secret: a callback's query, or the handle of a one-time link.</summary>
/// <param name="query">The query with its question mark; empty when the path holds the secret.</param>
/// <param name="handle">The handle; empty when the query holds the secret.</param>
internal sealed class SecretAddress(string query, string handle)
{
    // A class and no record, so that its text form does not repeat them.
    public string Query { get; } = query;

    public string Handle { get; } = handle;

    /// <summary>What stands in the visible path where the handle was.</summary>
    public const string Mask = "-";
}

/// <summary>
/// Takes secrets out of a request's address before anything sees it: request logging, traces, exception pages and the
/// host's own middleware write addresses down, and a callback's query carries code and state. Our routes read the
/// <see cref="SecretAddress"/> feature instead.
/// </summary>
internal sealed class SecretAddressContextFactory(IServiceProvider services) : IHttpContextFactory
{
    private static readonly string[] HandlePaths = ["/oauth/start/", "/sign-in/", "/connect/"];
    private readonly DefaultHttpContextFactory _inner = new(services);

    public HttpContext Create(IFeatureCollection featureCollection)
    {
        if (featureCollection.Get<IHttpRequestFeature>() is { } request)
            Hide(request, featureCollection);
        return _inner.Create(featureCollection);
    }

    public void Dispose(HttpContext httpContext) => _inner.Dispose(httpContext);

    private static void Hide(IHttpRequestFeature request, IFeatureCollection features)
    {
        // Routes match with and without a slash at the end.
        var path = request.Path.TrimEnd('/');
        if (path.EndsWith("/callback", StringComparison.OrdinalIgnoreCase) && path.Contains("/oauth/", StringComparison.OrdinalIgnoreCase))
        {
            features.Set(new SecretAddress(request.QueryString, ""));
            request.QueryString = "";
            request.RawTarget = request.Path;
            return;
        }

        foreach (var prefix in HandlePaths)
        {
            var at = path.IndexOf(prefix, StringComparison.OrdinalIgnoreCase);
            // A second segment (/connect/integrations/…) is an address without a secret.
            if (at < 0 || path.IndexOf('/', at + prefix.Length) >= 0)
                continue;
            features.Set(new SecretAddress("", path[(at + prefix.Length)..]));
            request.Path = path[..(at + prefix.Length)] + SecretAddress.Mask;
            request.RawTarget = request.Path;
            return;
        }
    }
}
