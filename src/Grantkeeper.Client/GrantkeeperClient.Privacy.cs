using Grantkeeper.Client.Contracts;

namespace Grantkeeper.Client;

/// <content>A user's export and erasure.</content>
public sealed partial class GrantkeeperClient
{
    /// <summary>
    /// Everything that is kept about a user, without secrets, as one JSON document (<see cref="UserExport"/>) while the server
    /// reads it. Permission <c>oauth:admin</c>.
    /// </summary>
    /// <param name="userId">The user or owner.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <returns>The document; dispose it. A read that throws has met a connection that broke: what came until then is not the whole.</returns>
    public Task<Answer<Stream>> ExportUser(string userId, CancellationToken cancellation = default) => Open($"api/v1/oauth/admin/users/{Segment(userId)}/export", cancellation);

    /// <summary>
    /// Erases a user: ends every grant, here on every node and at its provider, and removes what is kept. The audit log stays.
    /// Harmless when repeated, which goes on where the first time stopped. Permission <c>oauth:admin</c>.
    /// </summary>
    /// <param name="userId">The user or owner.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<ErasedUser>> EraseUser(string userId, CancellationToken cancellation = default) => Delete<ErasedUser>($"api/v1/oauth/admin/users/{Segment(userId)}", cancellation);
}
