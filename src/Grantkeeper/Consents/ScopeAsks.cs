using Grantkeeper.Errors;
using Grantkeeper.Integrations;
using Grantkeeper.OAuth;
using Grantkeeper.Providers;
using Grantkeeper.Settings;

namespace Grantkeeper.Consents;

/// <summary>What a start wants of the user.</summary>
/// <param name="Scopes">The named scopes; empty when none was named.</param>
/// <param name="Features">The named features.</param>
/// <param name="Roles">The user's roles; null for callers whom no role limits.</param>
/// <param name="Again">The integration that is connected again; null for a new one.</param>
internal sealed record ScopeAsk(ScopeSet Scopes, IReadOnlyList<string> Features, IReadOnlyList<string>? Roles, Integration? Again);

/// <summary>
/// Which scopes a request asks for: 1. what was named, by scopes and features 2. may it be named at all 3. what comes on top.
/// </summary>
internal sealed class ScopeAsks(FeatureCatalogue features, ConsentReader consents, GrantkeeperOptions options)
{
    /// <summary>
    /// The scopes, required ones included. Features are asked for on top of what is there: the default scopes, and at an
    /// integration that is connected again also what it has, so that nothing that was granted is lost (R175). A reconnect
    /// that names nothing asks for what was asked for before.
    /// Failures: <c>consents.feature_unknown</c>, <c>requests.invalid</c>, <c>consents.scope_unknown</c>, <c>consents.scope_not_allowed</c>.
    /// </summary>
    public async Task<Result<ScopeSet>> Of(Provider provider, ScopeAsk ask, CancellationToken cancellation)
    {
        // 1. what was named
        var (manifest, has) = (provider.Manifest, Known(provider.Manifest, ask.Again?.UsableScopes));
        var named = ask.Scopes;
        foreach (var key in ask.Features)
        {
            if (features.Find(key) is not { } feature)
                return new Failure(ErrorCatalogue.Consents.FeatureUnknown, $"No feature has the key {TokenEndpoint.Clean(key)}.");
            if (feature.Provider != manifest.Key)
                return new Failure(ErrorCatalogue.Requests.Invalid) { Items = [$"feature {feature.Key} needs {feature.Provider}, not {manifest.Key}"] };
            // Of a group what is granted already is good enough.
            named = named.Union(ask.Again is null ? feature.Asked : feature.MissingOf(has).Union(feature.Scopes));
        }

        // 2. may it be named?
        if (ScopePolicy.Unknown(manifest, named) is { Count: > 0 } unknown)
            return new Failure(ErrorCatalogue.Consents.ScopeUnknown) { Items = unknown.ToArray() };
        if (ask.Roles is not null && ScopePolicy.Refused(manifest, named, ask.Roles, options.ScopePolicy) is { Count: > 0 } refused)
            return new Failure(ErrorCatalogue.Consents.ScopeNotAllowed) { Items = refused.ToArray() };

        // 3. what comes on top
        if (ask.Features.Count > 0)
            named = named.Union(ask.Scopes.Count == 0 ? manifest.DefaultScopes : ScopeSet.Empty).Union(has);
        else if (named.Count == 0 && ask.Again is { } again)
            named = manifest.DefaultScopes.Union(Known(manifest, await consents.AskedOf(again.UserId, again.Id, cancellation))).Union(has);
        return provider.ScopesFor(named);
    }

    /// <summary>Without scopes that the provider would not know: it may have echoed some that nobody can ask for.</summary>
    private static ScopeSet Known(ProviderManifest manifest, ScopeSet? scopes) =>
        scopes is null ? ScopeSet.Empty : ScopePolicy.Unknown(manifest, scopes).MissingFrom(scopes);
}
