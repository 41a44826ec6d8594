using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Grantkeeper.Encryption;
using Grantkeeper.OAuth;

namespace Grantkeeper.Providers;

/// <summary>
/// Wix: installing an app instead of an authorization code. The browser comes back with <c>instanceId</c> and
/// <c>signedInstance</c>, which is an HMAC of the app's secret over a JSON text; the unsigned id alone proves nothing, since
/// anybody could send another installation's. Tokens are minted by client credentials with the instance's id, which takes the
/// place of a refresh token: it stays good until the app is removed
/// (https://dev.wix.com/docs/build-apps/develop-your-app/access/app-instances/about-app-instances).
/// </summary>
internal static class AppInstance
{
    private const int LongestId = 128;

    /// <summary>The install page; state rides in the query of the address that the browser comes back to, which Wix keeps.</summary>
    public static Secret InstallUrl(Uri installer, string clientId, string redirectUri, Secret state)
    {
        var separator = redirectUri.Contains('?', StringComparison.Ordinal) ? '&' : '?';
        var back = $"{redirectUri}{separator}{OAuthNames.State}={Uri.EscapeDataString(state.Reveal())}";
        return new Secret($"{installer.AbsoluteUri}?appId={Uri.EscapeDataString(clientId)}&postInstallationUrl={Uri.EscapeDataString(back)}");
    }

    /// <summary>The id in a signed instance; null when the signature is not of our secret, or there is no id.</summary>
    public static Secret? Open(Secret signedInstance, Secret clientSecret)
    {
        var parts = signedInstance.Reveal().Split('.');
        if (parts.Length != 2 || clientSecret.IsEmpty || Decode(parts[0]) is not { } signature || Decode(parts[1]) is not { } payload)
            return null;
        // Signed is the text of the second part, as it was sent.
        var expected = HMACSHA256.HashData(Encoding.UTF8.GetBytes(clientSecret.Reveal()), Encoding.UTF8.GetBytes(parts[1]));
        if (!CryptographicOperations.FixedTimeEquals(expected, signature))
            return null;
        try
        {
            using var json = JsonDocument.Parse(payload, new JsonDocumentOptions { MaxDepth = 8 });
            return json.RootElement.ValueKind == JsonValueKind.Object && JsonText.Of(json.RootElement, "instanceId") is { Length: > 0 and <= LongestId } id ? new Secret(id) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The request that mints a token; always JSON.</summary>
    public static HttpRequestMessage Mint(TokenEndpointTarget target, Secret instanceId) => OAuth.TokenEndpoint.ClientCredentials(
        target with { SendsJson = true }, new Dictionary<string, string> { ["instance_id"] = instanceId.Reveal() });

    private static byte[]? Decode(string text)
    {
        try
        {
            return Base64Url.DecodeFromChars(text);
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
