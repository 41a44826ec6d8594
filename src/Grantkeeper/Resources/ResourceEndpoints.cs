using Grantkeeper.Client.Contracts;
using Grantkeeper.Errors;
using Grantkeeper.Http;
using Grantkeeper.Identity;
using Grantkeeper.Providers;
using Grantkeeper.Tokens;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Grantkeeper.Resources;

/// <summary>What an account opens, over HTTP.</summary>
internal static class ResourceEndpoints
{
    public static void Map(IEndpointRouteBuilder routes) => routes.Api<ResourceList>(
        "GET", "/oauth/{provider}/resources", Permissions.Read, "What a user's account at a provider opens: calendars, sites, blogs, channels, pages", Read);

    private static async Task<IResult> Read(
        HttpContext http, IResourceReader resources, ITokenVault vault, ProviderCatalogue catalogue, string provider,
        [FromQuery(Name = "user_id")] string? userId, [FromQuery(Name = "account_id")] string? accountId)
    {
        if (catalogue.Find(provider) is not { } known)
            return Answers.Problem(new Failure(ErrorCatalogue.Providers.Unknown));
        if (!http.Caller().UserOf(userId).TryGet(out var user, out var failure))
            return Answers.Problem(failure);
        if (await vault.FindAt(known.Key, user, accountId, http.RequestAborted) is not { } row)
            return Answers.Problem(new Failure(ErrorCatalogue.Integrations.NotConnected));
        if (!(await resources.Read(row, http.Source(), http.RequestAborted)).TryGet(out var reading, out failure))
            return Answers.Problem(failure);
        // Where nothing could be read, the reason is the answer.
        if (reading.Resources.Count == 0 && reading.Problems.Count == known.Manifest.Resources.Count)
            return Answers.Problem(reading.Problems[0].Failure);
        return Answers.Json(new ResourceList(
            known.Key, row.Integration.Id,
            [.. reading.Resources.Select(resource => new ResourceEntry(resource.Id, resource.Type, resource.Name, resource.Url, resource.Permission, row.Integration.Id))],
            [.. reading.Problems.Select(problem => new ResourceProblem(problem.Type, problem.Failure.Code.Code, problem.Failure.Message))], reading.IsComplete));
    }
}
