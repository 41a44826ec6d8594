using Grantkeeper.Client.Contracts;
using Grantkeeper.Errors;
using Grantkeeper.Http;
using Grantkeeper.Identity;
using Grantkeeper.Integrations;
using Grantkeeper.Links;
using Grantkeeper.Providers;
using Grantkeeper.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Grantkeeper.Monitoring;

/// <summary>The timeline over HTTP.</summary>
internal static class TimelineEndpoints
{
    public static void Map(IEndpointRouteBuilder routes) => routes.Api<TimelineAnswer>(
        "GET", "/api/v1/oauth/integrations/{id}/timeline", Permissions.Read, "How an integration stands, why, and what happened to it", Get);

    private static async Task<IResult> Get(
        HttpContext http, Timelines timelines, ConnectLinks links, SharedTime time, string id, string? cursor, string? limit, [FromQuery(Name = "user_id")] string? userId)
    {
        if (!http.Caller().UserOrAny(userId).TryGet(out var user, out var failure) || !Cursor.Read(cursor, limit).TryGet(out var page, out failure))
            return Answers.Problem(failure);
        if (!Guid.TryParse(id, out var guid))
            return Answers.Problem(new Failure(ErrorCatalogue.Integrations.NotFound));
        return (await timelines.Read(guid, user, page.After, page.Limit, http.RequestAborted)).TryGet(out var timeline, out failure)
            ? Answers.Json(Of(timeline, links, time.GetUtcNow()))
            : Answers.Problem(failure);
    }

    private static TimelineAnswer Of(Timeline timeline, ConnectLinks links, DateTimeOffset now)
    {
        var (integration, tokens, verdict) = (timeline.Grant.Integration, timeline.Grant.Tokens, timeline.Verdict);
        return new TimelineAnswer(
            IntegrationEndpoints.EntryOf(integration, now),
            new TimelineVerdict(Words.Of(verdict.Kind), verdict.Summary, verdict.Cause, Words.Of(verdict.Actor), verdict.Action, verdict.IsForUser ? links.Reconnect(integration.Id) : null),
            tokens?.Generation, tokens?.FailureCount ?? 0, tokens?.LastRefreshedAt, integration.IsActive && integration.HasRefreshToken ? tokens?.NextRefreshAt : null,
            timeline.Facts.LastUsedAt, timeline.Missing.ToArray(),
            [.. timeline.Rows.Select(row => new TimelineEntry(
                row.Id, row.At, row.Kind, row.Event, row.Success, TimelineWords.Of(row, timeline.LikelyCause(row)), row.Epoch, row.Generation, row.Code, row.Delivery, row.DurationMs,
                row.NextAttemptAt, row.Asked, row.Granted, row.Caller, row.Actor, row.EndedAt, row.EndedReason))],
            timeline.Next is { } next ? Cursor.Of(next) : null);
    }
}
