using System.Text;
using System.Text.Json;
using Grantkeeper.Encryption;

namespace Grantkeeper.OAuth;

/// <summary>What the provider said to a revocation.</summary>
internal enum RevocationOutcome
{
    /// <summary>The token is dead now, or was dead before.</summary>
    Confirmed,

    /// <summary>The provider does not revoke tokens of this kind.</summary>
    Unsupported,

    /// <summary>Try again later.</summary>
    Transient,

    /// <summary>The provider refused; trying again as it is would not help.</summary>
    Failed,
}

/// <summary>Token revocation (RFC 7009).</summary>
internal static class RevocationEndpoint
{
    public static HttpRequestMessage Revoke(TokenEndpointTarget target, Secret token, string tokenTypeHint)
    {
        var parameters = new Dictionary<string, string>
        {
            [OAuthNames.Token] = token.Reveal(),
            [OAuthNames.TokenTypeHint] = tokenTypeHint,
        };
        var request = new HttpRequestMessage(HttpMethod.Post, target.Endpoint);
        ClientAuthentication.Apply(target.Client, parameters, request.Headers);
        foreach (var (name, value) in target.Headers)
            request.Headers.TryAddWithoutValidation(name, value);
        request.Content = target.SendsJson || target.Client.Method == ClientAuthenticationMethod.Json
            ? new StringContent(JsonSerializer.Serialize(parameters), Encoding.UTF8, "application/json")
            : new FormUrlEncodedContent(parameters);
        return request;
    }

    /// <summary>
    /// RFC 7009 section 2.2: 200 also for an unknown token; 503 means later. Google answers 400 invalid_token for a
    /// token that is dead already, which is the state we want
    /// (https://developers.google.com/identity/protocols/oauth2/web-server#tokenrevoke).
    /// </summary>
    public static RevocationOutcome Judge(int status, string? contentType, ReadOnlyMemory<byte> body)
    {
        if (status is >= 200 and <= 299)
            return RevocationOutcome.Confirmed;
        if (status is >= 500 or 429 or 408)
            return RevocationOutcome.Transient;
        using var document = TokenEndpoint.Parse(contentType, body);
        return (document is null ? null : TokenEndpoint.ErrorOf(document.RootElement)) switch
        {
            OAuthNames.InvalidToken or OAuthNames.InvalidGrant => RevocationOutcome.Confirmed,
            "unsupported_token_type" => RevocationOutcome.Unsupported,
            _ => RevocationOutcome.Failed,
        };
    }
}
