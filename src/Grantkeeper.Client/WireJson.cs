using System.Text.Json;

namespace Grantkeeper.Client;

/// <summary>JSON as Grantkeeper writes it: snake_case. Members that this release does not know are left out.</summary>
internal static class WireJson
{
    public static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull,
    };
}
