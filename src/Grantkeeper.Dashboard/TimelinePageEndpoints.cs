using Grantkeeper.Dashboard.Pages;
using Grantkeeper.Errors;
using Grantkeeper.Http;
using Grantkeeper.Monitoring;
using Grantkeeper.Settings;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Grantkeeper.Dashboard;

/// <summary>The page of one integration: why it stands as it does, and what happened.</summary>
internal static class TimelinePageEndpoints
{
    private const int LinesPerPage = 50;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/integrations/{id}", Show).ExcludeFromDescription();

    private static Task<IResult> Show(HttpContext http, Timelines timelines, GrantkeeperOptions options, string id, string? cursor) => PageResult.ForOperator(http, async _ =>
    {
        if (!Cursor.Read(cursor, null).TryGet(out var page, out var failure))
            return PageResult.Refusal(http, failure);
        if (!Guid.TryParse(id, out var integrationId))
            return PageResult.Refusal(http, new Failure(ErrorCatalogue.Integrations.NotFound));
        return (await timelines.Read(integrationId, null, page.After, LinesPerPage, http.RequestAborted)).TryGet(out var timeline, out failure)
            ? PageResult.Page<TimelinePage>(http, new { Model = TimelineModel.Of(timeline, OwnPages.ConnectTarget(options), page.After is null) })
            : PageResult.Refusal(http, failure);
    });
}
