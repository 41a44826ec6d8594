using Grantkeeper.Client.Contracts;

namespace Grantkeeper.Client;

/// <content>Changing, syncing and bulk work.</content>
public sealed partial class GrantkeeperClient
{
    private const string BulkPath = "api/v1/oauth/bulk";

    /// <summary>Changes an integration's label, metadata or primary account; switches it off and on. Permission <c>oauth:connect</c>.</summary>
    /// <param name="id">The integration.</param>
    /// <param name="request">What to change.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<IntegrationEntry>> PatchIntegration(Guid id, PatchIntegrationRequest request, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Send<IntegrationEntry>(HttpMethod.Patch, $"api/v1/oauth/integrations/{id}", request, cancellation);
    }

    /// <summary>Looks at the provider whether an integration is good and whose account it is. Permission <c>oauth:refresh</c>.</summary>
    /// <param name="id">The integration.</param>
    /// <param name="userId">Whose it must be; null: anybody's.</param>
    /// <param name="cancellation">Gives up waiting; a renewal that is under way goes on.</param>
    public Task<Answer<SyncResult>> SyncIntegration(Guid id, string? userId = null, CancellationToken cancellation = default) =>
        Post<SyncResult>($"api/v1/oauth/integrations/{id}/sync", new UserRequest(userId), cancellation);

    /// <summary>Syncs every integration of a user, or everybody's for administrators, at most 200. Permission <c>oauth:refresh</c>.</summary>
    /// <param name="request">Whose, and at which provider.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<SyncAnswer>> SyncIntegrations(SyncRequest request, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Post<SyncAnswer>("api/v1/oauth/integrations/sync", request, cancellation);
    }

    /// <summary>Renews many integrations in the background. Permission <c>oauth:refresh</c>.</summary>
    /// <param name="request">Whose, and at which provider.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<BulkEntry>> RefreshMany(BulkRequest request, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Post<BulkEntry>($"{BulkPath}/refresh", request, cancellation);
    }

    /// <summary>Disconnects many integrations in the background. Permission <c>oauth:revoke</c>.</summary>
    /// <param name="request">Whose, and at which provider.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<BulkEntry>> DisconnectMany(BulkRequest request, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Post<BulkEntry>($"{BulkPath}/disconnect", request, cancellation);
    }

    /// <summary>How far a bulk operation is. Permission <c>oauth:read</c>.</summary>
    /// <param name="id">The operation.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<BulkEntry>> GetBulkOperation(Guid id, CancellationToken cancellation = default) => Get<BulkEntry>($"{BulkPath}/{id}", cancellation);

    /// <summary>Lets a bulk operation end before its next page. Permission <c>oauth:revoke</c>.</summary>
    /// <param name="id">The operation.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<BulkEntry>> CancelBulkOperation(Guid id, CancellationToken cancellation = default) => Delete<BulkEntry>($"{BulkPath}/{id}", cancellation);
}
