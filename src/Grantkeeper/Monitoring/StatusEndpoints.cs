using Grantkeeper.Client.Contracts;
using Grantkeeper.Consents;
using Grantkeeper.Http;
using Grantkeeper.Identity;
using Grantkeeper.Integrations;
using Grantkeeper.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Grantkeeper.Monitoring;

/// <summary>The summary over HTTP: integrations by status and provider, consents, components.</summary>
internal static class StatusEndpoints
{
    public static void Map(IEndpointRouteBuilder routes) => routes.Api<StatusSummary>(
        "GET", "/api/v1/oauth/status", Permissions.Read, "Integrations of a user by status and provider, consents, health; without user_id of all users, for administrators", Status);

    private static async Task<IResult> Status(HttpContext http, Summaries summaries, Components components, SharedTime time, [FromQuery(Name = "user_id")] string? userId)
    {
        if (!http.Caller().UserOrAdministrator(userId).TryGet(out var user, out var failure))
            return Answers.Problem(failure);
        var summary = await summaries.Of(user, http.RequestAborted);
        var parts = await components.All(asksUserData: false, http.RequestAborted);
        return Answers.Json(new StatusSummary(
            user, TotalsOf(summary.Totals),
            [.. summary.ByProvider.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => new ProviderTotals(entry.Key, TotalsOf(entry.Value)))],
            ConsentEndpoints.SummaryOf(summary.Consents), Components.WordOf(parts), http.Caller().IsAdministrator ? parts : WithoutDetails(parts), time.GetUtcNow()));
    }

    /// <summary>What a node is made of is its operators' business.</summary>
    private static Dictionary<string, HealthComponent> WithoutDetails(Dictionary<string, HealthComponent> components) =>
        components.ToDictionary(entry => entry.Key, entry => new HealthComponent(entry.Value.Status, null, null));

    private static StatusTotals TotalsOf(IReadOnlyDictionary<IntegrationStatus, int> counts)
    {
        int Of(IntegrationStatus status) => counts.GetValueOrDefault(status);
        return new StatusTotals(
            counts.Values.Sum(), Of(IntegrationStatus.Active), Of(IntegrationStatus.Pending), Of(IntegrationStatus.Expired), Of(IntegrationStatus.Error), Of(IntegrationStatus.Inactive), Of(IntegrationStatus.Revoked));
    }
}
