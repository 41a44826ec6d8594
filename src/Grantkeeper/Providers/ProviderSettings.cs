using System.Text.Json.Nodes;
using Grantkeeper.Settings;
using Microsoft.Extensions.Configuration;

namespace Grantkeeper.Providers;

/// <summary>The settings of one provider, by precedence: our own section, the documents' names, their older spelling.</summary>
/// <param name="key">The provider's key.</param>
/// <param name="section"><c>Grantkeeper:Providers:{key}</c>.</param>
/// <param name="environment">
/// Everything; null for a manifest that came over the API. Its key, and the names of its variables, were chosen there: with a
/// key such as <c>google_oauth</c> it would be handed <c>GOOGLE_OAUTH_CLIENT_SECRET</c> and could send it anywhere.
/// </param>
internal sealed class ProviderSettings(string key, IConfigurationSection section, IConfiguration? environment)
{
    private readonly string _prefix = key.ToUpperInvariant();

    /// <summary>A setting, for example <c>CLIENT_ID</c>; null when it is blank or missing.</summary>
    public string? Text(string name) => Of(section[name.ToLowerInvariant()]) ?? Of(environment?[$"{_prefix}_{name}"]) ?? Of(environment?[$"{_prefix}_OAUTH_{name}"]);

    /// <summary>The name by which an operator sets it.</summary>
    public string NameOf(string name) => NameOf(key, name, environment is null);

    /// <inheritdoc cref="NameOf(string)"/>
    public static string NameOf(string key, string name, bool isStored) =>
        isStored ? $"{OptionsReader.Section}__Providers__{key}__{name.ToLowerInvariant()}" : $"{key.ToUpperInvariant()}_{name}";

    /// <summary>The values of the variables that a manifest declares: <c>Grantkeeper:Providers:{key}:variables:{name}</c>, or <c>{KEY}_{NAME}</c>.</summary>
    public Dictionary<string, string> Variables(JsonObject manifest)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, _) in manifest["variables"] as JsonObject ?? [])
        {
            if ((Of(section[$"variables:{name}"]) ?? Of(environment?[$"{_prefix}_{name}".ToUpperInvariant()])) is { } value)
                values[name] = value;
        }

        return values;
    }

    private static string? Of(string? value) => string.IsNullOrWhiteSpace(value) ? null : value.Trim();
}
