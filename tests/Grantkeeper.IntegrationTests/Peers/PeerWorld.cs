using System.Net;
using Grantkeeper.IntegrationTests.Flows;
using Grantkeeper.Testing.Peers;
using Grantkeeper.Testing.Postgres;

namespace Grantkeeper.IntegrationTests.Peers;

/// <summary>A node whose provider is a server that this project did not write, and the application that sends its users there.</summary>
internal sealed class PeerWorld : IAsyncDisposable
{
    public const string Provider = "generic_oidc";
    public const string User = "user_1";

    /// <summary>Everything that the peer's clients may ask for.</summary>
    public static readonly string[] Scopes = ["openid", "profile", "email", "offline_access", "api:read", "api:write"];

    private PeerWorld(FlowHost host, OidcProviderPeer peer, OpenerSite site, TestDatabase database)
    {
        Host = host;
        Peer = peer;
        Site = site;
        Database = database;
    }

    public FlowHost Host { get; }

    public OidcProviderPeer Peer { get; }

    /// <summary>The product's own site, on the origin of FRONTEND_URL.</summary>
    public OpenerSite Site { get; }

    public TestDatabase Database { get; }

    public string Callback => $"{Host.Origin}/oauth/{Provider}/callback";

    public static async Task<PeerWorld> Start(string clientId = "odd:id", string? secret = OidcProviderPeer.OddSecret, IReadOnlyDictionary<string, string?>? more = null, TestDatabase? database = null,
        Func<OidcProviderOptions, OidcProviderOptions>? options = null, bool plain = false)
    {
        var port = FreePort.Next();
        var callback = $"http://localhost:{port}/oauth/{Provider}/callback";
        var usual = new OidcProviderOptions { RedirectUris = [callback], AccessTokenLifetime = TimeSpan.FromMinutes(10) };
        var peer = await OidcProviderPeer.Start(options?.Invoke(usual) ?? usual, TestContext.Current.CancellationToken);
        var site = await OpenerSite.Start();
        database ??= await (await TestCluster.Shared()).NewMigratedDatabase();
        var settings = new Dictionary<string, string?>
        {
            ["FRONTEND_URL"] = site.Origin,
            // Each test counts requests; what repeats does has tests of its own.
            ["Grantkeeper:Resilience:MaxRetries"] = "0",
            ["GENERIC_OIDC_CLIENT_ID"] = clientId,
            ["GENERIC_OIDC_CLIENT_SECRET"] = secret,
        };
        foreach (var (name, value) in plain ? Endpoints(peer) : new() { ["issuer"] = peer.Issuer })
            settings[$"Grantkeeper:Providers:{Provider}:{name}"] = value;
        if (clientId is "post" or "public")
            settings["Grantkeeper:Providers:generic_oidc:client_authentication"] = clientId == "post" ? "post" : "none";
        foreach (var (name, value) in more ?? new Dictionary<string, string?>())
            settings[name] = value;
        var host = await FlowHost.Start(HostKind.Server, database.Url, settings, port);
        site.BackEnd = host;
        return new PeerWorld(host, peer, site, database);
    }

    /// <summary>The peer as an OAuth 2 server without discovery and id_tokens.</summary>
    private static Dictionary<string, string> Endpoints(OidcProviderPeer peer) => new()
    {
        ["discovery"] = "false",
        ["authorization_endpoint"] = $"{peer.Endpoint(OidcProviderPeer.AuthorizationPath)}",
        ["token_endpoint"] = $"{peer.Endpoint(OidcProviderPeer.TokenPath)}",
        ["revocation_endpoint"] = $"{peer.Endpoint(OidcProviderPeer.RevocationPath)}",
        ["userinfo_endpoint"] = $"{peer.Endpoint(OidcProviderPeer.UserInfoPath)}",
        ["account:source"] = "userinfo",
    };

    /// <summary>Starts a connection over the API and returns the link for the user's browser and the flow's id.</summary>
    public async Task<(string Link, Guid FlowId)> Initiate(string hint = "alice", bool confirm = true, string? returnTo = null)
    {
        var started = await Host.Post("/api/v1/oauth/initiate", new
        {
            provider = Provider, user_id = User, login_hint = hint, confirm, scopes = Scopes, return_to = returnTo,
        });
        started.Status.ShouldBe(HttpStatusCode.OK, started.Body);
        return ((string)started.Json["authorization_url"]!, Guid.Parse((string)started.Json["flow_id"]!));
    }

    /// <summary>Lets a browser go as far as the callback's address, without opening it.</summary>
    public async Task<(FlowBrowser Browser, Uri Callback, Guid FlowId)> ReachCallback(string hint = "alice")
    {
        var (link, flowId) = await Initiate(hint, confirm: false);
        var browser = new FlowBrowser();
        return (browser, await browser.FollowUntil(link, Callback), flowId);
    }

    /// <summary>Connects an account without a real browser and returns the integration's id.</summary>
    public async Task<Guid> Connect(string hint = "alice")
    {
        var (browser, callback, flowId) = await ReachCallback(hint);
        using (browser)
            await browser.Open(callback);
        return await Completed(flowId);
    }

    /// <summary>The integration of a flow that must be completed.</summary>
    public async Task<Guid> Completed(Guid flowId)
    {
        var flow = await Flow(flowId);
        ((string)flow.Json["status"]!).ShouldBe("completed", flow.Body);
        return Guid.Parse((string)flow.Json["integration_id"]!);
    }

    public Task<FlowReply> Flow(Guid flowId) => Host.Get($"/api/v1/oauth/flows/{flowId}?user_id={User}");

    public Task<FlowReply> ReadToken(string more = "") => Host.Get($"/oauth/{Provider}/token?user_id={User}{more}");

    /// <summary>What the peer says about an access token.</summary>
    public async Task<FlowReply> UserInfo(FlowReply token)
    {
        using var browser = new FlowBrowser();
        var request = new HttpRequestMessage(HttpMethod.Get, Peer.Endpoint(OidcProviderPeer.UserInfoPath));
        request.Headers.Authorization = new("Bearer", (string)token.Json["access_token"]!);
        return await browser.Send(request);
    }

    /// <summary>Lets the stored access token be past its end.</summary>
    public Task Expire() => Sql("UPDATE oauth_tokens SET expires_at = now() - interval '1 second'");

    /// <summary>Lets the wait after a failure be over.</summary>
    public Task EndBackOff() => Sql("UPDATE oauth_tokens SET next_refresh_at = now() - interval '1 second'");

    public Task<object?> Sql(string sql) => Database.Cluster.ExecuteAsSuperuser(Database, sql);

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await Site.DisposeAsync();
        await Peer.DisposeAsync();
    }
}
