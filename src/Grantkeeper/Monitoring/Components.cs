using Grantkeeper.Client.Contracts;
using Grantkeeper.Errors;
using Grantkeeper.Providers;
using Grantkeeper.Settings;
using Grantkeeper.Spool;
using Grantkeeper.Storage;

namespace Grantkeeper.Monitoring;

/// <summary>The parts that this node stands on, and how each does.</summary>
internal sealed class Components(
    Readiness readiness, Database database, PlatformDatabase platform, NodeSpool spool, INodeSignals signals, RefreshWorker worker, ProviderCatalogue catalogue, FeatureCatalogue features, GrantkeeperOptions options)
{
    public const string Healthy = "healthy";
    public const string Degraded = "degraded";
    public const string Unhealthy = "unhealthy";

    /// <summary>The worker comes round every few seconds; a batch that waits for slow providers takes less than this.</summary>
    private static readonly TimeSpan LongestRound = TimeSpan.FromMinutes(2);

    private static readonly HealthComponent Good = new(Healthy, null, null);

    /// <summary>What a request cannot do without: the start and the databases.</summary>
    /// <param name="asksUserData">False when the users' database has just answered.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<Dictionary<string, HealthComponent>> Needed(bool asksUserData, CancellationToken cancellation)
    {
        var components = new Dictionary<string, HealthComponent>
        {
            ["start"] = readiness.Failure is { } failure ? new HealthComponent(Unhealthy, failure.Code.Code, failure.Message) : Good,
            ["database"] = asksUserData ? await Ask(database, cancellation) : Good,
        };
        if (platform.Database != database)
            components["platform_database"] = await Ask(platform.Database, cancellation);
        return components;
    }

    /// <summary>All of them.</summary>
    /// <param name="asksUserData">False when the users' database has just answered.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<Dictionary<string, HealthComponent>> All(bool asksUserData, CancellationToken cancellation)
    {
        var components = await Needed(asksUserData, cancellation);
        components["spool"] = OfSpool();
        components["signals"] = signals.IsHeard ? Good
            : new HealthComponent(Degraded, null, "This node does not hear of changes on other nodes; until it does, it reads the database for every token.");
        components["workers"] = OfWorkers(options, worker.SinceRound);
        components["providers"] = OfFiles(catalogue.Faults, "manifests");
        components["features"] = OfFiles(features.Faults, "features");
        return components;
    }

    /// <summary>The word for all of them: that of the worst.</summary>
    public static string WordOf(IReadOnlyDictionary<string, HealthComponent> components) =>
        components.Values.Any(component => component.Status == Unhealthy) ? Unhealthy
        : components.Values.Any(component => component.Status == Degraded) ? Degraded : Healthy;

    /// <summary>A node that leaves the work to others is well; one that does not get to it is not.</summary>
    internal static HealthComponent OfWorkers(GrantkeeperOptions options, TimeSpan? sinceRound) =>
        !options.RunWorkers ? new HealthComponent(Healthy, null, "This node leaves background work to others (Grantkeeper__RunWorkers).")
        : !options.RefreshAhead ? new HealthComponent(Healthy, null, "This node renews no token before somebody reads it (Grantkeeper__Refresh__Ahead).")
        : sinceRound > LongestRound ? new HealthComponent(Degraded, null, $"The worker that renews tokens has not come round for {(int)sinceRound.Value.TotalMinutes} minutes.")
        : Good;

    /// <summary>A node without a good spool serves, but less safely: degraded.</summary>
    private HealthComponent OfSpool() => spool.Condition switch
    {
        SpoolCondition.Good => Good,
        SpoolCondition.Absent => new HealthComponent(Degraded, null, "GRANTKEEPER_DATA_PATH is not set: a refreshed token that waits for the database is lost if this process is killed meanwhile."),
        _ => new HealthComponent(Degraded, ErrorCatalogue.Tokens.SpoolUnavailable.Code, $"{ErrorCatalogue.Tokens.SpoolUnavailable.Cause} ({spool.Fault})"),
    };

    private static HealthComponent OfFiles(IReadOnlyList<string> faults, string what) => faults.Count == 0 ? Good
        : new HealthComponent(Degraded, null, $"A change of the {what} is not in force; what was in force before stays so: {string.Join("; ", faults)}");

    private static async Task<HealthComponent> Ask(Database database, CancellationToken cancellation)
    {
        try
        {
            await database.AsService(ServiceReason.Deployment).Read("SELECT 1", row => "", cancellation);
            return Good;
        }
        catch (StorageUnavailableException)
        {
            return new HealthComponent(Unhealthy, ErrorCatalogue.Storage.Unavailable.Code, ErrorCatalogue.Storage.Unavailable.Cause);
        }
    }
}
