using Grantkeeper.Audit;
using Grantkeeper.Dashboard.Pages;
using Grantkeeper.Errors;
using Grantkeeper.Http;
using Grantkeeper.Identity;
using Grantkeeper.Monitoring;
using Grantkeeper.Providers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Grantkeeper.Dashboard;

/// <summary>The audit log for operators: a form of filters, pages of rows, and the same rows as a file.</summary>
internal static class AuditPageEndpoints
{
    private const int LinesPerPage = 50;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/audit", Show).ExcludeFromDescription();
        routes.MapPost("/audit/export", Export).ExcludeFromDescription();
    }

    private static Task<IResult> Show(HttpContext http, AuditReader reader, ProviderCatalogue catalogue, string? cursor) => PageResult.ForOperator(http, async caller =>
    {
        if (!caller.May(Permissions.Audit))
            return PageResult.Refusal(http, new Failure(ErrorCatalogue.Identity.PermissionMissing));
        var form = FormOf(http);
        var faults = new List<string>();
        var place = Cursor.ReadTimed(cursor, null, faults);
        if (!form.Ask().Read(caller, faults).TryGet(out var filter, out var failure))
            faults.Add(failure.Message);
        if (faults.Count > 0)
            return PageResult.Page<AuditPage>(http, new { Model = AuditModel.Of(form, faults, [], null, true, catalogue) }, StatusCodes.Status422UnprocessableEntity);
        var before = place.After is { } after ? new AuditPlace(after.At, after.Id) : (AuditPlace?)null;
        var rows = await reader.Read(filter!, before, LinesPerPage + 1, http.RequestAborted);
        var shown = rows.Take(LinesPerPage).ToList();
        return PageResult.Page<AuditPage>(http, new { Model = AuditModel.Of(form, faults, shown, rows.Count > LinesPerPage ? shown[^1].Place : null, before is null, catalogue) });
    });

    private static Task<IResult> Export(HttpContext http, AuditExport export) => PageResult.ForOperator(http, async caller =>
    {
        var faults = new List<string>();
        if (!caller.May(Permissions.Audit))
            return PageResult.Refusal(http, new Failure(ErrorCatalogue.Identity.PermissionMissing));
        if (!FormOf(http).Ask().Read(caller, faults).TryGet(out var filter, out var failure))
            return PageResult.Refusal(http, failure);
        return faults.Count > 0 ? PageResult.Refusal(http, new Failure(ErrorCatalogue.Requests.Invalid, string.Join("; ", faults) + ".")) : await AuditEndpoints.Document(http, export, filter, isCsv: true);
    });

    private static AuditForm FormOf(HttpContext http)
    {
        // The form of the file was read when its antiforgery token was checked.
        var isPosted = HttpMethods.IsPost(http.Request.Method);
        string? Value(string name) => (isPosted ? http.Request.Form[name] : http.Request.Query[name]) is [{ Length: > 0 } value] ? value : null;
        return new AuditForm(Value("user_id"), Value("provider"), Value("action"), Value("result"), Value("integration_id"), Value("actor"), Value("caller"), Value("from"), Value("to"));
    }
}
