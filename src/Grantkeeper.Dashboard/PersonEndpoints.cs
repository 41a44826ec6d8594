using Grantkeeper.Dashboard.Pages;
using Grantkeeper.Http;
using Grantkeeper.Privacy;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Grantkeeper.Dashboard;

/// <summary>The forms at the end of the accounts page: a copy of all that is kept about the user, and its end.</summary>
internal static class PersonEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/accounts/export", Export).ExcludeFromDescription();
        routes.MapPost("/accounts/erase", Erase).ExcludeFromDescription();
    }

    private static Task<IResult> Export(HttpContext http, UserExport export) => ForUser(http, async (user, _) =>
    {
        await export.Begin(user, http.Source(), http.RequestAborted);
        return PrivacyEndpoints.Document(export, user);
    });

    /// <summary>The operator types the user's id once more, so that nobody is erased by a slip.</summary>
    private static Task<IResult> Erase(HttpContext http, UserErasure erasure) => ForUser(http, async (user, form) =>
    {
        if (form["confirmed_user_id"] != user)
            return Back(http, user, "not_erased");
        var erased = PrivacyEndpoints.AnswerOf(user, await erasure.Erase(user, http.Source(), http.RequestAborted));
        var provider = erased.ProviderRevocations;
        return Back(http, user, provider.Pending > 0 ? "erased_pending" : provider.Confirmed < erased.Disconnected ? "erased_partly" : "erased");
    });

    private static Task<IResult> ForUser(HttpContext http, Func<string, IFormCollection, Task<IResult>> page) => PageResult.ForOperator(http, async _ =>
    {
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        return http.Caller().UserOf(form["user_id"]).TryGet(out var user, out var failure) ? await page(user, form) : PageResult.Refusal(http, failure);
    });

    private static IResult Back(HttpContext http, string user, string done) => PageResult.SeeOther(http, $"/accounts?user_id={Uri.EscapeDataString(user)}&changed={done}#notice");

    /// <summary>What the accounts page says after an erasure; null for a word that is none.</summary>
    public static Notice? NoticeOf(string? changed) => changed switch
    {
        "erased" => new("The user is erased. Nothing but the audit log and what other systems keep knows this user any more.", true),
        "erased_pending" => new("The user is erased here. A provider has not answered yet; it is asked for seven days to end the grant.", true),
        "erased_partly" => new("The user is erased here. Not every provider confirmed the end of the grant; the audit log says which.", true),
        "not_erased" => new("Nothing was erased: what you typed is not this user's id.", false),
        _ => null,
    };
}
