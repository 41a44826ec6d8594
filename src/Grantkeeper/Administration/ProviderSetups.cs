using Grantkeeper.Audit;
using Grantkeeper.Encryption;
using Grantkeeper.Errors;
using Grantkeeper.Providers;
using Grantkeeper.RedirectUris;
using Grantkeeper.Settings;

namespace Grantkeeper.Administration;

/// <summary>How far a provider is set up, for the API and the page alike.</summary>
/// <param name="Provider">The provider with the registration in use.</param>
/// <param name="RedirectUri">What to register at the provider, or why there is none.</param>
/// <param name="Stored">What the database holds, in use or not; its secret is sealed.</param>
/// <param name="Warnings">Likely mistakes, a sentence each.</param>
internal sealed record ProviderSetup(Provider Provider, Result<string> RedirectUri, StoredClient? Stored, IReadOnlyList<string> Warnings)
{
    /// <summary>True when users can connect.</summary>
    public bool IsReady => Provider.IsConfigured && RedirectUri.IsSuccess;

    public bool IsEditable => Provider.Origin != ClientOrigin.Environment;
}

/// <summary>Reads and changes how providers are set up.</summary>
internal sealed class ProviderSetups(ProviderCatalogue catalogue, ClientRegistrations registrations, GrantkeeperOptions options)
{
    /// <summary>Every provider that is offered: what works first, then what lacks its client only.</summary>
    public IReadOnlyList<ProviderSetup> All() =>
        [.. catalogue.Offered.Select(Of).OrderByDescending(setup => setup.IsReady).ThenBy(setup => setup.Provider.MissingSettings.Count)];

    /// <summary>What a form may show again of the id that was pasted into it; a secret that landed there is not repeated.</summary>
    public string Repeatable(string clientId) => ClientAdvice.LooksSecret(clientId, catalogue.All) ? "" : clientId;

    /// <summary>Failure: <c>providers.unknown</c>.</summary>
    public Result<ProviderSetup> Find(string key) => catalogue.Find(key) is { } provider ? Of(provider) : new Failure(ErrorCatalogue.Providers.Unknown);

    /// <summary>
    /// Stores a client registration; it is in use on this node at once and on every other within seconds. Failures:
    /// <c>providers.unknown</c>, <c>providers.client_from_environment</c>, <c>requests.invalid</c> with every fault.
    /// </summary>
    public async Task<Result<ProviderSetup>> Put(string key, string? clientId, Secret clientSecret, AuditSource source, CancellationToken cancellation)
    {
        if (catalogue.Find(key) is not { } provider)
            return new Failure(ErrorCatalogue.Providers.Unknown);
        if (provider.Origin == ClientOrigin.Environment)
            return new Failure(ErrorCatalogue.Providers.ClientFromEnvironment);
        if (ClientAdvice.Faults(provider, clientId, clientSecret, catalogue.All) is { Count: > 0 } faults)
            return new Failure(ErrorCatalogue.Requests.Invalid) { Items = faults };
        var stored = await registrations.Put(provider, clientId!, clientSecret, source, cancellation);
        return stored.TryGet(out _, out var failure) ? Find(key) : failure;
    }

    /// <summary>Forgets a stored registration. Failures: <c>providers.unknown</c>, <c>providers.client_not_stored</c>.</summary>
    public async Task<Result<ProviderSetup>> Remove(string key, AuditSource source, CancellationToken cancellation)
    {
        if (catalogue.Find(key) is not { } provider)
            return new Failure(ErrorCatalogue.Providers.Unknown);
        return (await registrations.Remove(provider, source, cancellation)).TryGet(out _, out var failure) ? Find(key) : failure;
    }

    private ProviderSetup Of(Provider provider)
    {
        var redirectUri = RedirectUriPolicy.RedirectUriOf(provider.Key, provider.Client.RedirectUri, options);
        var stored = registrations.Of(provider.Key);
        var warnings = new List<string>();
        if (redirectUri.Failure is { } misdirected)
            warnings.Add($"{misdirected.Message} {misdirected.Code.Remedy.Replace("{KEY}", provider.Key.ToUpperInvariant(), StringComparison.Ordinal).Replace("{key}", provider.Key, StringComparison.Ordinal)}");
        if (provider.Origin == ClientOrigin.Environment && provider.MissingClient.Count > 0)
            warnings.Add($"The environment sets only a part of the registration; {string.Join(" and ", provider.MissingClient)} is missing.");
        if (provider.Origin == ClientOrigin.Environment && stored is not null)
            warnings.Add("A registration is stored too. The environment wins; the stored one is not used.");
        if (provider.Origin != ClientOrigin.Environment && stored is not null && provider.Origin != ClientOrigin.Stored)
            warnings.Add(provider.Source == ManifestOrigin.Stored && stored.EnteredFor != provider.Manifest.Origins
                ? "The provider's addresses have changed since its client was entered. Enter the registration again."
                : "The stored client secret cannot be used: it does not open, or there is none. Enter the registration again.");
        warnings.AddRange(ClientAdvice.Warnings(provider));
        return new ProviderSetup(provider, redirectUri, stored, warnings);
    }
}
