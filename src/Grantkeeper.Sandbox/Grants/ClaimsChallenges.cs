using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Grantkeeper.Sandbox.Grants;

/// <summary>
/// Continuous access evaluation, as Microsoft does it: an API refuses every token of a grant whose client has told that it
/// understands, until a token was asked for with the claims of the challenge.
/// https://learn.microsoft.com/entra/identity-platform/app-resilience-continuous-access-evaluation
/// </summary>
internal sealed class ClaimsChallenges
{
    private const string Understands = "cp1";

    private readonly ConcurrentDictionary<string, string?> _grants = new(StringComparer.Ordinal);

    /// <summary>Takes the <c>claims</c> of a token request.</summary>
    public void Told(string grantId, string? claims)
    {
        if (AccessTokenOf(claims) is not { } asked || asked["xms_cc"]?["values"] is not JsonArray capabilities || !capabilities.Any(capability => (string?)capability == Understands))
            return;
        var met = (string?)asked["nbf"]?["value"];
        _grants.AddOrUpdate(grantId, addValue: null, (_, open) => open == met ? null : open);
    }

    /// <summary>Begins to challenge a grant; nothing happens to one whose client does not understand.</summary>
    public void Begin(string grantId, DateTimeOffset now)
    {
        if (_grants.ContainsKey(grantId))
            _grants[grantId] = now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>The header of a refusal; null when the grant is not challenged.</summary>
    public string? HeaderFor(string grantId)
    {
        if (_grants.GetValueOrDefault(grantId) is not { } since)
            return null;
        var claims = new JsonObject { ["access_token"] = new JsonObject { ["nbf"] = new JsonObject { ["essential"] = true, ["value"] = since } } };
        return "Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\", error=\"insufficient_claims\", claims=\""
            + Convert.ToBase64String(Encoding.UTF8.GetBytes(claims.ToJsonString())) + "\"";
    }

    private static JsonObject? AccessTokenOf(string? claims)
    {
        try
        {
            return claims is null ? null : (JsonNode.Parse(claims) as JsonObject)?["access_token"] as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
