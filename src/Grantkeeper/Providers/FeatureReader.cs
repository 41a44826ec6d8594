using System.Text.Json.Nodes;
using Grantkeeper.OAuth;
using Microsoft.Extensions.Configuration;

namespace Grantkeeper.Providers;

/// <summary>Makes features of the operator's file and of <c>Grantkeeper:Features</c>, which wins member by member. Keeps nothing.</summary>
internal sealed class FeatureReader(IConfiguration configuration)
{
    private const string Section = "Grantkeeper:Features";
    private const int LongestKey = 64;

    /// <summary>Every feature, or null with every fault. Providers are looked up later: they come and change without a restart.</summary>
    public List<Feature>? Read(ManifestText? file, List<string> faults)
    {
        var before = faults.Count;
        var tree = new JsonObject();
        if (file is not null && ManifestTree.Parse(file.Yaml, file.Name, faults) is { } parsed)
            tree = Members(parsed, file.Name, faults);
        if (ManifestTree.FromConfiguration(configuration.GetSection(Section)) is JsonObject written)
            tree = ManifestTree.Merge(tree, written);
        var place = file?.Name ?? Section;
        var features = new List<Feature>();
        foreach (var (key, value) in tree)
        {
            if (value is not JsonObject members)
                faults.Add($"{place}: {key} must be a mapping");
            else if (key.Length is 0 or > LongestKey || !key.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter is '.' or '_'))
                faults.Add($"{place}: {key} is no key of a feature; write 1 to {LongestKey} small letters, digits, dots and underscores");
            else if (Feature(key, new ManifestFields(members, $"{place}: {key}", faults), $"{place}: {key}", faults) is { } feature)
                features.Add(feature);
        }

        return faults.Count == before ? [.. features.OrderBy(feature => feature.Key, StringComparer.Ordinal)] : null;
    }

    private static JsonObject Members(JsonObject root, string place, List<string> faults)
    {
        foreach (var (name, _) in root.Where(member => member.Key != "features"))
            faults.Add($"{place}: {name} is no member of the file; everything stands under features");
        if (root["features"] is JsonObject features)
            return features;
        faults.Add($"{place}: features must be a mapping of keys and features");
        return [];
    }

    private static Feature? Feature(string key, ManifestFields fields, string place, List<string> faults)
    {
        var before = faults.Count;
        var (name, description) = (fields.Required("display_name"), fields.Text("description"));
        var requires = fields.Mapping("requires");
        fields.RefuseOthersBut();
        if (requires is null)
        {
            fields.Fault("requires", "is required: provider, scopes, any_of");
            return null;
        }

        var provider = ProviderCatalogue.Fold(requires.Required("provider"));
        var scopes = ScopeSet.Of(requires.List("scopes"));
        var groups = requires.Lists("any_of");
        requires.RefuseOthersBut();
        if (scopes.Count == 0 && groups.Count == 0)
            requires.Fault("scopes", "or any_of must name a scope");
        if (groups.Any(group => group.Count == 0))
            requires.Fault("any_of", "must hold no empty group");
        if (scopes.ToArray().Concat(groups.SelectMany(group => group)).Any(scope => scope.Length > 300 || scope.Any(letter => char.IsWhiteSpace(letter) || char.IsControl(letter))))
            faults.Add($"{place}: requires: a scope is a text of 1 to 300 characters without blanks");
        return faults.Count == before ? new Feature(key, name, description, provider, scopes, [.. groups.Select(ScopeSet.Of)]) : null;
    }
}
