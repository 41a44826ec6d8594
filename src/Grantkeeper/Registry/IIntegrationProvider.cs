using Grantkeeper.Client;
using Grantkeeper.Client.Contracts;
using Grantkeeper.Errors;

namespace Grantkeeper.Registry;

/// <summary>
/// One provider: the operations under <c>/oauth/{provider}</c> as methods, with the same answers and the same refusals. What a
/// provider cannot do is a failure with a code, and so is everything that goes wrong here or there; nothing but the caller's
/// own cancellation is thrown. Any of them can fail with <c>identity.user_invalid</c> and <c>storage.unavailable</c>.
/// </summary>
public interface IIntegrationProvider
{
    /// <summary>The key, in lower case with underscores.</summary>
    string Key { get; }

    /// <summary>The name for people.</summary>
    string DisplayName { get; }

    /// <summary>What the provider can do here.</summary>
    ProviderCapabilities Capabilities { get; }

    /// <summary>
    /// Starts a connection; send the user's browser to <see cref="AuthorizationUrl.AuthUrl"/>. Failures:
    /// <c>providers.not_configured</c>, <c>redirect_uris.not_configured</c>, <c>redirect_uris.return_to_not_allowed</c>,
    /// <c>providers.discovery_failed</c>, <c>integrations.not_found</c>.
    /// </summary>
    /// <param name="userId">Whose account it will be.</param>
    /// <param name="options">What more is asked for; null for the defaults.</param>
    /// <param name="cancellation">Gives up.</param>
    Task<Result<AuthorizationUrl>> GetAuthorizationUrl(string userId, AuthorizationUrlOptions? options = null, CancellationToken cancellation = default);

    /// <summary>
    /// Takes a callback that reached the application's own page. A refusal by the provider or the user is an answer with
    /// <c>success: false</c>. Failures: those of the flow, for example <c>connect.state_unknown</c>, <c>connect.state_used</c>,
    /// <c>connect.subject_mismatch</c>, <c>connect.exchange_failed</c>.
    /// </summary>
    /// <param name="callback">The callback's parameters, and the user of the application's own session.</param>
    /// <param name="cancellation">Gives up before the code is redeemed; what is redeemed is stored.</param>
    Task<Result<CallbackAnswer>> Complete(CallbackRequest callback, CancellationToken cancellation = default);

    /// <summary>Whether a user is connected.</summary>
    /// <param name="userId">The user.</param>
    /// <param name="cancellation">Gives up.</param>
    Task<Result<ConnectionStatus>> GetStatus(string userId, CancellationToken cancellation = default);

    /// <summary>
    /// Renews the token now. A refusal by the provider is an answer with <c>success: false</c>. Failures:
    /// <c>integrations.not_connected</c>, <c>tokens.refresh_unsupported</c>, <c>tokens.provider_unavailable</c>.
    /// </summary>
    /// <param name="userId">Whose account.</param>
    /// <param name="accountId">Which of the user's accounts; null: the primary one.</param>
    /// <param name="cancellation">Ends the wait; a refresh that is under way goes on.</param>
    Task<Result<RefreshAnswer>> Refresh(string userId, string? accountId = null, CancellationToken cancellation = default);

    /// <summary>Ends the connection here and at the provider; harmless when there is none.</summary>
    /// <param name="userId">Whose account.</param>
    /// <param name="accountId">Which of the user's accounts; null: the primary one.</param>
    /// <param name="reason">A word for the audit log.</param>
    /// <param name="cancellation">Gives up before the disconnect is written; what is written is carried out.</param>
    Task<Result<DisconnectAnswer>> Disconnect(string userId, string? accountId = null, string? reason = null, CancellationToken cancellation = default);

    /// <summary>A user's connected accounts.</summary>
    /// <param name="userId">The user.</param>
    /// <param name="cancellation">Gives up.</param>
    Task<Result<AccountList>> ListAccounts(string userId, CancellationToken cancellation = default);

    /// <summary>How this node gets on with the provider: its circuit, failures and score. Asks nobody.</summary>
    /// <param name="cancellation">Gives up.</param>
    Task<Result<ProviderHealth>> GetHealth(CancellationToken cancellation = default);
}
