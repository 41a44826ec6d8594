using Grantkeeper.Audit;
using Grantkeeper.Client;
using Grantkeeper.Client.Contracts;
using Grantkeeper.Connect;
using Grantkeeper.Errors;
using Grantkeeper.Identity;
using Grantkeeper.Integrations;
using Grantkeeper.Monitoring;
using Grantkeeper.Providers;
using Grantkeeper.Resilience;
using Grantkeeper.Settings;
using Grantkeeper.Storage;
using Grantkeeper.Tokens;
using Npgsql;

namespace Grantkeeper.Registry;

/// <summary>
/// The operations of all providers for code in the same process: the same calls as the HTTP routes make, behind the same
/// border. What the routes answer as a problem is a failure here.
/// </summary>
internal sealed class ProviderOperations(
    Readiness readiness, ProviderCatalogue catalogue, Connections connections, IntegrationStore integrations, GrantWarnings grantWarnings, TokenAccess tokens, TokenVault vault, ProviderCalls calls, GrantkeeperOptions options, SharedTime time)
{
    private static readonly AuditSource Process = new("process", null, null, null, null);

    public Provider? Find(string key) => catalogue.Find(key);

    public Task<Result<AuthorizationUrl>> GetAuthorizationUrl(string key, string userId, AuthorizationUrlOptions asked, CancellationToken cancellation) => Guarded(key, userId, (provider, user) =>
        connections.Link(
            new InitiateRequest
            {
                Provider = provider.Key,
                UserId = user,
                Scopes = asked.Scopes,
                ReturnTo = asked.ReturnTo,
                LoginHint = asked.LoginHint,
                OpenerOrigin = asked.OpenerOrigin,
                IntegrationId = asked.IntegrationId,
                Confirm = asked.Confirm,
            },
            cancellation));

    public Task<Result<CallbackAnswer>> Complete(string key, CallbackRequest callback, CancellationToken cancellation) =>
        Guarded(key, callback.UserId, (provider, _) => connections.HandIn(provider, callback, cancellation));

    public Task<Result<ConnectionStatus>> GetStatus(string key, string userId, CancellationToken cancellation) =>
        Guarded<ConnectionStatus>(key, userId, async (provider, user) => await IntegrationEndpoints.StatusOf(provider, user, integrations, grantWarnings, time, cancellation));

    public Task<Result<RefreshAnswer>> Refresh(string key, string userId, string? accountId, CancellationToken cancellation) =>
        Guarded(key, userId, (provider, user) => TokenEndpoints.RefreshedAt(provider, user, accountId, tokens, vault, Process, cancellation));

    public Task<Result<DisconnectAnswer>> Disconnect(string key, string userId, string? accountId, string? reason, CancellationToken cancellation) =>
        Guarded(key, userId, (provider, user) => connections.Disconnect(provider.Key, user, accountId, reason, cancellation));

    public Task<Result<AccountList>> ListAccounts(string key, string userId, CancellationToken cancellation) =>
        Guarded(key, userId, (provider, user) => connections.Accounts(provider.Key, user, cancellation));

    /// <summary>Health needs no database: it is asked for when one is missed.</summary>
    public Task<Result<ProviderHealth>> GetHealth(string key, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        return Task.FromResult<Result<ProviderHealth>>(catalogue.Find(key) is { } provider ? HealthEndpoints.HealthOf(provider, calls, options) : new Failure(ErrorCatalogue.Providers.Unknown));
    }

    private async Task<Result<T>> Guarded<T>(string key, string? userId, Func<Provider, string, Task<Result<T>>> operation)
    {
        if (readiness.Failure is { } notReady)
            return notReady;
        if (catalogue.Find(key) is not { } provider)
            return new Failure(ErrorCatalogue.Providers.Unknown);
        if (!UserIds.Parse(userId).TryGet(out var user, out var failure))
            return failure;
        try
        {
            return await operation(provider, user);
        }
        catch (StorageUnavailableException)
        {
            return new Failure(ErrorCatalogue.Storage.Unavailable);
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.CharacterNotInRepertoire)
        {
            return new Failure(ErrorCatalogue.Requests.Invalid) { Items = ["no text may hold the character U+0000"] };
        }
    }
}
