using Grantkeeper.Audit;
using Grantkeeper.Errors;
using Grantkeeper.Integrations;
using Grantkeeper.Providers;

namespace Grantkeeper.Administration;

/// <summary>
/// Adds, changes and removes providers while the deployment runs (R31). Over the API somebody may add a provider and change
/// what was added so, never one that a file or a release brings: those hold clients and grants, and whoever may lead them
/// elsewhere has their secrets. Where the addresses of an added one change, its client must be entered again, and it must have
/// no grants.
/// </summary>
internal sealed class ProviderChanges(ProviderCatalogue catalogue, StoredManifests manifests, IntegrationStore integrations)
{
    /// <summary>What the operator looks through before a draft is offered.</summary>
    public static readonly IReadOnlyList<string> Confirmations = ["endpoints", "pkce", "refresh"];

    /// <summary>The longest manifest over the API, in characters; as JSON it has to go into one request's body.</summary>
    public const int Longest = 32768;

    /// <summary>Every provider that is known, drafts included.</summary>
    public IReadOnlyList<Provider> All() => [.. catalogue.All];

    /// <summary>Failure: <c>providers.unknown</c>.</summary>
    public Result<Provider> Find(string key) => catalogue.Find(key) is { } provider ? provider : new Failure(ErrorCatalogue.Providers.Unknown);

    /// <summary>
    /// Adds or changes a provider by its manifest; in use on this node at once and on every other within seconds. Failures:
    /// <c>requests.invalid</c> with every fault, <c>providers.not_yours</c>, <c>providers.in_use</c>.
    /// </summary>
    public async Task<Result<Provider>> Put(string key, string? manifest, AuditSource source, CancellationToken cancellation)
    {
        if (string.IsNullOrWhiteSpace(manifest) || manifest.Length > Longest)
            return Invalid([$"manifest is required: a YAML or JSON text of at most {Longest} characters"]);
        var folded = ProviderCatalogue.Fold(key);
        var known = catalogue.Find(folded);
        if (known is { Source: not ManifestOrigin.Stored })
            return new Failure(ErrorCatalogue.Providers.NotYours);
        var faults = new List<string>();
        if (catalogue.Judge(folded, manifest, faults) is not { } judged)
            return Invalid(faults);
        var leadsElsewhere = known?.Manifest.Origins != judged.Manifest.Origins;
        if (leadsElsewhere && await integrations.AnyAt(folded, cancellation))
            return new Failure(ErrorCatalogue.Providers.InUse);
        await manifests.Put(folded, manifest, source, cancellation);
        return Find(folded);
    }

    /// <summary>
    /// Offers a shipped draft. Failures: <c>providers.unknown</c>, <c>requests.invalid</c> when something was not confirmed or the
    /// provider needs no adding.
    /// </summary>
    public async Task<Result<Provider>> Add(string key, IReadOnlyList<string>? confirmed, AuditSource source, CancellationToken cancellation)
    {
        if (catalogue.Find(key) is not { } provider)
            return new Failure(ErrorCatalogue.Providers.Unknown);
        if (provider is not { Source: ManifestOrigin.Shipped, Manifest.Verification: Verification.Draft })
            return Invalid([$"{provider.DisplayName} is no draft; it is offered already"]);
        var open = Confirmations.Except(confirmed ?? []).ToList();
        if (open.Count > 0)
            return Invalid([.. open.Select(word => $"confirmed must name {word}: compare what this provider's entry says of it with the provider's own documentation first")]);
        await manifests.Put(provider.Key, null, source, cancellation);
        return Find(provider.Key);
    }

    /// <summary>
    /// Removes an added provider with its client, or withdraws the offer of a draft. Failures: <c>providers.unknown</c>,
    /// <c>providers.not_stored</c>, <c>providers.in_use</c>.
    /// </summary>
    public async Task<Result<Provider>> Remove(string key, AuditSource source, CancellationToken cancellation)
    {
        var folded = ProviderCatalogue.Fold(key);
        if (catalogue.Find(folded) is not { } provider)
            return new Failure(ErrorCatalogue.Providers.Unknown);
        if (catalogue.StoredOf(folded) is not { } stored)
            return new Failure(ErrorCatalogue.Providers.NotStored);
        if (stored.Manifest is not null && await integrations.AnyAt(folded, cancellation))
            return new Failure(ErrorCatalogue.Providers.InUse);
        return await manifests.Remove(folded, source, cancellation) ? provider : new Failure(ErrorCatalogue.Providers.NotStored);
    }

    private static Failure Invalid(IReadOnlyList<string> faults) => new(ErrorCatalogue.Requests.Invalid) { Items = faults };
}
