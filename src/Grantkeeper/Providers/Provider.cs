using Grantkeeper.Egress;
using Grantkeeper.Encryption;
using Grantkeeper.Jwt;
using Grantkeeper.OAuth;

namespace Grantkeeper.Providers;

/// <summary>The operator's client at a provider. <paramref name="RedirectUri"/> is what was configured, not yet judged.</summary>
internal sealed record ClientRegistration(string ClientId, Secret ClientSecret, string? RedirectUri)
{
    /// <summary>The origins that the provider's manifest named when a stored one was entered.</summary>
    public string? EnteredFor { get; init; }
}

/// <summary>Where a client registration comes from.</summary>
internal enum ClientOrigin
{
    /// <summary>Nowhere: there is none.</summary>
    None,

    /// <summary>Settings and environment variables. They win over what is stored.</summary>
    Environment,

    /// <summary>The platform database, sealed; written on the providers page or through the API.</summary>
    Stored,
}

/// <summary>A manifest together with this deployment's registration; immutable, replaced as a whole.</summary>
/// <param name="Manifest">What is particular to the provider.</param>
/// <param name="Client">The registration that requests use.</param>
/// <param name="Origin">Where it comes from.</param>
/// <param name="MissingClient">The variables that would complete the registration.</param>
/// <param name="MissingSettings">The further settings without which no request can be made.</param>
internal sealed record Provider(
    ProviderManifest Manifest, ClientRegistration Client, ClientOrigin Origin, IReadOnlyList<string> MissingClient, IReadOnlyList<string> MissingSettings)
{
    /// <summary>Where its manifest was written.</summary>
    public ManifestOrigin Source { get; init; }

    /// <summary>True for a shipped draft that the operator has looked through and offers.</summary>
    public bool IsAdded { get; init; }

    /// <summary>The public keys with which the provider's own messages are verified; null when none was configured.</summary>
    public JsonWebKeySet? EventKeys { get; init; }

    /// <summary>What the application's class for this provider says beyond the manifest.</summary>
    public ProviderHooks Hooks { get; init; } = ProviderHooks.None;

    /// <summary>The settings that are missing, by the names of their variables.</summary>
    public IReadOnlyList<string> Missing => [.. MissingClient, .. MissingSettings];

    /// <summary>True when the provider knows no client secrets.</summary>
    public bool IsPublicClient => Manifest.ClientAuthentication == ClientAuthenticationMethod.None;

    /// <summary>True when the secret is to be a private key: the manifest says so, or leaves it to a discovery document and the secret looks like one.</summary>
    public bool TakesKey(Secret secret) => Manifest.ClientAuthentication == ClientAuthenticationMethod.PrivateKeyJwt
        || (Manifest.ClientAuthentication is null && Manifest.Discovery && ClientKey.Looks(secret));

    /// <summary>
    /// The same provider with a stored registration; one from the environment stays, and so does one that lacks its secret. A
    /// manifest that came over the API gets only what was entered for the addresses that it names now.
    /// </summary>
    public Provider With(ClientRegistration stored) => Origin == ClientOrigin.Environment || (stored.ClientSecret.IsEmpty && !IsPublicClient)
        || (Source == ManifestOrigin.Stored && stored.EnteredFor != Manifest.Origins)
        ? this
        : this with { Client = stored, Origin = ClientOrigin.Stored, MissingClient = [] };

    /// <summary>True while a simulation on this machine stands in for the platform: no real account is touched.</summary>
    public bool IsPlayed => Manifest.Verification == Verification.Simulated
        && (Manifest.TokenEndpoint ?? (Uri.TryCreate(Manifest.Issuer, UriKind.Absolute, out var issuer) ? issuer : null)) is { IsLoopback: true };

    public string Key => Manifest.Key;

    public string DisplayName => Manifest.DisplayName;

    /// <summary>The name by which the operator sets something of it in the environment, for example <c>CLIENT_ID</c>.</summary>
    public string SettingOf(string name) => ProviderSettings.NameOf(Key, name, Source == ManifestOrigin.Stored);

    /// <summary>True when every setting that a request needs is there.</summary>
    public bool IsConfigured => MissingClient.Count == 0 && MissingSettings.Count == 0;

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
