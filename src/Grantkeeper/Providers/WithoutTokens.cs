using System.Text.Json;
using System.Text.Json.Nodes;
using Grantkeeper.OAuth;

namespace Grantkeeper.Providers;

/// <summary>Takes the tokens out of what a provider said, before code that is not ours reads it. Pure.</summary>
internal static class WithoutTokens
{
    private static readonly string[] Telling = ["token", "secret", "password", "assertion", "api_key", "apikey"];

    /// <summary>
    /// The members at every depth, but those whose name speaks of a secret, and every text that holds one of the tokens.
    /// <c>token_type</c> stays; what cannot be read as JSON is empty.
    /// </summary>
    public static JsonElement Of(JsonElement json, TokenResponse tokens)
    {
        try
        {
            return JsonSerializer.SerializeToElement(Cut(json, tokens) ?? new JsonObject());
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or ArgumentException)
        {
            // Texts that are no Unicode, and members that come twice.
            return JsonSerializer.SerializeToElement(new JsonObject());
        }
    }

    private static JsonNode? Cut(JsonElement json, TokenResponse tokens)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.Object:
                var members = new JsonObject();
                foreach (var member in json.EnumerateObject().Where(member => !IsTelling(member.Name)))
                    members[member.Name] = Cut(member.Value, tokens);
                return members;
            case JsonValueKind.Array:
                return new JsonArray([.. json.EnumerateArray().Select(item => Cut(item, tokens))]);
            case JsonValueKind.String when Holds(JsonText.Of(json), tokens):
                return null;
            default:
                return JsonNode.Parse(json.GetRawText());
        }
    }

    private static bool IsTelling(string name) =>
        name != OAuthNames.TokenType && Telling.Any(word => name.Contains(word, StringComparison.OrdinalIgnoreCase));

    private static bool Holds(string? text, TokenResponse tokens) =>
        text is null || new[] { tokens.AccessToken, tokens.RefreshToken, tokens.IdToken }.Any(token => !token.IsEmpty && text.Contains(token.Reveal(), StringComparison.Ordinal));
}
