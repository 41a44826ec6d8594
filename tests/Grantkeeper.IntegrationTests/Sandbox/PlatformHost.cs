using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.WebUtilities;

namespace Grantkeeper.IntegrationTests.Sandbox;

/// <summary>A sandbox whose simulated platforms grant at once, and the requests that an application sends to them.</summary>
internal sealed class PlatformHost(SandboxHost host) : IAsyncDisposable
{
    public const string GoogleScope = "https://www.googleapis.com/auth/";

    private static readonly Dictionary<string, (string Authorize, string Token)> Paths = new()
    {
        ["google"] = ("/google/o/oauth2/v2/auth", "/google/token"),
        ["microsoft"] = ("/microsoft/common/oauth2/v2.0/authorize", "/microsoft/common/oauth2/v2.0/token"),
        ["notion"] = ("/notion/v1/oauth/authorize", "/notion/v1/oauth/token"),
        ["bing"] = ("/bing/webmasters/oauth/authorize", "/bing/webmasters/oauth/token"),
        ["wordpress"] = ("/wordpress/oauth2/authorize", "/wordpress/oauth2/token"),
        ["wix_oauth_legacy"] = ("/wix_oauth_legacy/installer/install", "/wix_oauth_legacy/oauth/access"),
    };

    public SandboxHost Host => host;

    public static async Task<PlatformHost> Start() => new(await SandboxHost.Start());

    public ValueTask DisposeAsync() => host.DisposeAsync();

    /// <summary>The answer to an authorization request.</summary>
    public Task<Reply> Authorize(string platform, string scope, string hint = "alice+auto")
    {
        var legacy = platform == "wix_oauth_legacy";
        var query = new Dictionary<string, string?>
        {
            [legacy ? "appId" : "client_id"] = "shop", [legacy ? "redirectUrl" : "redirect_uri"] = SandboxHost.RedirectUri, ["state"] = "s", ["login_hint"] = hint,
            ["response_type"] = legacy ? null : "code", ["scope"] = scope.Length == 0 ? null : scope, ["owner"] = platform == "notion" ? "user" : null,
            ["access_type"] = platform == "google" ? "offline" : null, ["prompt"] = platform == "google" ? "consent" : null,
        };
        return host.Get(QueryHelpers.AddQueryString(Paths[platform].Authorize, query.Where(pair => pair.Value is not null)));
    }

    /// <summary>The answer to a token request, sent as the platform wants it.</summary>
    public Task<Reply> Token(string platform, params (string Name, string Value)[] more)
    {
        var body = more.Append(("client_id", "shop")).Append(("client_secret", "s3cret")).ToDictionary(pair => pair.Item1, pair => pair.Item2);
        var request = new HttpRequestMessage(HttpMethod.Post, host.Origin + Paths[platform].Token);
        if (platform == "notion")
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes("shop:s3cret")));
        if (platform is "notion")
            _ = body.Remove("client_id") && body.Remove("client_secret");
        request.Content = platform is "notion" or "wix_oauth_legacy"
            ? new StringContent(new JsonObject(body.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value))).ToJsonString(), Encoding.UTF8, "application/json")
            : new FormUrlEncodedContent(body);
        return host.Send(request);
    }

    public async Task<Reply> Exchange(string platform, string scope, string hint = "alice+auto", TimeSpan? after = null)
    {
        var code = (await Authorize(platform, scope, hint)).Callback["code"];
        host.State.Clock.Advance(after ?? TimeSpan.Zero);
        return await Token(platform, ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", SandboxHost.RedirectUri));
    }

    public async Task<JsonNode> Connect(string platform, string scope, string hint = "alice+auto") => (await Exchange(platform, scope, hint)).Json;

    public Task<Reply> Refresh(string platform, string refreshToken) => Token(platform, ("grant_type", "refresh_token"), ("refresh_token", refreshToken));

    /// <summary>Posts JSON to an API with a token.</summary>
    public Task<Reply> Post(string path, string? token, string json)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, host.Origin + path) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return host.Send(request);
    }

    /// <summary>Moves the time of all platforms, over the switch.</summary>
    public async Task Advance(TimeSpan by) =>
        (await host.PostJson("/google/__sandbox/clock", $$"""{"advance_seconds":{{(long)by.TotalSeconds}}}""")).Status.ShouldBe(HttpStatusCode.OK);
}
