using System.Net.Http.Headers;
using System.Text;
using Grantkeeper.Encryption;

namespace Grantkeeper.OAuth;

/// <summary>How a client proves itself at the token and revocation endpoints (RFC 6749 section 2.3).</summary>
internal enum ClientAuthenticationMethod
{
    /// <summary>HTTP Basic, id and secret form-encoded first (RFC 6749 section 2.3.1).</summary>
    Basic,

    /// <summary>HTTP Basic without that encoding, for servers that do not decode it.</summary>
    BasicRaw,

    /// <summary>client_id and client_secret in the form.</summary>
    Post,

    /// <summary>client_id and client_secret in a JSON body.</summary>
    Json,

    /// <summary>A public client: client_id alone in the body.</summary>
    None,

    /// <summary>An assertion that the client signs with its private key (OpenID Connect Core section 9, RFC 7523 section 2.2).</summary>
    PrivateKeyJwt,
}

/// <summary>A client's name and proof at one provider.</summary>
internal sealed record ClientCredentials(string ClientId, Secret ClientSecret, ClientAuthenticationMethod Method)
{
    /// <summary>By what name the id goes in a body; another one at TikTok.</summary>
    public string IdParameter { get; init; } = OAuthNames.ClientId;

    /// <summary>What stands for the secret under <see cref="ClientAuthenticationMethod.PrivateKeyJwt"/>; made for one request.</summary>
    public Secret Assertion { get; init; }

    /// <summary>True where the server takes the assertion as <c>client_secret</c>.</summary>
    public bool AssertionIsSecret { get; init; }
}

/// <summary>Adds a client's proof to a request's parameters or headers.</summary>
internal static class ClientAuthentication
{
    public static void Apply(ClientCredentials client, IDictionary<string, string> parameters, HttpRequestHeaders headers)
    {
        switch (client.Method)
        {
            case ClientAuthenticationMethod.Basic:
                headers.Authorization = Basic(FormEncode(client.ClientId), FormEncode(client.ClientSecret.Reveal()));
                break;
            case ClientAuthenticationMethod.BasicRaw:
                headers.Authorization = Basic(client.ClientId, client.ClientSecret.Reveal());
                break;
            case ClientAuthenticationMethod.Post or ClientAuthenticationMethod.Json:
                parameters[client.IdParameter] = client.ClientId;
                if (!client.ClientSecret.IsEmpty)
                    parameters[OAuthNames.ClientSecret] = client.ClientSecret.Reveal();
                break;
            case ClientAuthenticationMethod.PrivateKeyJwt:
                parameters[client.IdParameter] = client.ClientId;
                if (client.AssertionIsSecret)
                {
                    parameters[OAuthNames.ClientSecret] = client.Assertion.Reveal();
                    break;
                }

                parameters[OAuthNames.ClientAssertionType] = ClientAssertion.Type;
                parameters[OAuthNames.ClientAssertion] = client.Assertion.Reveal();
                break;
            default:
                parameters[client.IdParameter] = client.ClientId;
                break;
        }
    }

    private static AuthenticationHeaderValue Basic(string user, string password) =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")));

    // Unreserved characters stay as they are (RFC 3986 section 2.3), since some servers do not decode at all;
    // a blank becomes %20, which form decoders read like "+".
    private static string FormEncode(string text) => Uri.EscapeDataString(text);
}
