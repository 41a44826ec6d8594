using System.Text.Json;
using Grantkeeper.OAuth;

namespace Grantkeeper.Providers;

/// <summary>Reads a place in somebody else's JSON by the names on the way, joined by dots; a number is a place of a list.</summary>
internal static class JsonPath
{
    private const int LongestText = 255;

    /// <summary>The element at a place; null when there is none. An empty path is the whole.</summary>
    public static JsonElement? Element(JsonElement json, string path)
    {
        // Names with a dot of their own, as in @odata.nextLink, are tried as they are first.
        if (path.Length == 0)
            return json;
        if (Step(json, path) is { } whole)
            return whole;
        foreach (var name in path.Split('.'))
        {
            if (Step(json, name) is not { } member)
                return null;
            json = member;
        }

        return json;
    }

    /// <summary>A text to show and to use as a key: no control characters, no endless one. A flag counts only where it may stand beside an id.</summary>
    public static string? Text(JsonElement json, string path, bool mayBeFlag = false, int longest = LongestText)
    {
        if (Element(json, path) is not { } member)
            return null;
        var text = member.ValueKind switch
        {
            JsonValueKind.String => JsonText.Of(member),
            JsonValueKind.Number => member.GetRawText(),
            JsonValueKind.False or JsonValueKind.True when mayBeFlag => member.GetRawText(),
            _ => null,
        };
        return string.IsNullOrWhiteSpace(text) || text.Length > longest || text.Any(char.IsControl) ? null : text;
    }

    private static JsonElement? Step(JsonElement json, string name) => json.ValueKind switch
    {
        JsonValueKind.Object => JsonText.Member(json, name),
        JsonValueKind.Array when int.TryParse(name, out var place) && place >= 0 && place < json.GetArrayLength() => json[place],
        _ => null,
    };
}
