using System.Reflection;
using Grantkeeper.Dashboard.Pages;
using Grantkeeper.Errors;
using Grantkeeper.Http;
using Grantkeeper.Settings;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;

namespace Grantkeeper.Dashboard;

/// <summary>The human pages of the API and of every error, made from the routes and the catalogue.</summary>
internal static class DocumentationEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/docs", (HttpContext http, EndpointDataSource endpoints, GrantkeeperOptions options, ApiKeySource key) =>
            PageResult.Page<DocsPage>(http, new { Operations = Operations(endpoints), Example = Example(options, key) })).ExcludeFromDescription();
        routes.MapGet("/docs/errors/{code}", (HttpContext http, string code) => ErrorCatalogue.Find(code) is { } known
            ? PageResult.Page<ErrorPage>(http, new { Code = known })
            : PageResult.Page<ErrorPage>(http, new { Code = ErrorCatalogue.Requests.NotFound }, StatusCodes.Status404NotFound)).ExcludeFromDescription();
        routes.MapGet("/assets/grantkeeper.css", (HttpContext http) => Asset(http, "grantkeeper.css", "text/css; charset=utf-8")).ExcludeFromDescription();
        routes.MapGet("/assets/pages.js", (HttpContext http) => Asset(http, "pages.js", "text/javascript; charset=utf-8")).ExcludeFromDescription();
    }

    private static IResult Asset(HttpContext http, string name, string type)
    {
        http.Response.Headers.CacheControl = "public, max-age=3600";
        http.Response.Headers.XContentTypeOptions = "nosniff";
        return Results.Stream(Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!, type);
    }

    private static string Example(GrantkeeperOptions options, ApiKeySource key) =>
        $"curl -s -H \"Authorization: Bearer {key.InShell}\" \"{options.PublicUrl.GetLeftPart(UriPartial.Authority)}/oauth/providers?user_id=demo\"";

    private static List<Operation> Operations(EndpointDataSource endpoints) =>
        [.. endpoints.Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.Metadata.GetMetadata<ITagsMetadata>()?.Tags.Contains(ApiRoutes.Tag) == true && endpoint.Metadata.GetMetadata<IExcludeFromDescriptionMetadata>() is null)
            .Select(endpoint => new Operation(
                string.Join(",", endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? []), endpoint.RoutePattern.RawText ?? "",
                endpoint.Metadata.GetMetadata<IEndpointSummaryMetadata>()?.Summary ?? "", endpoint.Metadata.GetMetadata<RequiredPermission>()?.Permission))
            .OrderBy(operation => operation.Section.Id switch { "provider-addressed" => 0, "management" => 1, "administration" => 2, _ => 3 })
            .ThenBy(operation => operation.Path, StringComparer.Ordinal)];
}
