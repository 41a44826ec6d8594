using System.Text.Json;

namespace Grantkeeper.OAuth;

/// <summary>What an authorization server says of itself (OpenID Connect Discovery 1.0 section 3, RFC 8414 section 2).</summary>
internal sealed record ServerMetadata
{
    public required string Issuer { get; init; }

    public required Uri AuthorizationEndpoint { get; init; }

    public required Uri TokenEndpoint { get; init; }

    public Uri? RevocationEndpoint { get; init; }

    public Uri? UserinfoEndpoint { get; init; }

    public Uri? JwksUri { get; init; }

    public bool SendsIss { get; init; }

    public IReadOnlyList<string> TokenEndpointAuthMethods { get; init; } = [];

    /// <summary>Null when the server does not list its methods.</summary>
    public IReadOnlyList<string>? CodeChallengeMethods { get; init; }

    /// <summary>The well-known address of an issuer (OpenID Connect Discovery section 4: a trailing slash goes).</summary>
    public static Uri AddressOf(string issuer) => new($"{issuer.TrimEnd('/')}/.well-known/openid-configuration");

    /// <summary>Reads a document; null with a sentence when a member is missing or the issuer is another one (RFC 8414 section 3.3).</summary>
    public static ServerMetadata? Read(ReadOnlyMemory<byte> body, string expectedIssuer, out string fault)
    {
        using var document = OAuth.TokenEndpoint.Parse("application/json", body);
        if (document is null)
        {
            fault = "the document is no JSON object";
            return null;
        }

        var json = document.RootElement;
        var issuer = JsonText.Of(json, "issuer");
        if (!string.Equals(issuer, expectedIssuer, StringComparison.Ordinal))
        {
            fault = "its issuer member is not the configured issuer, letter by letter";
            return null;
        }

        // A developer's issuer speaks http on loopback, and so may its endpoints; another issuer's never.
        var loopbackHttp = expectedIssuer.StartsWith("http://", StringComparison.OrdinalIgnoreCase);
        if (Address(json, "authorization_endpoint", loopbackHttp) is not { } authorization || Address(json, "token_endpoint", loopbackHttp) is not { } token)
        {
            fault = "authorization_endpoint or token_endpoint is missing or no https URL without user and fragment";
            return null;
        }

        fault = "";
        return new ServerMetadata
        {
            Issuer = expectedIssuer,
            AuthorizationEndpoint = authorization,
            TokenEndpoint = token,
            RevocationEndpoint = Address(json, "revocation_endpoint", loopbackHttp),
            UserinfoEndpoint = Address(json, "userinfo_endpoint", loopbackHttp),
            JwksUri = Address(json, "jwks_uri", loopbackHttp),
            SendsIss = JsonText.Member(json, "authorization_response_iss_parameter_supported")?.ValueKind == JsonValueKind.True,
            TokenEndpointAuthMethods = Words(json, "token_endpoint_auth_methods_supported") ?? ["client_secret_basic"],
            CodeChallengeMethods = Words(json, "code_challenge_methods_supported"),
        };
    }

    private static Uri? Address(JsonElement json, string name, bool loopbackHttp) =>
        Uri.TryCreate(JsonText.Of(json, name), UriKind.Absolute, out var address) && address.UserInfo.Length == 0 && address.Fragment.Length == 0
        && (address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && loopbackHttp && address.IsLoopback)) ? address : null;

    private static List<string>? Words(JsonElement json, string name) =>
        JsonText.Member(json, name) is { ValueKind: JsonValueKind.Array } member
            ? [.. member.EnumerateArray().Select(JsonText.Of).OfType<string>()]
            : null;
}
