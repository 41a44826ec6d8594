using Grantkeeper.Client.Contracts;
using Grantkeeper.Errors;
using Grantkeeper.Http;
using Grantkeeper.Identity;
using Grantkeeper.Providers;
using Grantkeeper.Resilience;
using Grantkeeper.Settings;
using Grantkeeper.Spool;
using Grantkeeper.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Grantkeeper.Monitoring;

/// <summary>Health over HTTP: live says that the process answers, ready that it can serve. Providers' troubles are not ours.</summary>
internal static class HealthEndpoints
{
    private const string Healthy = "healthy";
    private const string Degraded = "degraded";
    private const string Unhealthy = "unhealthy";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.Anonymous("GET", "/health/live", "The process answers", () => Answers.Json(new HealthAnswer(Healthy, new Dictionary<string, HealthComponent>()))).Produces<HealthAnswer>();
        routes.Anonymous("GET", "/health/ready", "The node can serve", Ready).Produces<HealthAnswer>();
        // Details are for operators: anybody on this machine, elsewhere a key.
        routes.Anonymous("GET", "/oauth/health", "Health of every component", Components).Produces<HealthAnswer>();
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

    private static async Task<IResult> Ready(HttpContext http, Readiness readiness, Database database, PlatformDatabase platform)
    {
        var components = await Look(readiness, database, platform, http.RequestAborted);
        return Answer(components, withDetails: false);
    }

    private static async Task<IResult> Components(HttpContext http, Readiness readiness, Database database, PlatformDatabase platform, NodeSpool spool, INodeSignals signals, ProviderCatalogue catalogue, FeatureCatalogue features, ApiKeys keys)
    {
        if (await OperatorsView.Refuses(http, keys) is { } refused)
            return Answers.Problem(refused);
        var components = await Look(readiness, database, platform, http.RequestAborted);
        components["spool"] = Look(spool);
        components["signals"] = signals.IsHeard
            ? new HealthComponent(Healthy, null, null)
            : new HealthComponent(Degraded, null, "This node does not hear of changes on other nodes; until it does, it reads the database for every token.");
        components["providers"] = catalogue.Faults is { Count: > 0 } faults
            ? new HealthComponent(Degraded, null, $"A change of the manifests is not in force; what was in force before stays so: {string.Join("; ", faults)}")
            : new HealthComponent(Healthy, null, null);
        components["features"] = features.Faults is { Count: > 0 } wrong
            ? new HealthComponent(Degraded, null, $"A change of the features is not in force; what was in force before stays so: {string.Join("; ", wrong)}")
            : new HealthComponent(Healthy, null, null);
        return Answer(components, withDetails: true);
    }

    private static async Task<Dictionary<string, HealthComponent>> Look(Readiness readiness, Database database, PlatformDatabase platform, CancellationToken cancellation)
    {
        var components = new Dictionary<string, HealthComponent>
        {
            ["start"] = readiness.Failure is { } failure ? new HealthComponent(Unhealthy, failure.Code.Code, failure.Message) : new HealthComponent(Healthy, null, null),
        };
        components["database"] = await Look(database, cancellation);
        if (platform.Database != database)
            components["platform_database"] = await Look(platform.Database, cancellation);
        return components;
    }

    /// <summary>A node without a good spool serves, but less safely: degraded.</summary>
    private static HealthComponent Look(NodeSpool spool) => spool.Condition switch
    {
        SpoolCondition.Good => new HealthComponent(Healthy, null, null),
        SpoolCondition.Absent => new HealthComponent(Degraded, null, "GRANTKEEPER_DATA_PATH is not set: a refreshed token that waits for the database is lost if this process is killed meanwhile."),
        _ => new HealthComponent(Degraded, ErrorCatalogue.Tokens.SpoolUnavailable.Code, $"{ErrorCatalogue.Tokens.SpoolUnavailable.Cause} ({spool.Fault})"),
    };

    private static async Task<HealthComponent> Look(Database database, CancellationToken cancellation)
    {
        try
        {
            await database.AsService(ServiceReason.Deployment).Read("SELECT 1", row => "", cancellation);
            return new HealthComponent(Healthy, null, null);
        }
        catch (StorageUnavailableException)
        {
            return new HealthComponent(Unhealthy, ErrorCatalogue.Storage.Unavailable.Code, ErrorCatalogue.Storage.Unavailable.Cause);
        }
    }

    private static IResult Answer(Dictionary<string, HealthComponent> components, bool withDetails)
    {
        var status = components.Values.Any(component => component.Status == Unhealthy) ? Unhealthy
            : components.Values.Any(component => component.Status == Degraded) ? Degraded : Healthy;
        var answer = new HealthAnswer(status, withDetails ? components : new Dictionary<string, HealthComponent>());
        return Answers.Json(answer, status == Unhealthy ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK);
    }
}
