using System.Reflection;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Grantkeeper.Connect;

/// <summary>Serves the browser module, which is the same file as in the npm package.</summary>
internal static class BrowserModuleEndpoints
{
    public const string Address = "/assets/grantkeeper.js";

    private static readonly byte[] Module = Read();
    private static readonly string Tag = $"\"{Convert.ToHexStringLower(SHA256.HashData(Module))[..16]}\"";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet(Address, (HttpContext http) =>
    {
        var headers = http.Response.Headers;
        // Any site may load it: it holds nothing secret, and a module is fetched with CORS.
        headers.AccessControlAllowOrigin = "*";
        headers["Cross-Origin-Resource-Policy"] = "cross-origin";
        headers.CacheControl = "public, max-age=300";
        headers.XContentTypeOptions = "nosniff";
        headers.ETag = Tag;
        return http.Request.Headers.IfNoneMatch.ToString().Contains(Tag, StringComparison.Ordinal)
            ? Results.StatusCode(StatusCodes.Status304NotModified)
            : Results.Bytes(Module, "text/javascript; charset=utf-8");
    }).ExcludeFromDescription();

    private static byte[] Read()
    {
        using var file = Assembly.GetExecutingAssembly().GetManifestResourceStream("browser/grantkeeper.js")!;
        using var bytes = new MemoryStream();
        file.CopyTo(bytes);
        return bytes.ToArray();
    }
}
