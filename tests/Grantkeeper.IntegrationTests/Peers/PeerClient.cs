using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Web;
using Grantkeeper.Testing.Peers;

namespace Grantkeeper.IntegrationTests.Peers;

/// <summary>Speaks OAuth to the peer by hand, so that these tests prove the peer and not the product.</summary>
internal sealed class PeerClient(OidcProviderPeer peer, string clientId = "basic", string? secret = "basic-secret", Uri? tokenEndpoint = null) : IDisposable
{
    private const string Verifier = "a-code-verifier-of-at-least-forty-three-characters";

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false });

    public static string Challenge { get; } =
        Convert.ToBase64String(SHA256.HashData(Encoding.ASCII.GetBytes(Verifier))).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    public Uri AuthorizationUrl(string user = "alice", string redirectUri = OidcProviderPeer.UnservedRedirectUri)
    {
        var query = HttpUtility.ParseQueryString("");
        query["response_type"] = "code";
        query["client_id"] = clientId;
        query["redirect_uri"] = redirectUri;
        query["scope"] = "openid email offline_access api:read api:write";
        query["prompt"] = "consent";
        query["state"] = "the-state";
        query["code_challenge"] = Challenge;
        query["code_challenge_method"] = "S256";
        query["login_hint"] = user;
        return new Uri($"{peer.Endpoint(OidcProviderPeer.AuthorizationPath)}?{query}");
    }

    public async Task<Dictionary<string, string>> Authorize(string user = "alice")
    {
        using var person = new PeerUser();
        var callback = await person.FollowUntil(AuthorizationUrl(user), OidcProviderPeer.UnservedRedirectUri);
        var query = HttpUtility.ParseQueryString(callback.Query);
        return query.AllKeys.ToDictionary(key => key!, key => query[key]!);
    }

    public async Task<PeerTokens> Connect(string user = "alice") => await Redeem((await Authorize(user))["code"]);

    public Task<PeerTokens> Redeem(string code) => Token(new()
    {
        ["grant_type"] = "authorization_code",
        ["code"] = code,
        ["redirect_uri"] = OidcProviderPeer.UnservedRedirectUri,
        ["code_verifier"] = Verifier,
    });

    public Task<PeerTokens> Refresh(string refreshToken) =>
        Token(new() { ["grant_type"] = "refresh_token", ["refresh_token"] = refreshToken });

    public Task<HttpResponseMessage> Post(Uri endpoint, Dictionary<string, string> form)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, endpoint);
        if (secret is null)
            form["client_id"] = clientId;
        else
            request.Headers.Authorization = Basic(clientId, secret);
        request.Content = new FormUrlEncodedContent(form);
        return _http.SendAsync(request);
    }

    public async Task<JsonElement> UserInfo(string accessToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, peer.Endpoint(OidcProviderPeer.UserInfoPath));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", accessToken);
        using var answer = await _http.SendAsync(request);
        return JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
    }

    public void Dispose() => _http.Dispose();

    private async Task<PeerTokens> Token(Dictionary<string, string> form)
    {
        using var answer = await Post(tokenEndpoint ?? peer.Endpoint(OidcProviderPeer.TokenPath), form);
        var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
        return new PeerTokens((int)answer.StatusCode, Text(body, "access_token"), Text(body, "refresh_token"), Text(body, "scope"), Text(body, "error"));
    }

    private static AuthenticationHeaderValue Basic(string id, string secret) => new(
        "Basic",
        Convert.ToBase64String(Encoding.ASCII.GetBytes($"{HttpUtility.UrlEncode(id)}:{HttpUtility.UrlEncode(secret)}")));

    private static string Text(JsonElement body, string name) =>
        body.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";
}

/// <summary>A token answer, with an empty text for what was missing.</summary>
internal sealed record PeerTokens(int Status, string AccessToken, string RefreshToken, string Scope, string Error);
