using System.Collections.Frozen;
using Grantkeeper.Settings;
using Microsoft.Extensions.Configuration;

namespace Grantkeeper.Providers;

/// <summary>
/// The product's features by key: an immutable snapshot of the operator's file and the configuration. A file that turned bad
/// leaves what was in force as it was.
/// </summary>
internal sealed class FeatureCatalogue
{
    private readonly FeatureReader _reader;
    private readonly string? _path;
    private readonly Lock _looking = new();
    private ManifestText? _file;
    private ManifestText? _lookedAt;
    private volatile FrozenDictionary<string, Feature> _byKey;
    private volatile IReadOnlyList<string> _faults = [];

    private FeatureCatalogue(FeatureReader reader, string? path, ManifestText? file, IEnumerable<Feature> features)
    {
        (_reader, _path, _file, _lookedAt) = (reader, path, file, file);
        _byKey = Index(features);
    }

    /// <summary>Every feature, by key.</summary>
    public IEnumerable<Feature> All => _byKey.Values.OrderBy(feature => feature.Key, StringComparer.Ordinal);

    /// <summary>Why what stands in the file is not in force; empty when it is.</summary>
    public IReadOnlyList<string> Faults => _faults;

    public Feature? Find(string key) => _byKey.GetValueOrDefault(key);

    /// <summary>The features of a provider, by key.</summary>
    public IEnumerable<Feature> Of(string provider) => All.Where(feature => feature.Provider == provider);

    /// <summary>Those of some features that a provider unlocks.</summary>
    public IReadOnlyList<string> Among(IEnumerable<string> keys, string provider) =>
        [.. keys.Where(key => Find(key)?.Provider == ProviderCatalogue.Fold(provider))];

    /// <summary>Reads the file and the configuration at the start; null with every fault.</summary>
    public static FeatureCatalogue? Read(IConfiguration configuration, GrantkeeperOptions options, List<string> faults)
    {
        var before = faults.Count;
        var file = FileOf(options.FeaturesPath, faults);
        var reader = new FeatureReader(configuration);
        return reader.Read(file, faults) is { } features && faults.Count == before ? new FeatureCatalogue(reader, options.FeaturesPath, file, features) : null;
    }

    /// <summary>Looks at the file again; as with manifests, what changed is taken once two looks in a row found the same.</summary>
    /// <returns>True when something was taken or refused by this look.</returns>
    public bool LookAtFile()
    {
        if (_path is null)
            return false;
        lock (_looking)
        {
            var faults = new List<string>();
            var file = FileOf(_path, faults);
            var isSettled = file == _lookedAt;
            _lookedAt = file;
            if (!isSettled || (faults.Count == 0 && _faults.Count == 0 && file == _file))
                return false;
            if ((faults.Count > 0 ? null : _reader.Read(file, faults)) is not { } features)
            {
                var isNews = !faults.SequenceEqual(_faults);
                _faults = faults;
                return isNews;
            }

            (_file, _byKey, _faults) = (file, Index(features), []);
            return true;
        }
    }

    private static ManifestText? FileOf(string? path, List<string> faults)
    {
        if (path is null)
            return null;
        var before = faults.Count;
        var file = ManifestSources.Folder(path, faults).FirstOrDefault(text => text.Name == Path.GetFileName(path));
        if (file is null && faults.Count == before)
            faults.Add($"{Path.GetFileName(path)}: the file of features is not there");
        return file;
    }

    private static FrozenDictionary<string, Feature> Index(IEnumerable<Feature> features) => features.ToFrozenDictionary(feature => feature.Key, StringComparer.Ordinal);
}
