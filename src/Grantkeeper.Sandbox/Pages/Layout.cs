namespace Grantkeeper.Sandbox.Pages;

/// <summary>The frame of every page, and the headers it is sent with.</summary>
internal static class Layout
{
    /// <summary>Sends a page.</summary>
    /// <param name="http">The request.</param>
    /// <param name="title">The page's title.</param>
    /// <param name="content">What stands in it.</param>
    /// <param name="status">The status to answer with.</param>
    /// <param name="wide">Whether it needs room for tables.</param>
    /// <param name="script">A script of our own to run, by path.</param>
    public static Task Send(
        HttpContext http, string title, Html content, int status = StatusCodes.Status200OK, bool wide = false, string? script = null)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "text/html; charset=utf-8";
        // No form-action: browsers apply it to the redirects that follow a form as well, and consent ends in one to the application.
        http.Response.Headers.ContentSecurityPolicy =
            "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'"
            + (script is null ? "" : "; script-src 'self'");
        http.Response.Headers.XContentTypeOptions = "nosniff";
        http.Response.Headers["Referrer-Policy"] = "same-origin";
        http.Response.Headers.CacheControl = "no-store";
        var run = script is null ? Html.None : Html.Of($"""<script src="{script}" defer></script>""");
        return http.Response.WriteAsync(Html.Of($"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>{title} · Sandbox</title>
            <link rel="icon" href="data:,">
            <link rel="stylesheet" href="/assets/sandbox.css">
            {run}
            </head>
            <body>
            <p class="banner"><strong>Sandbox:</strong> simulated provider, no real account is touched</p>
            <main class="{(wide ? "wide" : "card")}">
            {content}
            </main>
            </body>
            </html>
            """).ToString(), http.RequestAborted);
    }
}
