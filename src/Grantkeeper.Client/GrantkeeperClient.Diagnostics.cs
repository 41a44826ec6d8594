using Grantkeeper.Client.Contracts;

namespace Grantkeeper.Client;

/// <content>What a node says about itself.</content>
public sealed partial class GrantkeeperClient
{
    /// <summary>Lets the node examine its deployment: databases, public origin, clocks, providers. Takes some seconds. Permission <c>oauth:admin</c>.</summary>
    /// <param name="provider">One provider alone; null: all of them.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<DiagnosticsAnswer>> Diagnose(string? provider = null, CancellationToken cancellation = default) =>
        Get<DiagnosticsAnswer>(At("api/v1/oauth/admin/diagnostics", ("provider", provider)), cancellation);

    /// <summary>Why a user's token would be served, renewed or refused right now; nothing is renewed by asking. Permission <c>oauth:admin</c>.</summary>
    /// <param name="provider">The provider's key.</param>
    /// <param name="userId">Whose account it is.</param>
    /// <param name="requirements">Account and minimal life that the read would ask for; null for the defaults.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<DiagnosticsAnswer>> ExplainToken(string provider, string userId, TokenRequirements? requirements = null, CancellationToken cancellation = default) =>
        Get<DiagnosticsAnswer>(At("api/v1/oauth/admin/diagnostics", ("provider", provider), ("user_id", userId), ("account_id", requirements?.AccountId), ("min_ttl", Seconds(requirements))), cancellation);
}
