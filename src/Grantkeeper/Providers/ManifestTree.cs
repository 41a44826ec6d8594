using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace Grantkeeper.Providers;

/// <summary>A manifest before it is judged: mappings, lists and texts. YAML, <c>extends</c> and configuration overrides meet in this form.</summary>
internal static class ManifestTree
{
    /// <summary>The stream and the document count as a level each; a manifest has five of its own at most.</summary>
    private const int DeepestDocument = 24;

    /// <summary>Parses YAML; null with a fault when it is none, has no single mapping at its root, or repeats a member.</summary>
    public static JsonObject? Parse(string yaml, string place, List<string> faults)
    {
        try
        {
            // Before anything is built of it: a sequence that holds itself would end the process, and so would endless depth.
            if (Refused(yaml) is { } refused)
            {
                faults.Add($"{place}: {refused}");
                return null;
            }

            var stream = new YamlStream();
            stream.Load(new StringReader(yaml));
            if (stream.Documents.Count == 1 && stream.Documents[0].RootNode is YamlMappingNode root)
                return (JsonObject)Convert(root, 0);
            faults.Add($"{place}: must be one YAML mapping");
        }
        catch (YamlException exception)
        {
            faults.Add($"{place}: line {exception.Start.Line}: {exception.InnerException?.Message ?? exception.Message}");
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException)
        {
            // The reader's own scanner gives up so on some texts, for example a simple key that ends nowhere.
            faults.Add($"{place}: cannot be read as YAML");
        }

        return null;
    }

    private static string? Refused(string yaml)
    {
        var parser = new Parser(new StringReader(yaml));
        var depth = 0;
        while (parser.MoveNext())
        {
            depth += parser.Current!.NestingIncrease;
            if (parser.Current is AnchorAlias or NodeEvent { Anchor.IsEmpty: false })
                return $"line {parser.Current.Start.Line}: anchors and aliases are not used in manifests; write the value out";
            if (depth > DeepestDocument)
                return $"line {parser.Current.Start.Line}: is nested too deeply";
        }

        return null;
    }

    /// <summary>Lays one tree over another: mappings member by member, everything else as a whole.</summary>
    public static JsonObject Merge(JsonObject below, JsonObject above)
    {
        var merged = (JsonObject)below.DeepClone();
        foreach (var (name, value) in above)
            merged[name] = value is JsonObject map && merged[name] is JsonObject existing ? Merge(existing, map) : value?.DeepClone();
        return merged;
    }

    /// <summary>A configuration section in tree form; numbered children are lists, as configuration writes them.</summary>
    public static JsonNode? FromConfiguration(IConfigurationSection section)
    {
        var children = section.GetChildren().ToList();
        if (children.Count == 0)
            return section.Value is null ? null : JsonValue.Create(section.Value);
        if (children.All(child => int.TryParse(child.Key, out _)))
            return new JsonArray([.. children.OrderBy(child => int.Parse(child.Key)).Select(FromConfiguration)]);
        return new JsonObject(children.Select(child => KeyValuePair.Create(child.Key, FromConfiguration(child))));
    }

    private static JsonNode Convert(YamlNode node, int depth)
    {
        if (depth > 8)
            throw new YamlException(node.Start, node.End, "nested too deeply");
        switch (node)
        {
            case YamlMappingNode mapping:
                var json = new JsonObject();
                foreach (var (key, value) in mapping.Children)
                {
                    if (key is not YamlScalarNode name)
                        throw new YamlException(key.Start, key.End, "the name of a member must be one text");
                    json.Add(name.Value ?? "", Convert(value, depth + 1));
                }

                return json;
            case YamlSequenceNode sequence:
                return new JsonArray([.. sequence.Children.Select(child => Convert(child, depth + 1))]);
            default:
                return JsonValue.Create(((YamlScalarNode)node).Value ?? "");
        }
    }
}
