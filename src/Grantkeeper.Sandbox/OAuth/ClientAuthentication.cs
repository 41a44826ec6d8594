using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Grantkeeper.Sandbox.Http;

namespace Grantkeeper.Sandbox.OAuth;

/// <summary>
/// Who is calling the token, revocation or introspection endpoint. Only the registered method is accepted, so that a
/// wrong client profile fails here and not first at a real provider.
/// </summary>
internal static class ClientAuthentication
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The authenticated client, or why there is none.</summary>
    public static (ClientRegistration? Client, OAuthRefusal? Refusal) Authenticate(
        HttpRequest request, RequestForm form, ClientRegistrations clients, IReadOnlyList<string> methods)
    {
        var header = request.Headers.Authorization.ToString();
        if (header.Length > 0)
        {
            if (form["client_secret"] is not null)
                return (null, OAuthRefusal.InvalidRequest("The client authenticated twice: in the header and in the form."));
            if (!TryReadBasic(header, out var id, out var secret))
                return (null, OAuthRefusal.InvalidClient("The Authorization header is not readable as Basic credentials."));
            if (form["client_id"] is { } named && named != id)
                return (null, OAuthRefusal.InvalidRequest("The header and the form name different clients."));
            return Check(clients.Find(id), ClientAuthenticationMethods.Basic, secret, methods);
        }

        var client = clients.Find(form["client_id"]);
        return form["client_secret"] is { } posted
            ? Check(client, ClientAuthenticationMethods.Post, posted, methods)
            : Check(client, ClientAuthenticationMethods.None, null, methods);
    }

    /// <summary>Reads Basic credentials; both halves are form-url-encoded before they are joined (RFC 6749, 2.3.1).</summary>
    internal static bool TryReadBasic(string header, out string id, out string secret)
    {
        (id, secret) = ("", "");
        if (!AuthenticationHeaderValue.TryParse(header, out var value)
            || !string.Equals(value.Scheme, "Basic", StringComparison.OrdinalIgnoreCase)) return false;
        try
        {
            var pair = StrictUtf8.GetString(Convert.FromBase64String(value.Parameter ?? "")).Split(':', 2);
            if (pair.Length != 2) return false;
            (id, secret) = (WebUtility.UrlDecode(pair[0]), WebUtility.UrlDecode(pair[1]));
            return true;
        }
        catch (Exception fault) when (fault is FormatException or DecoderFallbackException)
        {
            return false;
        }
    }

    private static (ClientRegistration?, OAuthRefusal?) Check(ClientRegistration? client, string method, string? secret, IReadOnlyList<string> methods)
    {
        if (client is null) return (null, OAuthRefusal.InvalidClient("The client is not known here."));
        if (methods.Count > 0 ? !methods.Contains(method) : client.TokenEndpointAuthMethod != method)
            return (null, OAuthRefusal.InvalidClient($"A client authenticates here by {(methods.Count > 0 ? string.Join(" or ", methods) : client.TokenEndpointAuthMethod)}, not by {method}."));
        if (client.ClientSecret is { } expected && !Same(expected, secret ?? ""))
            return (null, OAuthRefusal.InvalidClient("The client secret is wrong."));
        return (client, null);
    }

    private static bool Same(string expected, string given) => CryptographicOperations.FixedTimeEquals(
        SHA256.HashData(Encoding.UTF8.GetBytes(expected)), SHA256.HashData(Encoding.UTF8.GetBytes(given)));
}
