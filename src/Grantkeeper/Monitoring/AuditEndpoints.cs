using System.Globalization;
using Grantkeeper.Audit;
using Grantkeeper.Client.Contracts;
using Grantkeeper.Errors;
using Grantkeeper.Http;
using Grantkeeper.Identity;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Grantkeeper.Monitoring;

/// <summary>The audit log over HTTP: pages of it, and the whole of it as one document.</summary>
internal static class AuditEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.Api<AuditList>("GET", "/api/v1/oauth/audit", Permissions.Audit, "The audit log, newest first; a user's caller sees its own rows, a key all", List);
        routes.Api<IReadOnlyList<AuditEntry>>("GET", "/api/v1/oauth/audit/export", Permissions.Audit, "The audit log as one CSV or JSON document, newest first", Export)
            .Produces<string>(contentType: "text/csv");
    }

    private static async Task<IResult> List(
        HttpContext http, AuditReader reader, string? provider, string? action, string? success, string? actor, string? caller, string? from, string? to, string? cursor, string? limit,
        [FromQuery(Name = "user_id")] string? userId, [FromQuery(Name = "integration_id")] string? integrationId)
    {
        var faults = new List<string>();
        var asked = new AuditAsk(userId, provider, action, success, integrationId, actor, caller, from, to);
        var filter = asked.Read(http.Caller(), faults);
        var page = Cursor.ReadTimed(cursor, limit, faults);
        if (!filter.TryGet(out var which, out var failure))
            return Answers.Problem(failure);
        if (faults.Count > 0)
            return Answers.Problem(new Failure(ErrorCatalogue.Requests.Invalid) { Items = faults });
        var before = page.After is { } after ? new AuditPlace(after.At, after.Id) : (AuditPlace?)null;
        var rows = await reader.Read(which, before, page.Limit + 1, http.RequestAborted);
        var shown = rows.Take(page.Limit).ToList();
        return Answers.Json(new AuditList([.. shown.Select(EntryOf)], rows.Count > page.Limit ? Cursor.Of(shown[^1].At, shown[^1].Id) : null));
    }

    private static async Task<IResult> Export(
        HttpContext http, AuditExport export, string? format, string? provider, string? action, string? success, string? actor, string? caller, string? from, string? to,
        [FromQuery(Name = "user_id")] string? userId, [FromQuery(Name = "integration_id")] string? integrationId)
    {
        var faults = new List<string>();
        if (format is not ("csv" or "json"))
            faults.Add("format must be csv or json");
        var filter = new AuditAsk(userId, provider, action, success, integrationId, actor, caller, from, to).Read(http.Caller(), faults);
        if (!filter.TryGet(out var which, out var failure))
            return Answers.Problem(failure);
        if (faults.Count > 0)
            return Answers.Problem(new Failure(ErrorCatalogue.Requests.Invalid) { Items = faults });
        return await Document(http, export, which, isCsv: format == "csv");
    }

    /// <summary>The rows of a filter as a file, for the API and for the page.</summary>
    internal static async Task<IResult> Document(HttpContext http, AuditExport export, AuditFilter filter, bool isCsv)
    {
        await export.Begin(filter, isCsv, http.Source(), http.RequestAborted);
        return new StreamedAnswer(
            isCsv ? "text/csv; charset=utf-8; header=present" : "application/json; charset=utf-8", isCsv ? "audit.csv" : "audit.json", cancellation => export.Parts(filter, isCsv, cancellation));
    }

    internal static AuditEntry EntryOf(AuditRow row) => new(
        row.Id, row.At, row.Action, row.UserId, row.Actor, row.Caller, row.IntegrationId, row.Provider, row.Scopes, row.IpAddress, row.UserAgent, row.Success, row.Code, row.DurationMs, row.Count,
        row.Node, row.NodeSequence, row.CorrelationId);
}

/// <summary>The filters of the audit log as a request or a form writes them.</summary>
internal sealed record AuditAsk(
    string? UserId, string? Provider, string? Action, string? Success, string? IntegrationId, string? Actor, string? Caller, string? From, string? To)
{
    private const int LongestProvider = 50;
    private const int LongestActor = 255;
    private const int LongestCaller = 100;

    /// <summary>
    /// The filter, as far as <paramref name="caller"/> may see: a user's caller its own rows, others all. Adds every fault to
    /// <paramref name="faults"/>. Failures: those of <see cref="Identity.Caller.UserOf"/>.
    /// </summary>
    public Result<AuditFilter> Read(Caller caller, List<string> faults)
    {
        if (!caller.UserOrAny(UserId).TryGet(out var user, out var failure))
            return failure;
        AuditAction? action = null;
        if (Action is not null && AuditReader.Actions.TryGetValue(Action, out var known))
            action = known;
        else if (Action is not null)
            faults.Add($"action must be one of {string.Join(", ", AuditReader.Actions.Keys.Order(StringComparer.Ordinal))}");
        if (Success is not (null or "true" or "false"))
            faults.Add("success must be true or false");
        Guid? integration = null;
        if (Guid.TryParse(IntegrationId, out var id))
            integration = id;
        else if (IntegrationId is not null)
            faults.Add("integration_id must be an integration's id");
        var (since, until) = (Time("from", From, faults), Time("to", To, faults));
        if (since >= until)
            faults.Add("from must be before to");
        return new AuditFilter
        {
            UserId = user,
            Provider = Text("provider", Provider, LongestProvider, faults)?.ToLowerInvariant().Replace('-', '_'),
            Action = action,
            Success = Success is null ? null : Success == "true",
            IntegrationId = integration,
            Actor = Text("actor", Actor, LongestActor, faults),
            Caller = Text("caller", Caller, LongestCaller, faults),
            From = since,
            To = until,
        };
    }

    private static string? Text(string name, string? text, int longest, List<string> faults)
    {
        if (text is not null && (text.Length == 0 || text.Length > longest || text.Any(char.IsControl)))
            faults.Add($"{name} must be 1 to {longest} characters, none of them a control character");
        return text;
    }

    private static DateTimeOffset? Time(string name, string? text, List<string> faults)
    {
        if (text is null)
            return null;
        // RFC 3339; a time without a zone would mean another moment on each machine.
        string[] forms = ["yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mmK"];
        if (DateTimeOffset.TryParseExact(text, forms, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal, out var at) && (text.EndsWith('Z') || text.LastIndexOfAny(['+', '-']) > 10))
            return at;
        faults.Add($"{name} must be a time with its zone, for example 2026-01-31T00:00:00Z");
        return null;
    }
}
