using System.Text.RegularExpressions;
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
internal sealed partial class SecretAddressContextFactory(IServiceProvider services) : IHttpContextFactory
{
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
        if (CallbackPath().IsMatch(request.Path))
        {
            features.Set(new SecretAddress(request.QueryString, ""));
            request.QueryString = "";
            request.RawTarget = request.Path;
        }
        else if (HandlePath().Match(request.Path) is { Success: true } match)
        {
            features.Set(new SecretAddress("", match.Groups["handle"].Value));
            request.Path = match.Groups["path"].Value + SecretAddress.Mask;
            request.RawTarget = request.Path;
        }
    }

    // Exactly our own routes, and only what has the form of our handles: the host's other routes stay as they are.
    [GeneratedRegex("^(/oauth/[^/]+|/api/v1/oauth|/sign-in)/callback/*$", RegexOptions.IgnoreCase)]
    private static partial Regex CallbackPath();

    [GeneratedRegex("^(?<path>/oauth/start/|/sign-in/|/connect/)(?<handle>[A-Za-z0-9_-]{43})/*$", RegexOptions.IgnoreCase)]
    private static partial Regex HandlePath();
}
