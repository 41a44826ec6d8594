using Microsoft.Extensions.Hosting;

namespace Grantkeeper.Tokens;

/// <summary>Lets refreshes that are under way end before the process does: their answers exist nowhere else.</summary>
internal sealed class RefreshDrain(TokenRefresher refresher) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken) =>
        await refresher.Drained().WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
