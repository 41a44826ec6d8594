using Grantkeeper.Client.Contracts;

namespace Grantkeeper.Client;

/// <content>Health, API keys and sign-in links.</content>
public sealed partial class GrantkeeperClient
{
    /// <summary>Whether the process answers. Asks for no permission.</summary>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<HealthAnswer>> GetLiveness(CancellationToken cancellation = default) => Health("health/live", cancellation);

    /// <summary>Whether the node can serve; a node that cannot is a value with another status than <c>healthy</c>. Asks for no permission.</summary>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<HealthAnswer>> GetReadiness(CancellationToken cancellation = default) => Health("health/ready", cancellation);

    /// <summary>The health of every component. Any valid key; none from loopback.</summary>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<HealthAnswer>> GetHealth(CancellationToken cancellation = default) => Health("oauth/health", cancellation);

    /// <summary>How the node that answers gets on with a provider: its circuit, and how it repeats. Permission <c>oauth:read</c>.</summary>
    /// <param name="provider">The provider's key.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<ProviderHealth>> GetProviderHealth(string provider, CancellationToken cancellation = default) =>
        Get<ProviderHealth>($"oauth/{Segment(provider)}/health", cancellation);

    /// <summary>Makes an API key; its text is in this answer and nowhere else. Permission <c>oauth:admin</c>.</summary>
    /// <param name="request">Name, permissions and end.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<CreatedApiKey>> CreateApiKey(CreateApiKeyRequest request, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Post<CreatedApiKey>("api/v1/oauth/admin/api-keys", request, cancellation);
    }

    /// <summary>All API keys without their texts. Permission <c>oauth:admin</c>.</summary>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<ApiKeyList>> ListApiKeys(CancellationToken cancellation = default) => Get<ApiKeyList>("api/v1/oauth/admin/api-keys", cancellation);

    /// <summary>Ends an API key. Permission <c>oauth:admin</c>.</summary>
    /// <param name="id">The key's id.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<ApiKeyEntry>> RevokeApiKey(Guid id, CancellationToken cancellation = default) => Delete<ApiKeyEntry>($"api/v1/oauth/admin/api-keys/{id}", cancellation);

    /// <summary>Makes a one-time link into the pages. Permission <c>oauth:admin</c>.</summary>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<SignInLink>> CreateSignInLink(CancellationToken cancellation = default) => Post<SignInLink>("api/v1/oauth/admin/sign-in-links", new object(), cancellation);

    private async Task<Answer<HealthAnswer>> Health(string path, CancellationToken cancellation)
    {
        var answer = await Send<HealthAnswer>(HttpMethod.Get, path, null, cancellation, alsoValue: 503);
        // A proxy's own 503 may be JSON too.
        return answer is { IsSuccess: true, Value.Status: null } ? ClientErrors.Unreadable(503) : answer;
    }
}
