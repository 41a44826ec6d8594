using System.Text;
using System.Text.Json;
using Grantkeeper.Jwt;
using Grantkeeper.OAuth;
using Grantkeeper.Providers;

namespace Grantkeeper.Events;

/// <summary>What a provider tells.</summary>
/// <param name="Type">The provider's own word for it; null when it names none.</param>
/// <param name="Account">The account that it is about, as integrations name it; null when it names none.</param>
/// <param name="At">When it happened, by the provider's clock and to the second; null when it does not say.</param>
internal sealed record ProviderEvent(string? Type, string? Account, DateTimeOffset? At);

/// <summary>
/// Judges an event that came as a signed token: form, algorithm and signature by the keys that the operator configured, then
/// the claims. <c>iss</c>, <c>aud</c>, <c>exp</c>, <c>nbf</c> and <c>iat</c> count where they stand; the key is the app's own, so
/// that none of them has to. Pure: no clock, no network.
/// </summary>
internal static class EventToken
{
    /// <summary>The longest event in characters.</summary>
    public const int MaxLength = 64 * 1024;

    private const int MaxDepth = 8;

    /// <summary>The event; null with the first rule that it breaks.</summary>
    /// <param name="token">The request's body, white space around it cut off.</param>
    /// <param name="form">How the provider signs and writes events.</param>
    /// <param name="keys">The public keys of the app.</param>
    /// <param name="clientId">The app.</param>
    /// <param name="now">The current instant.</param>
    /// <param name="fault">The rule; meaningless beside an event.</param>
    public static ProviderEvent? Read(string token, EventForm form, JsonWebKeySet keys, string clientId, DateTimeOffset now, out JwtFault fault)
    {
        if (JwtVerifier.Open(token, keys, [form.Algorithm], MaxLength, out fault) is not { } claims)
            return null;
        if (FaultOf(claims, form, clientId, now) is { } broken)
        {
            fault = broken;
            return null;
        }

        return new ProviderEvent(TextAt(claims, form.Type), TextAt(claims, form.Account), TimeAt(claims, form.Time));
    }

    private static JwtFault? FaultOf(JsonElement claims, EventForm form, string clientId, DateTimeOffset now)
    {
        if (!JwtJson.Instant(claims, "exp", out var expiresAt) || !JwtJson.Instant(claims, "nbf", out var notBefore) || !JwtJson.Instant(claims, "iat", out var issuedAt))
            return JwtFault.Malformed;
        if (form.Issuer is not null && claims.TryGetProperty("iss", out _) && JwtJson.Text(claims, "iss") != form.Issuer)
            return JwtFault.IssuerWrong;
        if (claims.TryGetProperty("aud", out _) && !JwtJson.Strings(claims, "aud").Contains(clientId))
            return JwtFault.AudienceWrong;
        if (now - JwtRules.MaxClockSkew >= expiresAt)
            return JwtFault.Expired;
        return notBefore > now + JwtRules.MaxClockSkew || issuedAt > now + JwtRules.MaxClockSkew ? JwtFault.NotYetValid : null;
    }

    private static string? TextAt(JsonElement claims, string path) => At(claims, path) is { } found ? JsonPath.Text(found, "") : null;

    private static DateTimeOffset? TimeAt(JsonElement claims, string path) => At(claims, path) switch
    {
        { ValueKind: JsonValueKind.Number } seconds when seconds.TryGetInt64(out var number) && number is >= 0 and < 253_402_300_800 => DateTimeOffset.FromUnixTimeSeconds(number),
        { ValueKind: JsonValueKind.String } text when JsonText.Of(text) is { } written
            && DateTimeOffset.TryParse(written, System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal, out var instant) => instant,
        _ => null,
    };

    /// <summary>The element at a place. A text on the way there is read as JSON: events wrap theirs in texts, once and again.</summary>
    private static JsonElement? At(JsonElement json, string path)
    {
        foreach (var name in path.Split('.'))
        {
            var holder = json.ValueKind == JsonValueKind.String ? Parsed(json) : json;
            if (holder is not { } element || JsonPath.Element(element, name) is not { } member)
                return null;
            json = member;
        }

        return json;
    }

    private static JsonElement? Parsed(JsonElement text)
    {
        try
        {
            if (JsonText.Of(text) is not { } written)
                return null;
            using var document = JsonDocument.Parse(Encoding.UTF8.GetBytes(written), new JsonDocumentOptions { MaxDepth = MaxDepth });
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
