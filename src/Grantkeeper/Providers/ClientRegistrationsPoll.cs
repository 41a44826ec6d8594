using Grantkeeper.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Grantkeeper.Providers;

/// <summary>Looks every two seconds whether another node has changed a client registration: one small read.</summary>
internal sealed class ClientRegistrationsPoll(ClientRegistrations registrations, Readiness readiness, TimeProvider time, ILogger<ClientRegistrationsPoll> logger) : BackgroundService
{
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await readiness.Ready.WaitAsync(stoppingToken);
        using var timer = new PeriodicTimer(Pause, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await registrations.Load(stoppingToken);
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
}
