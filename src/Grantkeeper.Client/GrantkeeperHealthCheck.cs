using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Grantkeeper.Client;

/// <summary>Healthy while Grantkeeper is reachable and can serve.</summary>
internal sealed class GrantkeeperHealthCheck(GrantkeeperClient client) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (!(await client.GetReadiness(cancellationToken)).TryGet(out var health, out var problem))
            return new HealthCheckResult(context.Registration.FailureStatus, $"{problem.Code}: {problem.Title}");
        return health.Status == "healthy"
            ? HealthCheckResult.Healthy("Grantkeeper is ready.")
            : new HealthCheckResult(context.Registration.FailureStatus, $"Grantkeeper answers but is {health.Status}.");
    }
}
