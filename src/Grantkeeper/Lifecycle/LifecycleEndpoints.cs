using Grantkeeper.Client.Contracts;
using Grantkeeper.Errors;
using Grantkeeper.Http;
using Grantkeeper.Identity;
using Grantkeeper.Integrations;
using Grantkeeper.Providers;
using Grantkeeper.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Grantkeeper.Lifecycle;

/// <summary>Changing, syncing and bulk work over HTTP.</summary>
internal static class LifecycleEndpoints
{
    private const string Integrations = "/api/v1/oauth/integrations";
    private const string Bulk = "/api/v1/oauth/bulk";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.Api<IntegrationEntry>("PATCH", Integrations + "/{id}", Permissions.Connect, "Changes an integration's label, metadata (RFC 7396), or which account is the primary one; switches it off and on", Patch)
            .Accepts<PatchIntegrationRequest>("application/json");
        routes.Api<SyncResult>("POST", Integrations + "/{id}/sync", Permissions.Refresh, "Looks at the provider whether an integration is good and whose account it is", Sync).Accepts<UserRequest>("application/json").Limited();
        routes.Api<SyncAnswer>("POST", Integrations + "/sync", Permissions.Refresh, "Syncs every integration of a user; without user_id everybody's, for administrators", SyncAll).Accepts<SyncRequest>("application/json").Limited();
        routes.Api("POST", Bulk + "/refresh", Permissions.Refresh, "Renews many integrations in the background", (HttpContext http, BulkOperations operations, BulkWork work, ProviderCatalogue catalogue) => Begin(BulkAction.Refresh, http, operations, work, catalogue))
            .Accepts<BulkRequest>("application/json").Produces<BulkEntry>(StatusCodes.Status202Accepted).Limited();
        routes.Api("POST", Bulk + "/disconnect", Permissions.Revoke, "Disconnects many integrations in the background", (HttpContext http, BulkOperations operations, BulkWork work, ProviderCatalogue catalogue) => Begin(BulkAction.Disconnect, http, operations, work, catalogue))
            .Accepts<BulkRequest>("application/json").Produces<BulkEntry>(StatusCodes.Status202Accepted).Limited();
        routes.Api<BulkEntry>("GET", Bulk + "/{operation_id}", Permissions.Read, "How far a bulk operation is", BulkOf);
        routes.Api<BulkEntry>("DELETE", Bulk + "/{operation_id}", Permissions.Revoke, "Lets a bulk operation end before its next page", Cancel);
    }

    private static async Task<IResult> Patch(HttpContext http, IntegrationChanges changes, IntegrationStore integrations, SharedTime time, string id)
    {
        if (!(await http.Body<PatchIntegrationRequest>()).TryGet(out var body, out var failure) || !http.Caller().UserOrAny(body.UserId).TryGet(out var user, out failure))
            return Answers.Problem(failure);
        if (!Guid.TryParse(id, out var guid) || await integrations.Find(guid, user, http.RequestAborted) is not { } integration)
            return Answers.Problem(new Failure(ErrorCatalogue.Integrations.NotFound));
        return (await changes.Patch(guid, integration.UserId, body, http.Source(), http.RequestAborted)).TryGet(out var changed, out failure)
            ? Answers.Json(IntegrationEndpoints.EntryOf(changed, time.GetUtcNow()))
            : Answers.Problem(failure);
    }

    private static async Task<IResult> Sync(HttpContext http, IntegrationSync sync, SharedTime time, string id)
    {
        if (!(await http.Body<UserRequest>()).TryGet(out var body, out var failure) || !http.Caller().UserOrAny(body.UserId).TryGet(out var user, out failure))
            return Answers.Problem(failure);
        if (!Guid.TryParse(id, out var guid))
            return Answers.Problem(new Failure(ErrorCatalogue.Integrations.NotFound));
        if (await http.Limited(LimitedOperation.Refresh, user) is { } limited)
            return Answers.Problem(limited);
        return (await sync.One(guid, user, http.Source(), http.RequestAborted)).TryGet(out var outcome, out failure) ? Answers.Json(ResultOf(outcome, time)) : Answers.Problem(failure);
    }

    private static async Task<IResult> SyncAll(HttpContext http, IntegrationSync sync, ProviderCatalogue catalogue, SharedTime time)
    {
        if (!(await http.Body<SyncRequest>()).TryGet(out var body, out var failure) || !Scope(http, body.UserId, body.Provider, catalogue).TryGet(out var asked, out failure))
            return Answers.Problem(failure);
        if (await http.Limited(LimitedOperation.Refresh, asked.User) is { } limited)
            return Answers.Problem(limited);
        var (outcomes, hasMore) = await sync.All(asked.User, asked.Provider, http.Source(), http.RequestAborted);
        var results = outcomes.Select(outcome => ResultOf(outcome, time)).ToList();
        return Answers.Json(new SyncAnswer(results.Count, results.Count(result => result.Success), results.Count(result => !result.Success), results, hasMore));
    }

    private static async Task<IResult> Begin(BulkAction action, HttpContext http, BulkOperations operations, BulkWork work, ProviderCatalogue catalogue)
    {
        if (!(await http.Body<BulkRequest>()).TryGet(out var body, out var failure) || !Scope(http, body.UserId, body.Provider, catalogue).TryGet(out var asked, out failure))
            return Answers.Problem(failure);
        if (await http.Limited(action == BulkAction.Refresh ? LimitedOperation.Refresh : LimitedOperation.Revoke, asked.User) is { } limited)
            return Answers.Problem(limited);
        var operation = await operations.Begin(action, asked.User, asked.Provider, http.Source(), http.RequestAborted);
        work.Nudge();
        return Answers.Json(EntryOf(operation), StatusCodes.Status202Accepted);
    }

    private static async Task<IResult> BulkOf(HttpContext http, BulkOperations operations, [FromRoute(Name = "operation_id")] string operationId, [FromQuery(Name = "user_id")] string? userId) =>
        (await Operation(http, operations, operationId, userId)).TryGet(out var operation, out var failure) ? Answers.Json(EntryOf(operation)) : Answers.Problem(failure);

    private static async Task<IResult> Cancel(HttpContext http, BulkOperations operations, [FromRoute(Name = "operation_id")] string operationId, [FromQuery(Name = "user_id")] string? userId)
    {
        if (!(await Operation(http, operations, operationId, userId)).TryGet(out var operation, out var failure))
            return Answers.Problem(failure);
        await operations.Cancel(operation, http.Source(), http.RequestAborted);
        return (await Operation(http, operations, operationId, userId)).TryGet(out var now, out failure) ? Answers.Json(EntryOf(now)) : Answers.Problem(failure);
    }

    private static async Task<Result<BulkOperation>> Operation(HttpContext http, BulkOperations operations, string id, string? userId)
    {
        if (!http.Caller().UserOrAny(userId).TryGet(out var user, out var failure))
            return failure;
        return Guid.TryParse(id, out var guid) && await operations.Find(guid, user, http.RequestAborted) is { } operation ? operation : new Failure(ErrorCatalogue.Integrations.OperationNotFound);
    }

    /// <summary>Whose integrations, and at which provider; everybody's only for administrators.</summary>
    private static Result<(string? User, string? Provider)> Scope(HttpContext http, string? userId, string? provider, ProviderCatalogue catalogue)
    {
        if (!http.Caller().UserOrAdministrator(userId).TryGet(out var user, out var failure))
            return failure;
        var known = provider is null ? null : catalogue.Find(provider);
        return provider is not null && known is null ? new Failure(ErrorCatalogue.Providers.Unknown) : (user, known?.Key);
    }

    private static SyncResult ResultOf(SyncOutcome outcome, SharedTime time) => new(
        outcome.Failure is null, IntegrationEndpoints.EntryOf(outcome.Integration, time.GetUtcNow()),
        outcome.Failure is { } failure ? new ErrorEntry(failure.Code.Code, failure.Message) : null);

    internal static BulkEntry EntryOf(BulkOperation operation) => new(
        operation.Id, Words.Of(operation.Action), Words.Of(operation.Status), operation.ForUser, operation.Provider, operation.Total, operation.Succeeded + operation.Failed, operation.Succeeded,
        operation.Failed, [.. operation.Failures.Select(failure => new BulkFailureEntry(failure.IntegrationId, failure.Code))], operation.CreatedAt, operation.FinishedAt);
}
