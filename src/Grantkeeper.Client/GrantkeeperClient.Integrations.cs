using System.Globalization;
using System.Runtime.CompilerServices;
using Grantkeeper.Client.Contracts;

namespace Grantkeeper.Client;

/// <content>Providers, statuses, accounts and integrations.</content>
public sealed partial class GrantkeeperClient
{
    /// <summary>What a user's account at a provider opens: calendars, sites, blogs, channels, pages. Permission <c>oauth:read</c>.</summary>
    /// <param name="provider">The provider's key.</param>
    /// <param name="userId">Whose account it is.</param>
    /// <param name="accountId">One of several accounts; null: the primary one.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<ResourceList>> ListResources(string provider, string userId, string? accountId = null, CancellationToken cancellation = default) =>
        Get<ResourceList>(At($"oauth/{Segment(provider)}/resources", ("user_id", userId), ("account_id", accountId)), cancellation);

    /// <summary>All providers; with a user also whether that user is connected. Permission <c>oauth:read</c>.</summary>
    /// <param name="userId">The user; null for none.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<ProviderList>> GetProviders(string? userId = null, CancellationToken cancellation = default) =>
        Get<ProviderList>(At("api/v1/oauth/providers", ("user_id", userId)), cancellation);

    /// <summary>Whether a user is connected at a provider, by the primary account. Permission <c>oauth:read</c>.</summary>
    /// <param name="provider">The provider's key.</param>
    /// <param name="userId">The user.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<ConnectionStatus>> GetStatus(string provider, string userId, CancellationToken cancellation = default) =>
        Get<ConnectionStatus>(At($"oauth/{Segment(provider)}/status", ("user_id", userId)), cancellation);

    /// <summary>A user's connected accounts at a provider. Permission <c>oauth:read</c>.</summary>
    /// <param name="provider">The provider's key.</param>
    /// <param name="userId">The user.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<AccountList>> GetAccounts(string provider, string userId, CancellationToken cancellation = default) =>
        Get<AccountList>(At($"oauth/{Segment(provider)}/accounts", ("user_id", userId)), cancellation);

    /// <summary>How an integration stands, why, and a page of what happened to it, newest first. Permission <c>oauth:read</c>.</summary>
    /// <param name="id">The integration.</param>
    /// <param name="userId">Whose integration it is; null: whoever's.</param>
    /// <param name="cursor">The <see cref="TimelineAnswer.NextCursor"/> of the page before; null for the first page.</param>
    /// <param name="pageSize">Entries a page, 1 to 200; null: 50.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<TimelineAnswer>> GetTimeline(Guid id, string? userId = null, string? cursor = null, int? pageSize = null, CancellationToken cancellation = default) =>
        Get<TimelineAnswer>(At(
            $"api/v1/oauth/integrations/{id}/timeline", ("user_id", userId), ("cursor", cursor), ("limit", pageSize?.ToString(CultureInfo.InvariantCulture))), cancellation);

    /// <summary>One page of integrations. Permission <c>oauth:read</c>; without a user also <c>oauth:admin</c>.</summary>
    /// <param name="filter">Which ones; null for all.</param>
    /// <param name="cursor">The <see cref="IntegrationList.NextCursor"/> of the page before; null for the first page.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<IntegrationList>> ListIntegrations(IntegrationFilter? filter = null, string? cursor = null, CancellationToken cancellation = default) =>
        Get<IntegrationList>(At(
            "api/v1/oauth/integrations", ("user_id", filter?.UserId), ("provider", filter?.Provider), ("active_only", filter?.ActiveOnly == true ? "true" : null),
            ("limit", filter?.PageSize?.ToString(CultureInfo.InvariantCulture)), ("cursor", cursor)), cancellation);

    /// <summary>All integrations, page after page while they are read. A problem is the last element. Permissions as <see cref="ListIntegrations"/>.</summary>
    /// <param name="filter">Which ones; null for all.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public async IAsyncEnumerable<Answer<IntegrationEntry>> AllIntegrations(IntegrationFilter? filter = null, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        string? cursor = null;
        do
        {
            if (!(await ListIntegrations(filter, cursor, cancellation)).TryGet(out var page, out var problem))
            {
                yield return problem;
                yield break;
            }

            foreach (var entry in page.Integrations)
                yield return entry;
            cursor = page.NextCursor;
        }
        while (cursor is not null);
    }

    /// <summary>One integration. Permission <c>oauth:read</c>.</summary>
    /// <param name="integrationId">The integration.</param>
    /// <param name="userId">When given, an integration of somebody else answers as an unknown one.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<IntegrationEntry>> GetIntegration(Guid integrationId, string? userId = null, CancellationToken cancellation = default) =>
        Get<IntegrationEntry>(At($"api/v1/oauth/integrations/{integrationId}", ("user_id", userId)), cancellation);

    /// <summary>Ends an integration here and at the provider. Permission <c>oauth:revoke</c>.</summary>
    /// <param name="integrationId">The integration.</param>
    /// <param name="userId">When given, an integration of somebody else answers as an unknown one.</param>
    /// <param name="reason">A word for the audit log.</param>
    /// <param name="cancellation">Gives up waiting; the disconnect is carried out.</param>
    public Task<Answer<DisconnectAnswer>> DeleteIntegration(Guid integrationId, string? userId = null, string? reason = null, CancellationToken cancellation = default) =>
        Delete<DisconnectAnswer>(At($"api/v1/oauth/integrations/{integrationId}", ("user_id", userId), ("reason", reason)), cancellation);
}
