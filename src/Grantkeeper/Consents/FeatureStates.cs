using Grantkeeper.Client.Contracts;
using Grantkeeper.Errors;
using Grantkeeper.Identity;
using Grantkeeper.Integrations;
using Grantkeeper.Links;
using Grantkeeper.OAuth;
using Grantkeeper.Providers;
using Grantkeeper.Storage;

namespace Grantkeeper.Consents;

/// <summary>What a user's integrations unlock (R174, R184). One read, whatever the number of features.</summary>
internal sealed class FeatureStates(FeatureCatalogue features, IntegrationStore integrations, ConnectLinks links, SharedTime time) : IFeatures
{
    private const int MostAccounts = 1000;

    private const string Active = "active";
    private const string Partial = "partial";
    private const string Locked = "locked";

    public async Task<Result<FeatureList>> List(string userId, CancellationToken cancellation = default)
    {
        if (!UserIds.Parse(userId).TryGet(out var user, out var failure))
            return failure;
        var mine = await integrations.List(new IntegrationFilter(user, null, false, null, MostAccounts) { IsLive = true }, cancellation);
        var now = time.GetUtcNow();
        return new FeatureList([.. features.All.Select(feature => EntryOf(feature, mine, now))]);
    }

    public async Task<Result<FeatureEntry>> Find(string key, string userId, CancellationToken cancellation = default)
    {
        if (!UserIds.Parse(userId).TryGet(out var user, out var failure))
            return failure;
        if (features.Find(key) is not { } feature)
            return new Failure(ErrorCatalogue.Consents.FeatureUnknown);
        var mine = await integrations.List(new IntegrationFilter(user, feature.Provider, false, null, MostAccounts) { IsLive = true }, cancellation);
        return EntryOf(feature, mine, time.GetUtcNow());
    }

    public async Task<Result<FeatureEntry>> Require(string key, string userId, CancellationToken cancellation = default)
    {
        if (!(await Find(key, userId, cancellation)).TryGet(out var entry, out var failure))
            return failure;
        return entry.Active ? entry : new Failure(ErrorCatalogue.Consents.InsufficientScope)
        {
            Items = entry.Missing, UnlockUrl = entry.UnlockUrl, Reason = entry.Reason, ReconnectUrl = entry.IntegrationId is { } id ? links.Reconnect(id) : null,
        };
    }

    private FeatureEntry EntryOf(Feature feature, IEnumerable<Integration> mine, DateTimeOffset now)
    {
        // The account that lacks least decides; among equals the primary one, then the oldest.
        var there = mine.Where(integration => integration.Provider == feature.Provider).OrderByDescending(integration => integration.IsPrimary).ThenBy(integration => integration.Id).ToList();
        var good = there.Where(integration => integration.IsConnectedAt(now)).MinBy(integration => feature.MissingOf(integration.UsableScopes).Count);
        var missing = feature.MissingOf(good?.UsableScopes ?? ScopeSet.Empty);
        var chosen = good ?? there.FirstOrDefault();
        var state = good is null ? Locked : missing.Count == 0 ? Active : feature.IsPartlyGrantedBy(good.UsableScopes) ? Partial : Locked;
        return new FeatureEntry(
            feature.Key, feature.DisplayName, feature.Description, state == Active, state, ReasonOf(chosen, good, missing, now),
            new FeatureRequirement(feature.Provider, feature.Scopes.ToArray(), [.. feature.AnyOf.Select(group => (IReadOnlyList<string>)group.ToArray())]),
            missing.ToArray(), state == Active ? null : links.Unlock(feature.Key), chosen?.Id);
    }

    /// <summary>Why a feature is not active: a closed word; null when it is.</summary>
    private static string? ReasonOf(Integration? chosen, Integration? good, ScopeSet missing, DateTimeOffset now) => (chosen, good) switch
    {
        (null, _) => "not_connected",
        (_, not null) => missing.Count == 0 ? null : "scopes_missing",
        ({ IsActive: true }, _) when chosen.IsConsentOverAt(now) => Reasons.ConsentExpired,
        ({ Status: IntegrationStatus.Inactive }, _) => "inactive",
        _ => Reasons.ReauthorizationRequired,
    };
}
