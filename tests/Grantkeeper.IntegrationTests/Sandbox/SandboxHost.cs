using System.Buffers.Text;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Grantkeeper.Sandbox;
using Grantkeeper.Sandbox.OAuth;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;

namespace Grantkeeper.IntegrationTests.Sandbox;

/// <summary>A sandbox on a free loopback port, and the requests that tests send to it.</summary>
internal sealed class SandboxHost : IAsyncDisposable
{
    public const string RedirectUri = "http://127.0.0.1:9/callback";
    public const string Verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    public const string EveryScope = "openid profile email offline_access calendar.readonly calendar.write files.readonly";

    public static readonly ClientRegistration Shop = new("shop", "s3cret", [RedirectUri, RedirectUri + "?keep=1"], "client_secret_post", "Shop & <b>Sons</b>");
    public static readonly ClientRegistration Reserved = new("app:one/ü", "p+%&= :x", [RedirectUri]);
    public static readonly ClientRegistration Native = new("native", null, [RedirectUri], "none");

    private readonly WebApplication app;
    private readonly HttpMessageInvoker http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });

    private SandboxHost(WebApplication app) => this.app = app;

    public SandboxState State => app.Services.GetRequiredService<SandboxState>();

    public string Origin => app.Urls.First();

    public static async Task<SandboxHost> Start(bool autoConsent = false, TimeProvider? time = null)
    {
        var options = new SandboxOptions { Urls = "http://127.0.0.1:0", Clients = [Shop, Reserved, Native], AutoConsent = autoConsent };
        var app = SandboxApp.Build([], options, time);
        await app.StartAsync();
        return new SandboxHost(app);
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await app.DisposeAsync();
    }

    public async Task<Reply> Send(HttpRequestMessage request)
    {
        using var response = await http.SendAsync(request, CancellationToken.None);
        return new Reply(response.StatusCode, await response.Content.ReadAsStringAsync(), response.Headers, response.Content.Headers);
    }

    public Task<Reply> Get(string path, string? bearer = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, new Uri(new Uri(Origin), path));
        if (bearer is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
        return Send(request);
    }

    public Task<Reply> Post(string path, params (string Name, string Value)[] form) => Send(new HttpRequestMessage(HttpMethod.Post, Origin + path)
    {
        Content = new FormUrlEncodedContent(form.Select(pair => KeyValuePair.Create(pair.Name, pair.Value))),
    });

    public Task<Reply> PostJson(string path, string json) => Send(new HttpRequestMessage(HttpMethod.Post, Origin + path)
    {
        Content = new StringContent(json, Encoding.UTF8, "application/json"),
    });

    public async Task Break(string endpoint, string mode, string more = "")
    {
        var reply = await PostJson("/__sandbox/faults", $$"""{"endpoint":"{{endpoint}}","mode":"{{mode}}"{{more}}}""");
        reply.Status.ShouldBe(HttpStatusCode.OK, reply.Body);
    }

    public string AuthorizePath(params (string Name, string? Value)[] changes)
    {
        var query = new Dictionary<string, string?>
        {
            ["client_id"] = "shop",
            ["redirect_uri"] = RedirectUri,
            ["response_type"] = "code",
            ["scope"] = EveryScope,
            ["state"] = "st ate&1",
            ["nonce"] = "n-1",
            ["code_challenge"] = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(Verifier))),
            ["code_challenge_method"] = "S256",
        };
        foreach (var (name, value) in changes) query[name] = value;
        return QueryHelpers.AddQueryString("/authorize", query.Where(pair => pair.Value is not null));
    }

    public async Task<string> Code(string hint = "alice+auto", string scope = EveryScope, string client = "shop")
    {
        var reply = await Get(AuthorizePath(("login_hint", hint), ("scope", scope), ("client_id", client)));
        reply.Callback.ShouldContainKey("code");
        return reply.Callback["code"];
    }

    public Task<Reply> Exchange(string code, string verifier = Verifier, string redirectUri = RedirectUri) => Post("/token",
        ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirectUri), ("code_verifier", verifier),
        ("client_id", "shop"), ("client_secret", "s3cret"));

    public Task<Reply> Refresh(string refreshToken, string? scope = null) => Post("/token", [
        ("grant_type", "refresh_token"), ("refresh_token", refreshToken), ("client_id", "shop"), ("client_secret", "s3cret"),
        .. scope is null ? [] : new[] { ("scope", scope) }]);

    public Task<Reply> Revoke(string token) => Post("/revoke", ("token", token), ("client_id", "shop"), ("client_secret", "s3cret"));

    public async Task<JsonNode> Connect(string hint = "alice+auto", string scope = EveryScope)
    {
        var reply = await Exchange(await Code(hint, scope));
        reply.Status.ShouldBe(HttpStatusCode.OK, reply.Body);
        return reply.Json;
    }
}
