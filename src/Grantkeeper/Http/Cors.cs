using Grantkeeper.Settings;
using Microsoft.AspNetCore.Http;

namespace Grantkeeper.Http;

/// <summary>
/// Lets pages of the product's own origins read the answers that they need (Fetch standard, CORS protocol). Never with
/// credentials: what a page may do says the session's token in the header, and no cookie counts.
/// </summary>
internal static class Cors
{
    private const string PreflightSeconds = "600";

    /// <summary>Marks an answer as readable for the page that asks, when its origin is listed.</summary>
    public static void Allow(HttpContext http, GrantkeeperOptions options)
    {
        var headers = http.Response.Headers;
        headers.Append("Vary", "Origin");
        if (http.Request.Headers.Origin is not [{ } origin] || !options.IsProductOrigin(origin))
            return;
        headers.AccessControlAllowOrigin = origin;
        headers.AccessControlExposeHeaders = "Retry-After";
    }

    /// <summary>Answers the question that a browser asks before it sends the request itself.</summary>
    public static IResult Preflight(HttpContext http, GrantkeeperOptions options, string method)
    {
        Allow(http, options);
        var headers = http.Response.Headers;
        if (headers.AccessControlAllowOrigin.Count > 0)
        {
            headers.AccessControlAllowMethods = method;
            headers.AccessControlAllowHeaders = "authorization, content-type";
            headers.AccessControlMaxAge = PreflightSeconds;
        }

        return Results.NoContent();
    }
}
