using Grantkeeper.Administration;
using Grantkeeper.Dashboard.Pages;
using Grantkeeper.Encryption;
using Grantkeeper.Errors;
using Grantkeeper.Http;
using Grantkeeper.Monitoring;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Grantkeeper.Dashboard;

/// <summary>The providers page: what to register where, and our clients at the providers.</summary>
internal static class ProviderPageEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/providers", Show).ExcludeFromDescription();
        routes.MapPost("/providers/client", Put).ExcludeFromDescription();
        routes.MapPost("/providers/client/remove", Remove).ExcludeFromDescription();
    }

    private static Task<IResult> Show(HttpContext http, ProviderSetups setups, ProviderStandings standings, string? stored, string? removed) => PageResult.ForOperator(http, _ =>
        Page(http, setups, standings, Done(setups, stored, "is stored and in use. Other nodes follow within seconds.") ?? Done(setups, removed, "was forgotten."), null));

    private static Task<IResult> Put(HttpContext http, ProviderSetups setups, ProviderStandings standings) => PageResult.ForOperator(http, async _ =>
    {
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        var (key, clientId) = (form["provider"].ToString(), form["client_id"].ToString());
        var put = await setups.Put(key, clientId, new Secret(form["client_secret"].ToString()), http.Source(), http.RequestAborted);
        if (put.TryGet(out var setup, out var failure))
            return PageResult.SeeOther(http, $"/providers?stored={setup.Provider.Key}#provider-{setup.Provider.Key}");
        return failure.Code == ErrorCatalogue.Requests.Invalid && setups.Find(key).TryGet(out var known, out var _)
            ? await Page(http, setups, standings, null, new RefusedClient(known.Provider.Key, setups.Repeatable(clientId), failure.Items))
            : PageResult.Refusal(http, failure);
    });

    private static Task<IResult> Remove(HttpContext http, ProviderSetups setups) => PageResult.ForOperator(http, async _ =>
    {
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        return (await setups.Remove(form["provider"].ToString(), http.Source(), http.RequestAborted)).TryGet(out var setup, out var failure)
            ? PageResult.SeeOther(http, $"/providers?removed={setup.Provider.Key}#provider-{setup.Provider.Key}")
            : PageResult.Refusal(http, failure);
    });

    private static async Task<IResult> Page(HttpContext http, ProviderSetups setups, ProviderStandings standings, Notice? notice, RefusedClient? refused)
    {
        var all = await standings.All(http.RequestAborted);
        return PageResult.Page<ProvidersPage>(
            http, new { Model = new ProvidersModel(notice, [.. setups.All().Select(setup => ProviderCard.Of(setup, all[setup.Provider.Key], refused))]) },
            refused is null ? StatusCodes.Status200OK : ErrorCatalogue.Requests.Invalid.Status);
    }

    private static Notice? Done(ProviderSetups setups, string? key, string what) =>
        key is not null && setups.Find(key).TryGet(out var setup, out _) ? new Notice($"The client of {setup.Provider.DisplayName} {what}", true) : null;
}
