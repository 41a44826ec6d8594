using Grantkeeper.Connect;
using Grantkeeper.Dashboard.Pages;
using Grantkeeper.Errors;
using Grantkeeper.Http;
using Grantkeeper.Identity;
using Grantkeeper.Integrations;
using Grantkeeper.Links;
using Grantkeeper.Providers;
using Grantkeeper.Settings;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Grantkeeper.Dashboard;

/// <summary>The accounts page: it calls the slices in process, the same ones as the API.</summary>
internal static class AccountEndpoints
{
    /// <summary>Whom the page acts for until the operator says otherwise.</summary>
    private const string FirstUser = "demo";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/accounts", Show).ExcludeFromDescription();
        routes.MapPost("/accounts/connect", Connect).ExcludeFromDescription();
        routes.MapPost("/accounts/disconnect", Disconnect).ExcludeFromDescription();
    }

    private static Task<IResult> Show(
        HttpContext http, IntegrationStore integrations, ProviderCatalogue catalogue, GrantkeeperOptions options, TimeProvider time,
        [FromQuery(Name = "user_id")] string? userId, string? revocation) => PageResult.ForOperator(http, async _ =>
    {
        if (!Caller.UserOf(userId ?? FirstUser).TryGet(out var user, out var failure))
            return PageResult.Refusal(http, failure);
        var mine = await integrations.List(new IntegrationFilter(user, null, false, null, Cursor.MaxLimit), http.RequestAborted);
        var notice = revocation is null ? null : $"Disconnected. The provider's answer to the revocation: {(Known(revocation) ? revocation : "unknown")}.";
        return PageResult.Page<AccountsPage>(http, new { Model = AccountsModel.Of(user, notice, mine, catalogue, options, time.GetUtcNow()) });
    });

    private static Task<IResult> Connect(HttpContext http, ConnectFlow connect, ConnectLinks links, GrantkeeperOptions options) => PageResult.ForOperator(http, async _ =>
    {
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        if (!Caller.UserOf(form["user_id"]).TryGet(out var user, out var failure))
            return PageResult.Refusal(http, failure);
        var started = await connect.Start(
            new StartRequest
            {
                Provider = form["provider"].ToString(),
                UserId = user,
                ReconnectIntegrationId = Guid.TryParse(form["integration_id"], out var id) ? id : null,
                // The operator's own browser opens the link in the next moment; it is shown to nobody.
                Completion = Completion.Direct,
                ReturnTo = SameOrigin(options) ? $"/accounts?user_id={Uri.EscapeDataString(user)}" : null,
            },
            http.Source(), http.RequestAborted);
        return started.TryGet(out var flow, out failure) ? PageResult.SeeOther(http, links.Start(flow.StartHandle.Reveal())) : PageResult.Refusal(http, failure);
    });

    private static Task<IResult> Disconnect(HttpContext http, DisconnectFlow disconnect) => PageResult.ForOperator(http, async _ =>
    {
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        if (!Caller.UserOf(form["user_id"]).TryGet(out var user, out var failure))
            return PageResult.Refusal(http, failure);
        if (!Guid.TryParse(form["integration_id"], out var id))
            return PageResult.Refusal(http, new Failure(ErrorCatalogue.Integrations.NotFound));
        return (await disconnect.Disconnect(id, user, "operator", http.Source(), http.RequestAborted)).TryGet(out var done, out failure)
            ? PageResult.SeeOther(http, $"/accounts?user_id={Uri.EscapeDataString(user)}&revocation={done.ProviderRevocation}")
            : PageResult.Refusal(http, failure);
    });

    // return_to leads to FRONTEND_URL; the page is there only when both names are one origin.
    private static bool SameOrigin(GrantkeeperOptions options) => options.FrontendUrl.GetLeftPart(UriPartial.Authority) == options.PublicUrl.GetLeftPart(UriPartial.Authority);

    private static bool Known(string revocation) => revocation is "confirmed" or "unsupported" or "pending" or "failed" or "withheld";
}
