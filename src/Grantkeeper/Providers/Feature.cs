using Grantkeeper.OAuth;

namespace Grantkeeper.Providers;

/// <summary>Something of the product that works once a user has granted enough at one provider.</summary>
/// <param name="Key">The product's name for it, for example <c>calendar.read</c>.</param>
/// <param name="DisplayName">Its name for people.</param>
/// <param name="Description">A further sentence for people; null when there is none.</param>
/// <param name="Provider">The key of the provider.</param>
/// <param name="Scopes">Scopes that are all needed.</param>
/// <param name="AnyOf">Groups of which one scope each is needed; the first is the one that is asked for.</param>
internal sealed record Feature(string Key, string DisplayName, string? Description, string Provider, ScopeSet Scopes, IReadOnlyList<ScopeSet> AnyOf)
{
    /// <summary>What is asked for at the provider.</summary>
    public ScopeSet Asked => Scopes.Union(ScopeSet.Of(AnyOf.Select(group => group.ToArray()[0])));

    /// <summary>What is still to be asked for when this much is granted: the scopes that are missing, and the first of each group without one.</summary>
    public ScopeSet MissingOf(ScopeSet granted) => granted.MissingFrom(Scopes)
        .Union(ScopeSet.Of(AnyOf.Where(group => !group.ToArray().Any(granted.Contains)).Select(group => group.ToArray()[0])));

    /// <summary>True when some of it is granted and some is not.</summary>
    public bool IsPartlyGrantedBy(ScopeSet granted) => MissingOf(granted).Count > 0 && Scopes.ToArray().Concat(AnyOf.SelectMany(group => group.ToArray())).Any(granted.Contains);
}
