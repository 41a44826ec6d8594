using Grantkeeper.Administration;
using Grantkeeper.Dashboard.Pages;
using Grantkeeper.Diagnostics;
using Grantkeeper.Encryption;
using Grantkeeper.Errors;
using Grantkeeper.Http;
using Grantkeeper.Monitoring;
using Grantkeeper.Providers;
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
        routes.MapPost("/providers/check", Check).ExcludeFromDescription();
    }

    private static Task<IResult> Show(HttpContext http, ProviderSetups setups, ProviderStandings standings, ProviderCatalogue catalogue, string? stored, string? removed) => PageResult.ForOperator(http, _ =>
        Page(http, setups, standings, catalogue, Done(setups, stored, "is stored and in use. Other nodes follow within seconds.") ?? Done(setups, removed, "was forgotten."), null));

    private static Task<IResult> Put(HttpContext http, ProviderSetups setups, ProviderStandings standings, ProviderCatalogue catalogue) => PageResult.ForOperator(http, async _ =>
    {
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        var (key, clientId) = (form["provider"].ToString(), form["client_id"].ToString());
        var put = await setups.Put(key, clientId, new Secret(form["client_secret"].ToString()), http.Source(), http.RequestAborted);
        if (put.TryGet(out var setup, out var failure))
            return PageResult.SeeOther(http, $"/providers?stored={setup.Provider.Key}#provider-{setup.Provider.Key}");
        return failure.Code == ErrorCatalogue.Requests.Invalid && setups.Find(key).TryGet(out var known, out var _)
            ? await Page(http, setups, standings, catalogue, null, new RefusedClient(known.Provider.Key, setups.Repeatable(clientId), failure.Items))
            : PageResult.Refusal(http, failure);
    });

    private static Task<IResult> Remove(HttpContext http, ProviderSetups setups) => PageResult.ForOperator(http, async _ =>
    {
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        return (await setups.Remove(form["provider"].ToString(), http.Source(), http.RequestAborted)).TryGet(out var setup, out var failure)
            ? PageResult.SeeOther(http, $"/providers?removed={setup.Provider.Key}#provider-{setup.Provider.Key}")
            : PageResult.Refusal(http, failure);
    });

    /// <summary>Answers with the report itself: it is nothing that a reload should ask for again.</summary>
    private static Task<IResult> Check(HttpContext http, ProviderSetups setups, ProviderStandings standings, ProviderCatalogue catalogue, ProviderProbe probe) => PageResult.ForOperator(http, async _ =>
    {
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        if (!setups.Find(form["provider"].ToString()).TryGet(out var setup, out var failure))
            return PageResult.Refusal(http, failure);
        var findings = await probe.Examine(setup.Provider, http.RequestAborted);
        return await Page(http, setups, standings, catalogue, null, null, new ProviderReport(setup.Provider.Key, findings));
    });

    private static async Task<IResult> Page(
        HttpContext http, ProviderSetups setups, ProviderStandings standings, ProviderCatalogue catalogue, Notice? notice, RefusedClient? refused, ProviderReport? report = null)
    {
        var all = await standings.All(http.RequestAborted);
        var cards = setups.All().Select(setup => ProviderCard.Of(setup, all[setup.Provider.Key], refused, report)).ToList();
        return PageResult.Page<ProvidersPage>(
            http, new { Model = new ProvidersModel(notice, catalogue.Faults, cards) }, refused is null ? StatusCodes.Status200OK : ErrorCatalogue.Requests.Invalid.Status);
    }

    private static Notice? Done(ProviderSetups setups, string? key, string what) =>
        key is not null && setups.Find(key).TryGet(out var setup, out _) ? new Notice($"The client of {setup.Provider.DisplayName} {what}", true) : null;
}
