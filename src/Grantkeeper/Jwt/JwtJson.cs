using System.Text.Json;
using System.Text.Unicode;

namespace Grantkeeper.Jwt;

/// <summary>Strict reading of the JSON objects inside tokens and key sets: valid UTF-8, no member twice, at most 16 levels deep.</summary>
internal static class JwtJson
{
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 16, AllowDuplicateProperties = false };
    private static readonly JsonDocumentOptions Lenient = new() { MaxDepth = 16, AllowDuplicateProperties = true };

    /// <summary>Reads an object; null and a fault when the bytes are none.</summary>
    public static JsonElement? Object(ReadOnlyMemory<byte> json, out JwtFault fault)
    {
        fault = JwtFault.Malformed;
        if (!Utf8.IsValid(json.Span)) return null;
        try
        {
            return Parse(json, Strict);
        }
        catch (JsonException)
        {
            if (IsReadable(json)) fault = JwtFault.DuplicateMember;
            return null;
        }
        catch (InvalidOperationException)
        {
            // A member's name is no valid text.
            return null;
        }
    }

    /// <summary>A member that is a string; null otherwise, also for a string that is no valid text, such as half a surrogate pair.</summary>
    public static string? Text(JsonElement json, string name) => json.TryGetProperty(name, out var member) ? Text(member) : null;

    /// <summary>A member that is a string or an array of strings; what is no string is left out.</summary>
    public static string[] Strings(JsonElement json, string name) => !json.TryGetProperty(name, out var member) ? []
        : member.ValueKind is JsonValueKind.Array ? [.. member.EnumerateArray().Select(Text).OfType<string>()]
        : Text(member) is { } text ? [text] : [];

    /// <summary>
    /// A member that is a NumericDate (RFC 7519, section 2), fractions cut off; null when it is missing.
    /// </summary>
    /// <returns>False when the member is there and is no instant between 1970 and 9999.</returns>
    public static bool Instant(JsonElement json, string name, out DateTimeOffset? instant)
    {
        instant = null;
        if (!json.TryGetProperty(name, out var member)) return true;
        if (member.ValueKind is not JsonValueKind.Number || !member.TryGetDouble(out var seconds)
            || !(seconds is >= 0 and < 253_402_300_800)) return false;
        instant = DateTimeOffset.FromUnixTimeSeconds((long)seconds);
        return true;
    }

    private static string? Text(JsonElement element)
    {
        if (element.ValueKind is not JsonValueKind.String) return null;
        try
        {
            return element.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static JsonElement? Parse(ReadOnlyMemory<byte> json, JsonDocumentOptions options)
    {
        using var document = JsonDocument.Parse(json, options);
        return document.RootElement.ValueKind is JsonValueKind.Object ? document.RootElement.Clone() : null;
    }

    /// <summary>True when only repeated members stand in the way.</summary>
    private static bool IsReadable(ReadOnlyMemory<byte> json)
    {
        try
        {
            return Parse(json, Lenient) is not null;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
