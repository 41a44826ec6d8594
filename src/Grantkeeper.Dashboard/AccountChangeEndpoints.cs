using System.Text.Json;
using Grantkeeper.Client.Contracts;
using Grantkeeper.Dashboard.Pages;
using Grantkeeper.Errors;
using Grantkeeper.Http;
using Grantkeeper.Lifecycle;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Grantkeeper.Dashboard;

/// <summary>The forms of an account's card that change it: name, primary, off and on; and a look at the provider.</summary>
internal static class AccountChangeEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/accounts/change", Change).ExcludeFromDescription();
        routes.MapPost("/accounts/sync", Sync).ExcludeFromDescription();
    }

    private static Task<IResult> Change(HttpContext http, IntegrationChanges changes) => AccountEndpoints.ForIntegration(http, async (user, id) =>
    {
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        var patch = form["change"].ToString() switch
        {
            "label" => new PatchIntegrationRequest { Label = JsonSerializer.SerializeToElement(form["label"].ToString() is { Length: > 0 } label ? label : null) },
            "primary" => new PatchIntegrationRequest { IsPrimary = true },
            "off" => new PatchIntegrationRequest { IsActive = false },
            "on" => new PatchIntegrationRequest { IsActive = true },
            _ => null,
        };
        if (patch is null)
            return PageResult.Refusal(http, new Failure(ErrorCatalogue.Requests.Malformed, "The form names nothing that can be changed."));
        return (await changes.Patch(id, user, patch, http.Source(), http.RequestAborted)).TryGet(out _, out var failure) ? Back(http, user, form["change"].ToString()) : PageResult.Refusal(http, failure);
    });

    private static Task<IResult> Sync(HttpContext http, IntegrationSync sync) => AccountEndpoints.ForIntegration(http, async (user, id) =>
        (await sync.One(id, user, http.Source(), http.RequestAborted)).TryGet(out var outcome, out var failure) ? Back(http, user, outcome.Failure is null ? "synced" : "sync_refused") : PageResult.Refusal(http, failure));

    private static IResult Back(HttpContext http, string user, string done) => PageResult.SeeOther(http, $"/accounts?user_id={Uri.EscapeDataString(user)}&changed={done}#notice");

    /// <summary>What the accounts page says after a change; null for a word that is none.</summary>
    public static Notice? NoticeOf(string? changed) => changed switch
    {
        "label" => new("The name is changed.", true),
        "primary" => new("It is the primary account now: calls that name no account go through it.", true),
        "off" => new("Switched off. Its grant is kept; no token is handed out and nothing is renewed until it is switched on again.", true),
        "on" => new("Switched on again.", true),
        "synced" => new("The provider honours the grant; name and address are as the provider tells them now.", true),
        "sync_refused" => new("The provider did not answer well. The account's card and its timeline say more.", false),
        _ => null,
    };
}
