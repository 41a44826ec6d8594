using System.Collections.Concurrent;
using Grantkeeper.Errors;
using Grantkeeper.Providers;

namespace Grantkeeper.Registry;

/// <inheritdoc/>
internal sealed class IntegrationRegistry(ProviderCatalogue catalogue, ProviderOperations operations) : IIntegrationRegistry
{
    /// <summary>Only keys of the catalogue come in here, so that callers cannot make it grow.</summary>
    private readonly ConcurrentDictionary<string, IIntegrationProvider> _made = new(StringComparer.Ordinal);

    public IReadOnlyList<IIntegrationProvider> All => [.. catalogue.Offered.Select(Of)];

    public Result<IIntegrationProvider> Get(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return catalogue.Find(key) is { } provider ? Result<IIntegrationProvider>.Of(Of(provider)) : new Failure(ErrorCatalogue.Providers.Unknown);
    }

    private IIntegrationProvider Of(Provider provider) => _made.GetOrAdd(provider.Key, _ => new IntegrationProvider(provider, operations));
}
