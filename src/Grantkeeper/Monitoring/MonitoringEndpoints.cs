using Grantkeeper.Audit;
using Grantkeeper.Client.Contracts;
using Grantkeeper.Encryption;
using Grantkeeper.Errors;
using Grantkeeper.Http;
using Grantkeeper.Identity;
using Grantkeeper.Providers;
using Grantkeeper.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Grantkeeper.Monitoring;

/// <summary>What the workers do by themselves, done now because somebody asks.</summary>
internal static class MonitoringEndpoints
{
    private const int LongestBufferHours = 24 * 7;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.Api<RefreshExpiredAnswer>("POST", "/api/v1/oauth/monitoring/refresh-expired", Permissions.Refresh, "Renews every token that ends soon or has ended", RefreshExpired)
            .Accepts<RefreshExpiredRequest>("application/json").Limited();
        routes.Api<CleanupAnswer>("POST", "/api/v1/oauth/admin/cleanup", Permissions.Admin, "Removes what has served its time, and tells how much", Clean);
    }

    private static async Task<IResult> RefreshExpired(HttpContext http, ExpiringGrants grants, ProviderCatalogue catalogue, TimeProvider time)
    {
        if (!(await http.Body<RefreshExpiredRequest>()).TryGet(out var body, out var failure) || !http.Caller().UserOrAdministrator(body.UserId).TryGet(out var user, out failure))
            return Answers.Problem(failure);
        var provider = body.Provider is null ? null : catalogue.Find(body.Provider);
        if (body.Provider is not null && provider is null)
            return Answers.Problem(new Failure(ErrorCatalogue.Providers.Unknown));
        if (body.BufferHours is < 0 or > LongestBufferHours)
            return Answers.Problem(new Failure(ErrorCatalogue.Requests.Invalid) { Items = [$"buffer_hours must be 0 to {LongestBufferHours}"] });
        if (await http.Limited(LimitedOperation.Refresh, user) is { } limited)
            return Answers.Problem(limited);
        var (renewals, hasMore) = await grants.Renew(user, provider?.Key, TimeSpan.FromHours(body.BufferHours ?? 1), http.Source(), http.RequestAborted);
        var results = renewals.Select(ResultOf).ToList();
        return Answers.Json(new RefreshExpiredAnswer(results.Count, results.Count(result => result.Success), results.Count(result => !result.Success), results, hasMore, time.GetUtcNow()));
    }

    private static RefreshExpiredResult ResultOf(Renewal renewal)
    {
        var (integration, isRenewed) = (renewal.Before.Integration, renewal.Now.TryGet(out var now, out var failure));
        return new RefreshExpiredResult(
            integration.Provider, integration.Id, integration.UserId, isRenewed, now?.Tokens?.LastRefreshedAt, isRenewed ? now!.Tokens?.ExpiresAt : renewal.Before.Tokens?.ExpiresAt,
            isRenewed ? null : new ErrorEntry(failure!.Code.Code, failure.Message));
    }

    private static async Task<IResult> Clean(HttpContext http, Cleanup cleanup, Database database, AuditLog audit)
    {
        var swept = await cleanup.Sweep(http.RequestAborted);
        // Rows are gone by now, whoever waits for the answer.
        await audit.Write(database.ForUser(SecretBox.SystemOwner), new AuditEvent(AuditAction.CleanedUp, SecretBox.SystemOwner, http.Source()) { Code = $"removed:{swept.Total}" }, CancellationToken.None);
        return Answers.Json(new CleanupAnswer(
            swept.Tokens, swept.Flows, swept.Sessions, swept.Attempts, swept.Deliveries, swept.SignInLinks, swept.Superseded, swept.Hours, swept.Total));
    }
}
