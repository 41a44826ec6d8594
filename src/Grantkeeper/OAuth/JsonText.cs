using System.Text.Json;

namespace Grantkeeper.OAuth;

/// <summary>Reads texts out of JSON that somebody else wrote. Bytes that are no Unicode, or half a surrogate pair, count as no text.</summary>
internal static class JsonText
{
    public static string? Of(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            // The parser checks the form of a string, not its characters; those fail only when they are read.
            return null;
        }
    }

    public static string? Of(JsonElement json, string name) => Member(json, name) is { } member ? Of(member) : null;

    /// <summary>A member of an object; null when there is none, or when the names cannot be compared.</summary>
    public static JsonElement? Member(JsonElement json, string name)
    {
        try
        {
            return json.TryGetProperty(name, out var member) ? member : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
