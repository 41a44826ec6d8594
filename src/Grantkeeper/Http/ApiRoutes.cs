using Grantkeeper.Settings;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Grantkeeper.Http;

/// <summary>Mounts an API operation with what all of them have in common.</summary>
internal static class ApiRoutes
{
    public const string Tag = "Grantkeeper";

    /// <summary>An operation for callers with a permission, answering with <typeparamref name="TAnswer"/>.</summary>
    public static RouteHandlerBuilder Api<TAnswer>(this IEndpointRouteBuilder routes, string method, string path, string permission, string summary, Delegate handler) =>
        routes.Api(method, path, permission, summary, handler).Produces<TAnswer>();

    /// <summary>An operation for callers with a permission, which says itself what it answers with.</summary>
    public static RouteHandlerBuilder Api(this IEndpointRouteBuilder routes, string method, string path, string permission, string summary, Delegate handler) => routes
        .MapMethods(path, [method], handler)
        .WithMetadata(new RequiredPermission(permission))
        .WithTags(Tag)
        .WithSummary(summary)
        .ProducesProblem(StatusCodes.Status401Unauthorized)
        .ProducesProblem(StatusCodes.Status403Forbidden)
        .ProducesProblem(StatusCodes.Status503ServiceUnavailable)
        .AddEndpointFilter<ApiFilter>();

    /// <summary>
    /// An operation that a connect session may call too, from a page on another origin. Every other operation refuses
    /// sessions, and no page of another origin reads its answers.
    /// </summary>
    public static RouteHandlerBuilder SessionApi<TAnswer>(this IEndpointRouteBuilder routes, string method, string path, string permission, string summary, Delegate handler)
    {
        routes.MapMethods(path, [HttpMethods.Options], (HttpContext http, GrantkeeperOptions options) => Cors.Preflight(http, options, method)).ExcludeFromDescription();
        return routes.Api<TAnswer>(method, path, permission, summary, handler).WithMetadata(new OpenToSessions());
    }

    /// <summary>Says that an operation is limited; its handler counts, since it knows whom the operation is about.</summary>
    public static RouteHandlerBuilder Limited(this RouteHandlerBuilder route) => route.ProducesProblem(StatusCodes.Status429TooManyRequests);

    /// <summary>An operation for browsers and probes, without a credential.</summary>
    public static RouteHandlerBuilder Anonymous(this IEndpointRouteBuilder routes, string method, string path, string summary, Delegate handler) => routes
        .MapMethods(path, [method], handler)
        .WithTags(Tag)
        .WithSummary(summary);
}
