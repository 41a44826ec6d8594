using Grantkeeper.Egress;
using Grantkeeper.Encryption;
using Grantkeeper.OAuth;

namespace Grantkeeper.Providers;

/// <summary>The operator's client at a provider. <paramref name="RedirectUri"/> is what was configured, not yet judged.</summary>
internal sealed record ClientRegistration(string ClientId, Secret ClientSecret, string? RedirectUri);

/// <summary>A manifest together with this deployment's registration; immutable, replaced as a whole.</summary>
internal sealed record Provider(ProviderManifest Manifest, ClientRegistration Client, IReadOnlyList<string> Missing)
{
    public string Key => Manifest.Key;

    public string DisplayName => Manifest.DisplayName;

    /// <summary>True when every setting that a request needs is there.</summary>
    public bool IsConfigured => Missing.Count == 0;

    /// <summary>What a request asks for: the asked scopes, or the default ones, and always the required ones.</summary>
    public ScopeSet ScopesFor(ScopeSet asked) =>
        Manifest.RequiredScopes.Union(asked.Count > 0 ? asked : Manifest.DefaultScopes);
}

/// <summary>Where a provider's endpoints are: from its manifest, or from its discovery document.</summary>
internal sealed record ProviderEndpoints
{
    public string? Issuer { get; init; }

    /// <summary>The issuer whose document named the endpoints; null when the operator wrote them all.</summary>
    public Uri? DiscoveredFrom { get; init; }

    public required Uri Authorization { get; init; }

    public required Uri Token { get; init; }

    public Uri? Revocation { get; init; }

    public Uri? Userinfo { get; init; }

    public Uri? Jwks { get; init; }

    public IssPolicy Iss { get; init; }

    public ClientAuthenticationMethod ClientAuthentication { get; init; }

    /// <summary>An address on the origin that the operator wrote is the operator's; another one came from data.</summary>
    public EgressTrust TrustOf(Uri address) =>
        DiscoveredFrom is null || address.GetLeftPart(UriPartial.Authority) == DiscoveredFrom.GetLeftPart(UriPartial.Authority)
            ? EgressTrust.Operator
            : EgressTrust.Data;
}
