using Grantkeeper.Client.Contracts;
using Grantkeeper.Errors;
using Grantkeeper.Http;
using Grantkeeper.Identity;
using Grantkeeper.Providers;
using Grantkeeper.Resilience;
using Grantkeeper.Tokens;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Grantkeeper.Diagnostics;

/// <summary>What the command-line tool asks a running node: its own examination, and why a token is as it is.</summary>
internal static class DiagnosticsEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.Api<DiagnosticsAnswer>(
            "GET", "/api/v1/oauth/admin/diagnostics", Permissions.Admin, "Examines the deployment, with provider that one alone, with provider and user_id that user's token", Examine);
        routes.Api<DiagnosticsAnswer>(
            "POST", "/api/v1/oauth/admin/providers/{provider}/test", Permissions.Admin, "Tries a provider with this deployment's client: about ten requests there, with a made-up code and tokens", Try);
    }

    private static async Task<IResult> Try(HttpContext http, ProviderProbe probe, ProviderCatalogue catalogue, TimeProvider time, string provider) => catalogue.Find(provider) is { } known
        ? Answer(await probe.Examine(known, http.RequestAborted), time)
        : Answers.Problem(new Failure(ErrorCatalogue.Providers.Unknown));

    private static async Task<IResult> Examine(
        HttpContext http, Doctor doctor, TokenExplanation explanation, ProviderCatalogue catalogue, ProviderCalls calls, TimeProvider time, string? provider,
        [FromQuery(Name = "user_id")] string? userId, [FromQuery(Name = "account_id")] string? accountId, [FromQuery(Name = "min_ttl")] string? minTtl)
    {
        var known = provider is null ? null : catalogue.Find(provider);
        if (provider is not null && known is null)
            return Answers.Problem(new Failure(ErrorCatalogue.Providers.Unknown));
        if (userId is null)
            return Answer([.. await doctor.Examine(known, http.RequestAborted), .. Circuits(known is null ? catalogue.Offered : [known], calls)], time);
        if (known is null)
            return Answers.Problem(new Failure(ErrorCatalogue.Requests.Invalid) { Items = ["provider is required with user_id"] });
        if (!http.Caller().UserOf(userId).TryGet(out var user, out var failure) || !TokenEndpoints.MinTtl(minTtl).TryGet(out var ttl, out failure))
            return Answers.Problem(failure);
        return Answer(await explanation.Of(known, user, accountId, ttl, http.RequestAborted), time);
    }

    private static IEnumerable<DiagnosticFinding> Circuits(IEnumerable<Provider> providers, ProviderCalls calls) =>
        providers.Where(ProviderChecks.IsBegun).Select(provider => CircuitCheck.Judge(provider.Key, calls.CircuitOf(provider.Key)));

    private static IResult Answer(List<DiagnosticFinding> findings, TimeProvider time) =>
        Answers.Json(new DiagnosticsAnswer(Finding.Worst(findings), time.GetUtcNow(), findings));
}
