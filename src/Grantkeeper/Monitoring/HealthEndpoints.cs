using Grantkeeper.Client.Contracts;
using Grantkeeper.Errors;
using Grantkeeper.Http;
using Grantkeeper.Identity;
using Grantkeeper.Providers;
using Grantkeeper.Resilience;
using Grantkeeper.Settings;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Grantkeeper.Monitoring;

/// <summary>Health over HTTP: live says that the process answers, ready that it can serve. Providers' troubles are not ours.</summary>
internal static class HealthEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.Anonymous("GET", "/health/live", "The process answers", () => Answers.Json(new HealthAnswer(Components.Healthy, new Dictionary<string, HealthComponent>()))).Produces<HealthAnswer>();
        routes.Anonymous("GET", "/health/ready", "The node can serve", Ready).Produces<HealthAnswer>();
        // Details are for operators: anybody on this machine, elsewhere a key.
        routes.Anonymous("GET", "/oauth/health", "Health of every component", Details).Produces<HealthAnswer>();
        routes.Api<ProviderHealth>("GET", "/oauth/{provider}/health", Permissions.Read, "How this node gets on with a provider", OfProvider);
    }

    private static IResult OfProvider(ProviderCalls calls, ProviderCatalogue catalogue, GrantkeeperOptions options, string provider) => catalogue.Find(provider) is { } known
        ? Answers.Json(HealthOf(known, calls, options))
        : Answers.Problem(new Failure(ErrorCatalogue.Providers.Unknown));

    internal static ProviderHealth HealthOf(Provider known, ProviderCalls calls, GrantkeeperOptions options)
    {
        var (circuit, clientRefusedFor) = (calls.CircuitOf(known.Key), calls.RefusesClient(known.Key));
        return new ProviderHealth(
            known.Key, Words.Of(circuit.State), circuit.Failures, circuit.Successes, circuit.LastFailureAt,
            options.Resilience.MaxRetries, options.Resilience.RetryDelay.TotalSeconds, clientRefusedFor?.TotalSeconds,
            clientRefusedFor is null ? Score(circuit, options.Resilience.FailureThreshold) : 0);
    }

    private static int Score(CircuitSnapshot circuit, int threshold) => circuit.State switch
    {
        CircuitState.Open => 0,
        CircuitState.HalfOpen => 25,
        _ when circuit.Failures == 0 => 100,
        _ => circuit.Failures * 2 < threshold ? 75 : 50,
    };

    private static async Task<IResult> Ready(HttpContext http, Components components) =>
        Answer(await components.Needed(asksUserData: true, http.RequestAborted), withDetails: false);

    private static async Task<IResult> Details(HttpContext http, Components components, ApiKeys keys) => await OperatorsView.Refuses(http, keys) is { } refused
        ? Answers.Problem(refused)
        : Answer(await components.All(asksUserData: true, http.RequestAborted), withDetails: true);

    private static IResult Answer(Dictionary<string, HealthComponent> components, bool withDetails)
    {
        var status = Components.WordOf(components);
        var answer = new HealthAnswer(status, withDetails ? components : new Dictionary<string, HealthComponent>());
        return Answers.Json(answer, status == Components.Unhealthy ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK);
    }
}
