using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Grantkeeper.Egress;

/// <summary>Registers <see cref="IEgress"/>.</summary>
internal static class EgressSlice
{
    /// <summary>Adds the way out. An <see cref="EgressOptions"/>, an <see cref="IEgressNetwork"/> or a clock that is registered already stays.</summary>
    public static IServiceCollection AddEgress(this IServiceCollection services)
    {
        services.AddLogging();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(new EgressOptions());
        services.TryAddSingleton<IEgressNetwork, SystemNetwork>();
        services.TryAddSingleton<IEgress, HttpEgress>();
        return services;
    }
}
