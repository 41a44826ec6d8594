using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Grantkeeper.Lifecycle;

/// <summary>
/// The host application's own words about an integration: a JSON object, changed by a JSON merge patch (RFC 7396). Pure. It is
/// no place for what a provider answered: members with the names of tokens are refused, at every depth.
/// </summary>
internal static class MetadataPatch
{
    /// <summary>The longest metadata, in bytes of UTF-8.</summary>
    public const int Longest = 8192;

    private const int Deepest = 5;

    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly HashSet<string> TokenNames = new(StringComparer.OrdinalIgnoreCase)
    {
        "access_token", "refresh_token", "id_token", "client_secret", "code", "code_verifier", "password", "accessToken", "refreshToken", "idToken", "clientSecret",
    };

    /// <summary>The metadata after the patch, as JSON text; null with every fault.</summary>
    public static string? Apply(string before, JsonElement patch, List<string> faults)
    {
        if (patch.ValueKind is not (JsonValueKind.Object or JsonValueKind.Null))
        {
            faults.Add("metadata must be an object, or null to empty it");
            return null;
        }

        var count = faults.Count;
        var merged = patch.ValueKind == JsonValueKind.Null ? [] : Merge(JsonNode.Parse(before)!.AsObject(), JsonNode.Parse(patch.GetRawText())!.AsObject());
        Judge(merged, 1, faults);
        var text = merged.ToJsonString(Plain);
        if (System.Text.Encoding.UTF8.GetByteCount(text) > Longest)
            faults.Add($"metadata would have more than {Longest} bytes");
        return faults.Count == count ? text : null;
    }

    private static JsonObject Merge(JsonObject target, JsonObject patch)
    {
        foreach (var (name, value) in patch)
        {
            if (value is null)
                target.Remove(name);
            else if (value is JsonObject map)
                target[name] = Merge(target[name] is JsonObject existing ? (JsonObject)existing.DeepClone() : [], map);
            else
                target[name] = value.DeepClone();
        }

        return target;
    }

    private static void Judge(JsonNode? node, int depth, List<string> faults)
    {
        if (depth > Deepest)
        {
            faults.Add($"metadata is nested more than {Deepest} deep");
            return;
        }

        switch (node)
        {
            case JsonObject map:
                foreach (var (name, value) in map)
                {
                    if (TokenNames.Contains(name))
                        faults.Add($"metadata must hold no {name}: Grantkeeper keeps tokens sealed, and metadata is shown");
                    if (name.Contains('\0', StringComparison.Ordinal))
                        faults.Add("metadata must hold no NUL characters");
                    Judge(value, depth + 1, faults);
                }

                break;
            case JsonArray list:
                foreach (var item in list)
                    Judge(item, depth + 1, faults);
                break;
            case JsonValue value when value.GetValueKind() == JsonValueKind.String && value.GetValue<string>().Contains('\0', StringComparison.Ordinal):
                faults.Add("metadata must hold no NUL characters");
                break;
        }
    }
}
