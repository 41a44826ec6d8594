using Grantkeeper.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Grantkeeper.Providers;

/// <summary>
/// Looks every two seconds at the folder of manifests, at the file of features, and whether another node has changed a provider or a client: one small
/// read, for most nodes do nothing else for hours. The folder is read and not watched: notices of changes do not come over network volumes, nor when a mounted
/// directory is exchanged as a whole.
/// </summary>
internal sealed class ProvidersPoll(
    ProviderCatalogue catalogue, FeatureCatalogue features, StoredManifests manifests, ClientRegistrations registrations, PlatformDatabase platform, Readiness readiness, TimeProvider time, ILogger<ProvidersPoll> logger)
    : BackgroundService
{
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private string? _loaded;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await readiness.Ready.WaitAsync(stoppingToken);
        using var timer = new PeriodicTimer(Pause, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                Folder();
                Features();
                await Stored(stoppingToken);
            }
            catch (StorageUnavailableException)
            {
                // What this node has seen stays good; every request that needs the database says that it is away.
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                // A node that cannot see a change goes on with what it has.
                ProvidersLog.PollFailed(logger, exception);
            }
        }
    }

    /// <summary>Every change writes a new id, so that the ids together say whether anything has changed.</summary>
    private async Task Stored(CancellationToken cancellation)
    {
        var now = await platform.Database.AsService(ServiceReason.Deployment).ReadAll(
            """
            SELECT concat((SELECT string_agg(id::text, ' ' ORDER BY id) FROM provider_manifests), ';', (SELECT string_agg(id::text, ' ' ORDER BY id) FROM client_registrations))
            """,
            row => row.GetString(0), cancellation);
        if (now[0] == _loaded)
            return;
        await manifests.Load(cancellation);
        await registrations.Load(cancellation);
        _loaded = now[0];
    }

    private void Folder()
    {
        if (!catalogue.LookAtFolder())
            return;
        if (catalogue.FolderFaults is { Count: > 0 } faults)
            ProvidersLog.FolderRefused(logger, string.Join("; ", faults));
        else
            ProvidersLog.FolderTaken(logger);
    }

    private void Features()
    {
        if (!features.LookAtFile())
            return;
        if (features.Faults is { Count: > 0 } faults)
            ProvidersLog.FeaturesRefused(logger, string.Join("; ", faults));
        else
            ProvidersLog.FeaturesTaken(logger);
    }
}
