using System.Collections.Frozen;
using Grantkeeper.Settings;
using Microsoft.Extensions.Configuration;

namespace Grantkeeper.Providers;

/// <summary>
/// All providers of this deployment by key. Keys are folded: case and hyphens do not matter (R36). What callers see is an
/// immutable snapshot, made of three layers that change on their own: manifests on this machine, manifests in the database,
/// client registrations in the database. A layer that turned bad leaves the snapshot as it was.
/// </summary>
internal sealed class ProviderCatalogue
{
    private readonly CatalogueReader _reader;
    private readonly string? _folder;
    private readonly Lock _changing = new();
    private IReadOnlyList<ManifestText> _files;
    private IReadOnlyList<ManifestText> _lookedAt;
    private IReadOnlyList<Provider> _ofFiles;
    private IReadOnlyList<StoredManifest> _stored = [];
    private IReadOnlyDictionary<string, ClientRegistration> _clients = FrozenDictionary<string, ClientRegistration>.Empty;
    private volatile InForce _inForce = new([]);
    private volatile IReadOnlyList<string> _folderFaults = [];
    private volatile IReadOnlyList<string> _storedFaults = [];

    /// <summary>One snapshot; its order is asked for by every worker in every second.</summary>
    private sealed class InForce(IReadOnlyList<Provider> providers)
    {
        public IReadOnlyList<Provider> InOrder { get; } = [.. providers.OrderBy(provider => provider.Key, StringComparer.Ordinal)];

        public FrozenDictionary<string, Provider> ByKey { get; } = providers.ToFrozenDictionary(provider => provider.Key, StringComparer.Ordinal);
    }

    private ProviderCatalogue(CatalogueReader reader, string? folder, IReadOnlyList<ManifestText> files, IReadOnlyList<Provider> providers)
    {
        (_reader, _folder, _files, _lookedAt, _ofFiles) = (reader, folder, files, files, providers);
        Assemble();
    }

    /// <summary>What is in force, as one object: another one after each change.</summary>
    public object Snapshot => _inForce;

    /// <summary>Every provider, drafts included.</summary>
    public IEnumerable<Provider> All => _inForce.InOrder;

    /// <summary>What is offered: drafts that are shipped only once the operator has added or configured them.</summary>
    public IEnumerable<Provider> Offered => All.Where(provider =>
        provider.Manifest.Verification != Verification.Draft || provider.Source != ManifestOrigin.Shipped || provider.IsAdded || provider.IsConfigured);

    /// <summary>Why what lies in the folder is not in force; empty when all is.</summary>
    public IReadOnlyList<string> FolderFaults => _folderFaults;

    /// <summary>Why what lies in the folder, or in the database, is not in force; empty when all is.</summary>
    public IReadOnlyList<string> Faults => [.. _folderFaults, .. _storedFaults];

    public Provider? Find(string key) => _inForce.ByKey.GetValueOrDefault(Fold(key));

    /// <summary>A key as it is stored: small letters, no hyphens; what cannot be a key stays none.</summary>
    public static string Fold(string key) => key.Length <= 64 ? key.ToLowerInvariant().Replace('-', '_') : "";

    /// <summary>Reads the shipped manifests, the application's classes, the operator's folder and the overrides; reports every fault of all of them.</summary>
    public static ProviderCatalogue? Read(IConfiguration configuration, GrantkeeperOptions options, IReadOnlyList<ProviderHooks> classes, List<string> faults)
    {
        var before = faults.Count;
        var files = ManifestSources.Folder(options.ProvidersPath, faults);
        var reader = new CatalogueReader(configuration, options, classes);
        var providers = reader.OfFiles(files, faults);
        return faults.Count == before ? new ProviderCatalogue(reader, options.ProvidersPath, files, providers!) : null;
    }

    /// <summary>
    /// Looks at the folder again. Files that changed are taken once two looks in a row found the same, so that one that is still
    /// being written is left alone; with a fault in any of them everything stays in force as it was.
    /// </summary>
    /// <returns>True when something was taken or refused by this look.</returns>
    public bool LookAtFolder()
    {
        lock (_changing)
        {
            var faults = new List<string>();
            var files = ManifestSources.Folder(_folder, faults);
            var isSettled = files.SequenceEqual(_lookedAt);
            _lookedAt = files;
            if (!isSettled || (faults.Count == 0 && _folderFaults.Count == 0 && files.SequenceEqual(_files)))
                return false;
            if ((faults.Count > 0 ? null : _reader.OfFiles(files, faults)) is not { } providers)
            {
                var isNews = !faults.SequenceEqual(_folderFaults);
                _folderFaults = faults;
                return isNews;
            }

            (_files, _ofFiles, _folderFaults) = (files, providers, []);
            Assemble();
            return true;
        }
    }

    /// <summary>Lays stored registrations, by provider key, over what the configuration says. Keys of unknown providers are passed over.</summary>
    public void Use(IReadOnlyDictionary<string, ClientRegistration> stored)
    {
        lock (_changing)
        {
            _clients = stored;
            Assemble();
        }
    }

    /// <summary>Adds the manifests of the database, and the drafts that are offered.</summary>
    public void Use(IReadOnlyList<StoredManifest> stored)
    {
        lock (_changing)
        {
            _stored = stored;
            Assemble();
        }
    }

    /// <summary>What a stored manifest would give; null with every fault. Changes nothing.</summary>
    public Provider? Judge(string key, string manifest, List<string> faults)
    {
        lock (_changing)
        {
            var candidate = new StoredManifest(Guid.Empty, key, manifest, default, "");
            var found = new List<string>();
            var judged = _reader.OfStored([.. _stored.Where(entry => entry.Provider != key), candidate], _files, found);
            // Faults of the others are not this one's.
            found.RemoveAll(fault => !fault.StartsWith(CatalogueReader.PlaceOf(key), StringComparison.Ordinal));
            faults.AddRange(found);
            return found.Count == 0 ? judged.FirstOrDefault(provider => provider.Key == key) : null;
        }
    }

    /// <summary>The stored entry of a provider; null when there is none.</summary>
    public StoredManifest? StoredOf(string key) => _stored.FirstOrDefault(entry => entry.Provider == key);

    private void Assemble()
    {
        var faults = new List<string>();
        var added = _stored.Where(entry => entry.Manifest is null).Select(entry => entry.Provider).ToHashSet(StringComparer.Ordinal);
        _inForce = new InForce([.. _ofFiles.Concat(_stored.Count > added.Count ? _reader.OfStored(_stored, _files, faults) : [])
            .Select(provider => provider with { IsAdded = added.Contains(provider.Key) })
            .Select(provider => _clients.TryGetValue(provider.Key, out var client) ? provider.With(client with { RedirectUri = provider.Client.RedirectUri }) : provider)]);
        _storedFaults = faults;
    }
}
