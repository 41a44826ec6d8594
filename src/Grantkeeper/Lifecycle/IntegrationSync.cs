using System.Collections.Concurrent;
using Grantkeeper.Audit;
using Grantkeeper.Egress;
using Grantkeeper.Errors;
using Grantkeeper.Integrations;
using Grantkeeper.Links;
using Grantkeeper.Monitoring;
using Grantkeeper.OAuth;
using Grantkeeper.Providers;
using Grantkeeper.Storage;
using Grantkeeper.Tokens;

namespace Grantkeeper.Lifecycle;

/// <summary>One integration after its sync: as it stands now, or why it could not be synced.</summary>
internal sealed record SyncOutcome(Integration Integration, Failure? Failure);

/// <summary>
/// Looks at the provider whether an integration is still good, and whose account it is (R165, R176): 1. a fresh token, renewed
/// if need be 2. the account, where the provider has an endpoint that names it 3. name, address and picture as they are now;
/// never another account 4. one audit row. A token that the provider calls void ends its grant, where the manifest says how that
/// is told.
/// </summary>
internal sealed class IntegrationSync(
    IntegrationStore integrations, ITokenVault vault, TokenAccess tokens, ProviderApi api, ProviderCatalogue catalogue, EndpointDiscovery discovery, Database database, AuditLog audit,
    INodeSignals signals, LiveChecks checks, ConnectLinks links)
{
    /// <summary>How many one call syncs.</summary>
    public const int Most = 200;

    private const int AtOnce = 8;
    private static readonly EgressLimits Limits = new() { MaxBodyBytes = 256 * 1024 };

    /// <summary>Failure: <c>integrations.not_found</c>; what the provider said is in the outcome.</summary>
    public async Task<Result<SyncOutcome>> One(Guid id, string? userId, AuditSource source, CancellationToken cancellation) =>
        await vault.Find(id, userId, cancellation) is { Integration.Status: not IntegrationStatus.Revoked } row
            ? await Sync(row, source, cancellation)
            : new Failure(ErrorCatalogue.Integrations.NotFound);

    /// <summary>Every live integration of a user, or of everybody for <paramref name="userId"/> null; one that fails stops no other.</summary>
    public async Task<(IReadOnlyList<SyncOutcome> Outcomes, bool HasMore)> All(string? userId, string? provider, AuditSource source, CancellationToken cancellation)
    {
        var live = (await integrations.List(new IntegrationFilter(userId, provider, false, null, Most + 1) { IsLive = true }, cancellation)).ToList();
        var outcomes = new ConcurrentDictionary<int, SyncOutcome>();
        await Parallel.ForEachAsync(live.Take(Most).Index(), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation }, async (entry, stop) =>
            outcomes[entry.Index] = (await One(entry.Item.Id, entry.Item.UserId, source, stop)).TryGet(out var outcome, out var failure) ? outcome : new SyncOutcome(entry.Item, failure));
        return ([.. outcomes.OrderBy(outcome => outcome.Key).Select(outcome => outcome.Value)], live.Count > Most);
    }

    private async Task<SyncOutcome> Sync(GrantRow row, AuditSource source, CancellationToken cancellation)
    {
        var integration = row.Integration;
        if (!(await Look(row, source, cancellation)).TryGet(out var account, out var failure))
        {
            if (failure.Code == ErrorCatalogue.Integrations.AccountMismatch)
                await Freeze(integration, source);
            await audit.Write(database.ForUser(integration.UserId), Event(integration, source) with { Success = false, Code = failure.Code.Code }, CancellationToken.None);
            return new SyncOutcome(await integrations.Find(integration.Id, integration.UserId, cancellation) ?? integration, failure);
        }

        await database.ForUser(integration.UserId).Transaction(async db =>
        {
            // Only what this look has told, and only if nobody has connected anew meanwhile.
            await db.Execute(
                """
                UPDATE oauth_integrations SET account_email = coalesce($4, account_email), account_name = coalesce($5, account_name), account_avatar = coalesce($6, account_avatar),
                    status = CASE WHEN status = 'pending' THEN 'active' ELSE status END, last_sync_at = now(), updated_at = now()
                WHERE user_id = $1 AND id = $2 AND epoch = $3
                """,
                cancellation, integration.UserId, integration.Id, integration.Epoch, account.Email, account.Name, account.AvatarUrl);
            await audit.Write(db, Event(integration, source), cancellation);
            return true;
        }, cancellation);
        return new SyncOutcome(await integrations.Find(integration.Id, integration.UserId, cancellation) ?? integration, null);
    }

    /// <summary>Steps 1 and 2; an account without members where nothing names it.</summary>
    private async Task<Result<Account>> Look(GrantRow row, AuditSource source, CancellationToken cancellation)
    {
        if (catalogue.Find(row.Integration.Provider) is not { } provider)
            return new Failure(ErrorCatalogue.Providers.Unknown);
        if (!(await discovery.Of(provider)).TryGet(out var endpoints, out var failure))
            return failure;
        var members = provider.Manifest.Account;
        if (endpoints.Userinfo is not { } address || members.Source is AccountSource.TokenResponse or AccountSource.None)
        {
            return (await tokens.Get(row.Integration.Id, row.Integration.UserId, TokenAccess.DefaultMinTtl, ScopeSet.Empty, source, cancellation)).TryGet(out _, out failure)
                ? new Account(null, null, null, null) : failure;
        }

        if (!(await api.Call(row, provider, endpoints, () => new HttpRequestMessage(HttpMethod.Get, address), Limits, source, cancellation)).TryGet(out var call, out failure))
            return failure;
        if (await checks.Judge(row, provider, call, source, cancellation))
            return new Failure(ErrorCatalogue.Tokens.ReauthorizationRequired) { ReconnectUrl = links.Reconnect(row.Integration.Id), Reason = Reasons.ProviderRevoked };
        if (!call.Response.IsSuccess)
            return new Failure(ErrorCatalogue.Providers.ApiUnreadable, $"The account endpoint answered {(int)call.Response.Status}.");
        using var document = OAuth.TokenEndpoint.Parse(call.Response.MediaType, call.Response.Body);
        if (document is null)
            return new Failure(ErrorCatalogue.Providers.ApiUnreadable, "The account endpoint's answer is no JSON object.");
        if (Account.Read(document.RootElement, members) is not { } account)
        {
            // Where the id is one of the id_token's own claims, the endpoint may not repeat it: the grant is good, and nothing new is known.
            return members.Source == AccountSource.IdToken
                ? new Account(null, null, null, null)
                : new Failure(ErrorCatalogue.Providers.ApiUnreadable, "The account endpoint's answer names no account.");
        }

        return row.Integration.AccountId is { } known && known != account.Id ? new Failure(ErrorCatalogue.Integrations.AccountMismatch) : account;
    }

    /// <summary>The grant opens somebody else's account now: nothing is served of it until its user has connected again.</summary>
    private async Task Freeze(Integration integration, AuditSource source)
    {
        await database.ForUser(integration.UserId).Transaction(async db =>
        {
            await db.Execute("UPDATE oauth_tokens SET is_active = false, updated_at = now() WHERE user_id = $1 AND integration_id = $2 AND epoch = $3", CancellationToken.None, integration.UserId, integration.Id, integration.Epoch);
            await db.Execute(
                """
                UPDATE oauth_integrations SET status = CASE WHEN status = 'inactive' THEN status ELSE 'error' END, reason = CASE WHEN status = 'inactive' THEN reason ELSE $4 END,
                    reason_detail = $5, updated_at = now()
                WHERE user_id = $1 AND id = $2 AND epoch = $3 AND status <> 'revoked'
                """,
                CancellationToken.None, integration.UserId, integration.Id, integration.Epoch, Reasons.ReauthorizationRequired, Reasons.AccountChanged);
            await audit.Write(db, new AuditEvent(AuditAction.AccountMismatch, integration.UserId, source) { IntegrationId = integration.Id, Provider = integration.Provider, Success = false, Code = ErrorCatalogue.Integrations.AccountMismatch.Code }, CancellationToken.None);
            return true;
        }, CancellationToken.None);
        await signals.ChangedEverywhere(integration.Id);
    }

    private static AuditEvent Event(Integration integration, AuditSource source) =>
        new(AuditAction.Sync, integration.UserId, source) { IntegrationId = integration.Id, Provider = integration.Provider };
}
