using System.Text.Json;

namespace Grantkeeper.Providers;

/// <summary>Enum members as they are written on the wire and in manifests: snake_case.</summary>
internal static class Words
{
    public static string Of<T>(T value) where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());
}
