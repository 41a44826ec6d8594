using Grantkeeper.Client;
using Grantkeeper.Client.Contracts;
using Grantkeeper.Errors;
using Grantkeeper.Integrations;
using Grantkeeper.Providers;

namespace Grantkeeper.Registry;

/// <inheritdoc/>
/// <remarks>It holds the key and asks the catalogue each time, so that a changed registration or manifest counts at once.</remarks>
internal sealed class IntegrationProvider(Provider first, ProviderOperations operations) : IIntegrationProvider
{
    public string Key => first.Key;

    public string DisplayName => Now.DisplayName;

    public ProviderCapabilities Capabilities => IntegrationEndpoints.CapabilitiesOf(Now.Manifest);

    /// <summary>As it was last known, for what has no way to fail.</summary>
    private Provider Now => operations.Find(Key) ?? first;

    public Task<Result<AuthorizationUrl>> GetAuthorizationUrl(string userId, AuthorizationUrlOptions? options = null, CancellationToken cancellation = default) =>
        operations.GetAuthorizationUrl(Key, userId, options ?? new AuthorizationUrlOptions(), cancellation);

    public Task<Result<CallbackAnswer>> Complete(CallbackRequest callback, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(callback);
        return operations.Complete(Key, callback, cancellation);
    }

    public Task<Result<ConnectionStatus>> GetStatus(string userId, CancellationToken cancellation = default) => operations.GetStatus(Key, userId, cancellation);

    public Task<Result<RefreshAnswer>> Refresh(string userId, string? accountId = null, CancellationToken cancellation = default) =>
        operations.Refresh(Key, userId, accountId, cancellation);

    public Task<Result<DisconnectAnswer>> Disconnect(string userId, string? accountId = null, string? reason = null, CancellationToken cancellation = default) =>
        operations.Disconnect(Key, userId, accountId, reason, cancellation);

    public Task<Result<AccountList>> ListAccounts(string userId, CancellationToken cancellation = default) => operations.ListAccounts(Key, userId, cancellation);

    public Task<Result<ProviderHealth>> GetHealth(CancellationToken cancellation = default) => operations.GetHealth(Key, cancellation);
}
