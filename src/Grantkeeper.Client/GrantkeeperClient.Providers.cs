using Grantkeeper.Client.Contracts;

namespace Grantkeeper.Client;

/// <content>Providers and their manifests, for administrators.</content>
public sealed partial class GrantkeeperClient
{
    private const string ProviderDefinitions = "api/v1/oauth/admin/providers";

    /// <summary>Every provider that is known, drafts included, and why a change is not in force. Permission <c>oauth:admin</c>.</summary>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<ProviderDefinitionList>> ListProviderDefinitions(CancellationToken cancellation = default) => Get<ProviderDefinitionList>(ProviderDefinitions, cancellation);

    /// <summary>What is known of a provider, and where it was written. Permission <c>oauth:admin</c>.</summary>
    /// <param name="provider">The provider's key.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<ProviderDefinition>> GetProviderDefinition(string provider, CancellationToken cancellation = default) =>
        Get<ProviderDefinition>($"{ProviderDefinitions}/{Segment(provider)}", cancellation);

    /// <summary>Adds a provider by its manifest, or changes one that was added so; every node uses it within seconds. Permission <c>oauth:admin</c>.</summary>
    /// <param name="provider">The provider's key, which the manifest names too.</param>
    /// <param name="request">The manifest.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<ProviderDefinition>> PutProviderDefinition(string provider, PutProviderRequest request, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Send<ProviderDefinition>(HttpMethod.Put, $"{ProviderDefinitions}/{Segment(provider)}", request, cancellation);
    }

    /// <summary>Offers a shipped draft after somebody has looked it through. Permission <c>oauth:admin</c>.</summary>
    /// <param name="provider">The provider's key.</param>
    /// <param name="request">What was confirmed.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<ProviderDefinition>> AddProvider(string provider, AddProviderRequest request, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Post<ProviderDefinition>($"{ProviderDefinitions}/{Segment(provider)}/add", request, cancellation);
    }

    /// <summary>Removes an added provider with its client, or withdraws the offer of a draft. Permission <c>oauth:admin</c>.</summary>
    /// <param name="provider">The provider's key.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<ProviderDefinition>> RemoveProviderDefinition(string provider, CancellationToken cancellation = default) =>
        Delete<ProviderDefinition>($"{ProviderDefinitions}/{Segment(provider)}", cancellation);

    /// <summary>Tries a provider with this deployment's client: about ten requests there, with a made-up code and tokens. Permission <c>oauth:admin</c>.</summary>
    /// <param name="provider">The provider's key.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<DiagnosticsAnswer>> TestProvider(string provider, CancellationToken cancellation = default) =>
        Post<DiagnosticsAnswer>($"{ProviderDefinitions}/{Segment(provider)}/test", new object(), cancellation);
}
