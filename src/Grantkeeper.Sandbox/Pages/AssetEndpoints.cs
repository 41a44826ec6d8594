using Grantkeeper.Sandbox.People;

namespace Grantkeeper.Sandbox.Pages;

/// <summary>The style sheet, the one script, and people's pictures.</summary>
internal static class AssetEndpoints
{
    private static readonly string Css = ReadCss();

    /// <summary>Mounts them.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/assets/sandbox.css", http => Send(http, "text/css; charset=utf-8", Css));
        routes.MapGet(FormPostPage.ScriptPath, http => Send(http, "text/javascript; charset=utf-8", FormPostPage.Script));
        routes.MapGet("/people/{file}", Picture);
    }

    private static Task Picture(HttpContext http)
    {
        var file = (string)http.Request.RouteValues["file"]!;
        if (file.EndsWith(".svg", StringComparison.Ordinal) && Everybody.Find(file[..^".svg".Length]) is { } person)
            return Send(http, "image/svg+xml", Avatar.Of(person).ToString());
        http.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }

    private static Task Send(HttpContext http, string type, string body)
    {
        http.Response.ContentType = type;
        http.Response.Headers.XContentTypeOptions = "nosniff";
        http.Response.Headers.CacheControl = "no-cache";
        return http.Response.WriteAsync(body, http.RequestAborted);
    }

    private static string ReadCss()
    {
        using var reader = new StreamReader(typeof(AssetEndpoints).Assembly.GetManifestResourceStream("sandbox.css")!);
        return reader.ReadToEnd();
    }
}
