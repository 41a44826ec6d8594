using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Grantkeeper.Encryption;
using Grantkeeper.OAuth;

namespace Grantkeeper.Providers;

/// <summary>Why a signed instance is not taken.</summary>
internal enum InstanceFault
{
    /// <summary>It is not signed with our secret, or not readable.</summary>
    Invalid,

    /// <summary>It was signed too long ago, in the future, or at no known time.</summary>
    Stale,
}

/// <summary>The verdict on a signed instance: its id or a fault, never both.</summary>
internal readonly record struct OpenedInstance(Secret? Id, InstanceFault? Fault);

/// <summary>
/// Wix: installing an app instead of an authorization code. The browser comes back with <c>instanceId</c> and
/// <c>signedInstance</c>, which is an HMAC of the app's secret over a JSON text; the unsigned id alone proves nothing, since
/// anybody could send another installation's. Tokens are minted by client credentials with the instance's id, which takes the
/// place of a refresh token: it stays good until the app is removed
/// (https://dev.wix.com/docs/build-apps/develop-your-app/access/app-instances/about-app-instances).
/// </summary>
internal static class AppInstance
{
    /// <summary>How far the provider's clock may be from ours.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(60);

    private const int LongestId = 128;

    /// <summary>The install page; state rides in the query of the address that the browser comes back to, which Wix keeps.</summary>
    public static Secret InstallUrl(Uri installer, string clientId, string redirectUri, Secret state)
    {
        var separator = redirectUri.Contains('?', StringComparison.Ordinal) ? '&' : '?';
        var back = $"{redirectUri}{separator}{OAuthNames.State}={Uri.EscapeDataString(state.Reveal())}";
        return new Secret($"{installer.AbsoluteUri}?appId={Uri.EscapeDataString(clientId)}&postInstallationUrl={Uri.EscapeDataString(back)}");
    }

    /// <summary>
    /// The id in a signed instance, or why it is not taken: <see cref="InstanceFault.Invalid"/> when the signature is not of
    /// our secret or there is no id, <see cref="InstanceFault.Stale"/> when it was signed too long ago, in the future, or at a
    /// time that it does not name. Somebody who finds an old callback in a log or a history cannot use it.
    /// </summary>
    /// <param name="signedInstance">As it came back with the browser.</param>
    /// <param name="clientSecret">The app's secret.</param>
    /// <param name="lifetime">How old it may be; null: as old as it likes.</param>
    /// <param name="now">The current instant.</param>
    public static OpenedInstance Open(Secret signedInstance, Secret clientSecret, TimeSpan? lifetime, DateTimeOffset now)
    {
        var parts = signedInstance.Reveal().Split('.');
        if (parts.Length != 2 || clientSecret.IsEmpty || Decode(parts[0]) is not { } signature || Decode(parts[1]) is not { } payload)
            return new OpenedInstance(null, InstanceFault.Invalid);
        // Signed is the text of the second part, as it was sent.
        var expected = HMACSHA256.HashData(Encoding.UTF8.GetBytes(clientSecret.Reveal()), Encoding.UTF8.GetBytes(parts[1]));
        if (!CryptographicOperations.FixedTimeEquals(expected, signature))
            return new OpenedInstance(null, InstanceFault.Invalid);
        try
        {
            using var json = JsonDocument.Parse(payload, new JsonDocumentOptions { MaxDepth = 8 });
            if (json.RootElement.ValueKind != JsonValueKind.Object || JsonText.Of(json.RootElement, "instanceId") is not { Length: > 0 and <= LongestId } id)
                return new OpenedInstance(null, InstanceFault.Invalid);
            return lifetime is { } longest && !IsFresh(JsonText.Of(json.RootElement, "signDate"), longest, now)
                ? new OpenedInstance(null, InstanceFault.Stale)
                : new OpenedInstance(new Secret(id), null);
        }
        catch (JsonException)
        {
            return new OpenedInstance(null, InstanceFault.Invalid);
        }
    }

    /// <summary>Whether a date (RFC 3339; UTC where it names no offset) is neither too old nor in the future.</summary>
    private static bool IsFresh(string? signDate, TimeSpan lifetime, DateTimeOffset now) =>
        DateTimeOffset.TryParse(signDate, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var signedAt)
        && now - signedAt <= lifetime + ClockSkew && signedAt - now <= ClockSkew;

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
