using System.Diagnostics.CodeAnalysis;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Grantkeeper.Encryption;

namespace Grantkeeper.OAuth;

/// <summary>Builds requests to the token endpoint and judges its answers: two functions, so that judging needs no network.</summary>
internal static class TokenEndpoint
{
    /// <summary>RFC 6749 section 4.1.3 with the verifier of RFC 7636 section 4.5.</summary>
    public static HttpRequestMessage ExchangeCode(
        TokenEndpointTarget target, Secret code, string redirectUri, Secret codeVerifier)
    {
        var parameters = new Dictionary<string, string>
        {
            [OAuthNames.GrantType] = OAuthNames.AuthorizationCode,
            [OAuthNames.Code] = code.Reveal(),
            [OAuthNames.RedirectUri] = redirectUri,
        };
        if (!codeVerifier.IsEmpty)
            parameters[OAuthNames.CodeVerifier] = codeVerifier.Reveal();
        return Request(target, parameters);
    }

    /// <summary>RFC 6749 section 6, without scope: the grant is renewed as it is. Some providers ask for the redirect URI again, which the RFC does not.</summary>
    public static HttpRequestMessage Refresh(TokenEndpointTarget target, Secret refreshToken, string? redirectUri = null)
    {
        var parameters = new Dictionary<string, string>
        {
            [OAuthNames.GrantType] = OAuthNames.RefreshToken,
            [OAuthNames.RefreshToken] = refreshToken.Reveal(),
        };
        if (redirectUri is not null)
            parameters[OAuthNames.RedirectUri] = redirectUri;
        return Request(target, parameters);
    }

    /// <summary>RFC 6749 section 4.4, with a provider's own parameters.</summary>
    public static HttpRequestMessage ClientCredentials(TokenEndpointTarget target, IReadOnlyDictionary<string, string> parameters) =>
        Request(target, new Dictionary<string, string>(parameters) { [OAuthNames.GrantType] = "client_credentials" });

    /// <summary>
    /// Judges an answer. Order: status first (5xx, 429, 408), then the provider's error word, never its free text.
    /// A 200 that carries an error member is an error (some servers do that).
    /// </summary>
    public static bool Judge(
        int status, string? contentType, ReadOnlyMemory<byte> body, TimeSpan? retryAfter, string scopeSeparator,
        [NotNullWhen(true)] out TokenResponse? response, [NotNullWhen(false)] out TokenFailure? failure)
    {
        response = null;
        failure = null;
        if (status is >= 500 or 429 or 408)
        {
            var delivery = status is 429 or 503 ? Delivery.NotProcessed : Delivery.Ambiguous;
            failure = new TokenFailure(TokenFailureKind.Transient, delivery, $"http_{status}", retryAfter);
            return false;
        }

        using var document = Parse(contentType, body);
        if (document is not null && ErrorOf(document.RootElement) is { } error)
            failure = Classify(error, status, retryAfter);
        else if (status is < 200 or > 299)
            failure = status == 401
                ? new TokenFailure(TokenFailureKind.Misconfigured, Delivery.Refused, "http_401")
                : new TokenFailure(TokenFailureKind.Unreadable, Delivery.Refused, $"http_{status}");
        else if (document is null || (response = TokenResponse.Read(document.RootElement, scopeSeparator)) is null)
            failure = new TokenFailure(TokenFailureKind.Unreadable, Delivery.Ambiguous, "unreadable_success");
        return failure is null;
    }

    internal static JsonDocument? Parse(string? contentType, ReadOnlyMemory<byte> body)
    {
        if (contentType is not null && contentType.StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase))
            return JsonDocument.Parse(FormAsJson(Encoding.UTF8.GetString(body.Span)));
        // RFC 8259 section 8.1 lets a reader ignore a byte order mark; refusing it would lose the tokens behind it.
        if (body.Span.StartsWith(Encoding.UTF8.Preamble))
            body = body[Encoding.UTF8.Preamble.Length..];
        try
        {
            var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 16 });
            if (document.RootElement.ValueKind == JsonValueKind.Object)
                return document;
            document.Dispose();
        }
        catch (JsonException)
        {
            // HTML, an empty body, half an answer: the caller says "unreadable".
        }

        return null;
    }

    /// <summary>The provider's error word, cut to the characters and length that an error code has (RFC 6749 section 5.2).</summary>
    internal static string? ErrorOf(JsonElement json)
    {
        // Notion's API errors: object "error" with a code (https://developers.notion.com/reference/status-codes).
        if (JsonText.Member(json, OAuthNames.Error) is not { } member)
            return JsonText.Of(json, "object") == OAuthNames.Error ? Clean(JsonText.Of(json, OAuthNames.Code) ?? "") : null;
        return member.ValueKind switch
        {
            JsonValueKind.String => JsonText.Of(member) is not { } word ? "unnamed_error" : word.Length > 0 ? Clean(word) : null,
            JsonValueKind.Object or JsonValueKind.Array or JsonValueKind.True or JsonValueKind.Number => "unnamed_error",
            _ => null,
        };
    }

    internal static string Clean(string word)
    {
        var clean = new string([.. word.Where(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.').Take(64)]);
        return clean.Length == 0 ? "unnamed_error" : clean;
    }

    private static TokenFailure Classify(string error, int status, TimeSpan? retryAfter) => error switch
    {
        OAuthNames.InvalidGrant or "interaction_required" or "consent_required" or "login_required" or "account_selection_required"
            => new(TokenFailureKind.Rejected, Delivery.Refused, error),
        OAuthNames.InvalidClient or "unauthorized_client" or "deleted_client" or "unsupported_grant_type"
            or "invalid_scope" or "invalid_request" or "redirect_uri_mismatch"
            => new(TokenFailureKind.Misconfigured, Delivery.Refused, error),
        // These words are the OAuth forms of 503 and 429, and of 500 (RFC 6749 section 4.1.2.1).
        "temporarily_unavailable" or "slow_down"
            => new(TokenFailureKind.Transient, Delivery.NotProcessed, error, retryAfter),
        "server_error"
            => new(TokenFailureKind.Transient, Delivery.Ambiguous, error, retryAfter),
        _ => new(status == 401 ? TokenFailureKind.Misconfigured : TokenFailureKind.Unreadable, Delivery.Refused, error),
    };

    private static HttpRequestMessage Request(TokenEndpointTarget target, Dictionary<string, string> parameters)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, target.Endpoint);
        foreach (var (name, value) in target.Extra)
            parameters.TryAdd(name, value);
        ClientAuthentication.Apply(target.Client, parameters, request.Headers);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        foreach (var (name, value) in target.Headers)
            request.Headers.TryAddWithoutValidation(name, value);
        request.Content = target.SendsJson || target.Client.Method == ClientAuthenticationMethod.Json
            ? new StringContent(JsonSerializer.Serialize(parameters), Encoding.UTF8, "application/json")
            : new FormUrlEncodedContent(parameters);
        return request;
    }

    private static string FormAsJson(string form)
    {
        var json = new JsonObject();
        foreach (var pair in form.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = pair.Split('=', 2);
            json[Decode(parts[0])] = parts.Length > 1 ? Decode(parts[1]) : "";
        }

        return json.ToJsonString();

        static string Decode(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));
    }
}

/// <summary>Where and as whom a token request goes.</summary>
internal sealed record TokenEndpointTarget(Uri Endpoint, ClientCredentials Client)
{
    public bool SendsJson { get; init; }

    public IReadOnlyDictionary<string, string> Extra { get; init; } = new Dictionary<string, string>();

    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();
}
