using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Grantkeeper.Providers;

/// <summary>
/// The parameter <c>claims</c> (OpenID Connect Core section 5.5): what our client can do, as Microsoft names it, and what an API
/// has asked for in a challenge. https://learn.microsoft.com/entra/identity-platform/claims-challenge
/// </summary>
internal static class ClaimsRequest
{
    /// <summary>The longest challenge, in characters.</summary>
    public const int Longest = 4096;

    private const string AccessToken = "access_token";
    private const int Deepest = 8;

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = Deepest, AllowDuplicateProperties = false };

    /// <summary>
    /// The challenge of a <c>WWW-Authenticate</c> header as JSON: it comes in base64, and is taken as JSON too. Null when it is
    /// neither, or asks for anything but claims in an access token: the rest is not an API's business.
    /// </summary>
    public static string? Read(string text)
    {
        if (text.Length > Longest)
            return null;
        var json = text.TrimStart().StartsWith('{') ? text : Decoded(text);
        try
        {
            if (json is null || JsonNode.Parse(json, documentOptions: Strict) is not JsonObject { Count: 1 } claims || claims[AccessToken] is not JsonObject)
                return null;
            // What is written with escapes may be longer than it came.
            return claims.ToJsonString() is { Length: <= Longest } written ? written : null;
        }
        catch (JsonException)
        {
            return null;
        }
        catch (InvalidOperationException)
        {
            // Half a character: it can be read, and not be written.
            return null;
        }
    }

    /// <summary>Parameters of a request with this one among them, where it is sent.</summary>
    public static IReadOnlyDictionary<string, string> With(IReadOnlyDictionary<string, string> parameters, ProviderManifest manifest, string? challenge) =>
        Parameter(manifest, challenge) is { Count: > 0 } claims ? new Dictionary<string, string>(parameters) { [OAuth.OAuthNames.Claims] = claims[OAuth.OAuthNames.Claims] } : parameters;

    /// <summary>The parameter, alone; empty where the provider is not told what our client can do, since then it challenges nobody.</summary>
    /// <param name="manifest">The provider's.</param>
    /// <param name="challenge">As <see cref="Read"/> gave it; null when there is none.</param>
    public static IReadOnlyDictionary<string, string> Parameter(ProviderManifest manifest, string? challenge)
    {
        if (manifest.ClientCapabilities.Count == 0)
            return new Dictionary<string, string>();
        var asked = challenge is null ? [] : JsonNode.Parse(challenge)![AccessToken]!.DeepClone().AsObject();
        asked["xms_cc"] = new JsonObject { ["values"] = new JsonArray([.. manifest.ClientCapabilities.Select(capability => JsonValue.Create(capability))]) };
        return new Dictionary<string, string> { [OAuth.OAuthNames.Claims] = new JsonObject { [AccessToken] = asked }.ToJsonString() };
    }

    private static string? Decoded(string text)
    {
        var standard = text.Replace('+', '-').Replace('/', '_').TrimEnd('=');
        try
        {
            return Encoding.UTF8.GetString(Base64Url.DecodeFromChars(standard));
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
