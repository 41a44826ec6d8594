using Grantkeeper.OAuth;
using Grantkeeper.Providers;
using Grantkeeper.Settings;

namespace Grantkeeper.Consents;

/// <summary>Pure rules of what may be asked for: by the provider's catalogue (R181) and by the user's roles (R182).</summary>
internal static class ScopePolicy
{
    /// <summary>The scopes that the provider's catalogue does not hold; none where it holds nothing or says itself that it is not complete.</summary>
    public static ScopeSet Unknown(ProviderManifest manifest, ScopeSet asked) =>
        manifest.Scopes.Count == 0 || manifest.ScopeListing == ScopeListing.Partial ? ScopeSet.Empty : Listed(manifest).MissingFrom(asked);

    /// <summary>
    /// The scopes that none of the roles may ask for. A scope that several rules name is open to the roles of all of them, one
    /// that no rule names to everybody.
    /// </summary>
    public static ScopeSet Refused(ProviderManifest manifest, ScopeSet asked, IReadOnlyList<string> roles, IReadOnlyList<ScopePolicyRule> rules) => ScopeSet.Of(asked.ToArray().Where(scope =>
    {
        var naming = rules.Where(rule => (rule.Provider is null || rule.Provider == manifest.Key) && (rule.Scopes.Count == 0 ? IsSensitive(manifest, scope) : rule.Scopes.Contains(scope, StringComparer.Ordinal))).ToList();
        return naming.Count > 0 && !naming.Any(rule => rule.Roles.Intersect(roles, StringComparer.Ordinal).Any());
    }));

    /// <summary>
    /// What was granted although nobody had asked for it, now or in an earlier consent to the same account (R183). A request
    /// that names no scope leaves the choice to the provider (RFC 6749 section 3.3); and where no catalogue tells the names, an
    /// answer that shares none with the request speaks of the same scopes by other names.
    /// </summary>
    public static ScopeSet Unasked(ProviderManifest manifest, ScopeSet asked, ScopeSet earlier, ScopeSet granted)
    {
        if (asked.Count == 0)
            return ScopeSet.Empty;
        var unasked = asked.Union(earlier).MissingFrom(granted);
        return manifest.Scopes.Count == 0 && unasked.Count == granted.Count ? ScopeSet.Empty : unasked;
    }

    /// <summary>What a catalogue does not describe may open anything.</summary>
    private static bool IsSensitive(ProviderManifest manifest, string scope) =>
        manifest.Scopes.FirstOrDefault(listed => listed.Name == scope)?.Sensitive ?? !Listed(manifest).Contains(scope);

    private static ScopeSet Listed(ProviderManifest manifest) =>
        ScopeSet.Of(manifest.Scopes.Select(scope => scope.Name)).Union(manifest.DefaultScopes).Union(manifest.RequiredScopes);
}
