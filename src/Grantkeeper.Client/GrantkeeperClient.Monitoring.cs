using Grantkeeper.Client.Contracts;

namespace Grantkeeper.Client;

/// <content>How things stand, and what the workers do by themselves, asked for.</content>
public sealed partial class GrantkeeperClient
{
    /// <summary>Renews tokens that end soon or have ended, 200 at most; a result for each. Permission <c>oauth:refresh</c>.</summary>
    /// <param name="request">Whose, where, how soon.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<RefreshExpiredAnswer>> RefreshExpired(RefreshExpiredRequest request, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Post<RefreshExpiredAnswer>("api/v1/oauth/monitoring/refresh-expired", request, cancellation);
    }

    /// <summary>
    /// How many integrations there are by status and provider, how many consents, and how the node does. Permission
    /// <c>oauth:read</c>, without a user <c>oauth:admin</c> too.
    /// </summary>
    /// <param name="userId">Whose; null: everybody's.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<StatusSummary>> GetStatusSummary(string? userId = null, CancellationToken cancellation = default) =>
        Get<StatusSummary>(At("api/v1/oauth/status", ("user_id", userId)), cancellation);

    /// <summary>Removes what has served its time. Permission <c>oauth:admin</c>.</summary>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<CleanupAnswer>> CleanUp(CancellationToken cancellation = default) => Post<CleanupAnswer>("api/v1/oauth/admin/cleanup", new object(), cancellation);
}
