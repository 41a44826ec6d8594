using System.Net;
using Grantkeeper.Sandbox;
using Grantkeeper.Sandbox.Control;
using Grantkeeper.Sandbox.Faults;
using Grantkeeper.Sandbox.OAuth;
using Grantkeeper.Sandbox.Platforms;
using Grantkeeper.Testing.Peers;
using Grantkeeper.Testing.Postgres;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Grantkeeper.IntegrationTests.Flows;

/// <summary>A node, the sandbox as its provider, and a database of its own: everything a flow needs, all of it real.</summary>
internal sealed class FlowWorld : IAsyncDisposable
{
    public const string ClientSecret = "s3cret:with reserved+characters/%&=";

    /// <summary>Adds the providers of <c>Flows/Providers</c>: posting (form_post), second (another key), plain (no issuer). All are the sandbox.</summary>
    public static readonly IReadOnlyDictionary<string, string?> MoreProviders =
        new Dictionary<string, string?> { ["GRANTKEEPER_PROVIDERS_PATH"] = Path.Combine(AppContext.BaseDirectory, "Flows", "Providers") };

    private static readonly string[] Keys = ["sandbox", "posting", "second", "plain"];

    private readonly List<FlowHost> _hosts = [];
    private readonly WebApplication _sandbox;
    private readonly HostKind _kind;
    private readonly Dictionary<string, string?> _settings;

    private FlowWorld(HostKind kind, TestDatabase database, WebApplication sandbox, ProviderTap tap, Dictionary<string, string?> settings)
    {
        _kind = kind;
        Database = database;
        _sandbox = sandbox;
        Tap = tap;
        _settings = settings;
    }

    public TestDatabase Database { get; }

    public FlowHost Host => _hosts[0];

    /// <summary>What the first node was given, as an operator's environment would hold it.</summary>
    public Dictionary<string, string?> Settings => new(_settings)
    {
        ["DEPLOY_ENV"] = "development", ["FRONTEND_URL"] = Host.Origin, ["GRANTKEEPER_PUBLIC_URL"] = Host.Origin, ["GRANTKEEPER_API_KEY"] = FlowHost.ApiKey,
        ["USER_DATA_DATABASE_URL"] = Database.Url, ["OAUTH_ENCRYPTION_KEY"] = TestCluster.Key.Reveal(),
    };

    public string SandboxOrigin => _sandbox.Urls.First();

    /// <summary>What reached the sandbox, and what it answered.</summary>
    public ProviderTap Tap { get; }

    public SandboxState Sandbox => _sandbox.Services.GetRequiredService<SandboxState>();

    /// <summary>The memory of a simulated platform.</summary>
    public SandboxState Platform(string key) => _sandbox.Services.GetRequiredService<PlatformStates>()[key is "youtube" or "gsc" ? "google" : key];

    public Counters Counters => Sandbox.Counters;

    /// <param name="kind">Which host.</param>
    /// <param name="more">Further settings; <c>{sandbox}</c> in a value is the sandbox's origin.</param>
    /// <param name="database">A database instead of a new one.</param>
    /// <param name="platforms">Whether the eight platforms are configured too, with the sandbox's simulations as their servers.</param>
    /// <param name="services">Services of the application that the node belongs to.</param>
    /// <param name="routes">Routes of the application that embeds the node; only with <see cref="HostKind.Embedded"/>.</param>
    /// <param name="callbacks">Further callbacks of the client at the sandbox, by the keys in their paths; their providers are configured by <paramref name="more"/>.</param>
    /// <param name="asks">Whether the simulated platforms show their pages; else they grant everything at once.</param>
    public static async Task<FlowWorld> Start(HostKind kind, IReadOnlyDictionary<string, string?>? more = null, TestDatabase? database = null, bool platforms = false, bool asks = false, Action<IServiceCollection>? services = null, Action<WebApplication>? routes = null, params string[] callbacks)
    {
        string[] keys = platforms ? [.. Keys, .. PlatformSettings.Providers] : Keys;
        var port = FreePort.Next();
        var origin = $"http://localhost:{port}";
        var sandbox = SandboxApp.Build([], new SandboxOptions
        {
            Urls = "http://127.0.0.1:0",
            Clients = [new ClientRegistration("grantkeeper", ClientSecret, [.. keys.Concat(callbacks).Select(key => $"{origin}/oauth/{key}/callback")])],
            AutoConsent = platforms && !asks,
        });
        var tap = new ProviderTap();
        sandbox.Use(next => http => tap.Handle(http, next));
        await sandbox.StartAsync(TestContext.Current.CancellationToken);
        var settings = new Dictionary<string, string?>
        {
            ["GRANTKEEPER_SANDBOX"] = "true",
            // Each test breaks the provider on purpose and counts requests; what repeats and circuits do has tests of its own.
            ["Grantkeeper:Resilience:MaxRetries"] = "0",
            ["Grantkeeper:Resilience:FailureThreshold"] = "1000",
            // So have limits: many a test asks more of one user in a minute than a person does.
            ["Grantkeeper:Limits:PerUser"] = "0",
            ["Grantkeeper:Providers:plain:authorization_endpoint"] = sandbox.Urls.First() + "/authorize",
            ["Grantkeeper:Providers:plain:token_endpoint"] = sandbox.Urls.First() + "/token",
            ["Grantkeeper:Providers:plain:userinfo_endpoint"] = sandbox.Urls.First() + "/userinfo",
        };
        foreach (var (name, value) in platforms ? PlatformSettings.For(sandbox.Urls.First()) : new Dictionary<string, string>())
            settings[name.Replace("__", ":", StringComparison.Ordinal)] = value;
        if (platforms)
        {
            var states = sandbox.Services.GetRequiredService<PlatformStates>();
            settings["WIX_WEBHOOK_PUBLIC_KEY"] = WixEvents.PublicKey(states["wix"]);
            settings["WIX_OAUTH_LEGACY_WEBHOOK_PUBLIC_KEY"] = WixEvents.PublicKey(states["wix_oauth_legacy"]);
        }

        foreach (var key in keys)
        {
            settings[$"{key.ToUpperInvariant()}_CLIENT_ID"] = "grantkeeper";
            settings[$"{key.ToUpperInvariant()}_CLIENT_SECRET"] = ClientSecret;
            if (key != "plain" && Keys.Contains(key))
                settings[$"Grantkeeper:Providers:{key}:issuer"] = sandbox.Urls.First();
        }

        foreach (var (name, value) in more ?? new Dictionary<string, string?>())
            settings[name] = value?.Replace("{sandbox}", sandbox.Urls.First(), StringComparison.Ordinal);
        var world = new FlowWorld(kind, database ?? await (await TestCluster.Shared()).NewMigratedDatabase(), sandbox, tap, settings);
        world._hosts.Add(await FlowHost.Start(kind, world.Database.Url, settings, port, services, routes));
        return world;
    }

    /// <summary>Another node of the same deployment: same database, same public origin, another port.</summary>
    public async Task<FlowHost> AddNode(IReadOnlyDictionary<string, string?>? more = null)
    {
        var port = FreePort.Next();
        var settings = new Dictionary<string, string?>(_settings)
        {
            ["FRONTEND_URL"] = Host.Origin, ["GRANTKEEPER_PUBLIC_URL"] = Host.Origin, ["Urls"] = $"http://localhost:{port}",
        };
        foreach (var (name, value) in more ?? new Dictionary<string, string?>())
            settings[name] = value;
        var node = await FlowHost.Start(_kind, Database.Url, settings, port);
        _hosts.Add(node);
        return node;
    }

    /// <summary>The environment of a node of this deployment in a process of its own.</summary>
    public IReadOnlyDictionary<string, string> ProcessSettings(string dataPath)
    {
        var environment = new Dictionary<string, string>
        {
            ["DEPLOY_ENV"] = "development",
            ["FRONTEND_URL"] = Host.Origin,
            ["GRANTKEEPER_PUBLIC_URL"] = Host.Origin,
            ["GRANTKEEPER_API_KEY"] = FlowHost.ApiKey,
            ["GRANTKEEPER_DATA_PATH"] = dataPath,
            ["Grantkeeper__Refresh__Ahead"] = "false",
            ["Grantkeeper__Cache__Life"] = "00:00:00",
            ["USER_DATA_DATABASE_URL"] = Database.Url,
            ["OAUTH_ENCRYPTION_KEY"] = TestCluster.Key.Reveal(),
            ["ASPNETCORE_URLS"] = $"http://localhost:{FreePort.Next()}",
        };
        foreach (var (name, value) in _settings.Where(setting => setting.Value is not null))
            environment[name.Replace(":", "__", StringComparison.Ordinal)] = value!;
        return environment;
    }

    /// <summary>Breaks the sandbox: an endpoint and a mode, with further members as JSON.</summary>
    public async Task Break(string endpoint, string mode, string more = "")
    {
        using var browser = new FlowBrowser();
        var reply = await browser.Send(new HttpRequestMessage(HttpMethod.Post, SandboxOrigin + "/__sandbox/faults")
        {
            Content = new StringContent($$"""{"endpoint":"{{endpoint}}","mode":"{{mode}}"{{more}}}""", System.Text.Encoding.UTF8, "application/json"),
        });
        reply.Status.ShouldBe(HttpStatusCode.OK, reply.Body);
    }

    /// <summary>Breaks the sandbox from inside.</summary>
    public void Break(Fault fault) => Sandbox.Faults.Add(fault);

    /// <summary>Starts a flow and lets a browser go as far as the callback's address, without opening it.</summary>
    public async Task<(FlowBrowser Browser, Uri Callback, Guid FlowId)> ReachCallback(
        string user, string hint = "alice+auto", bool confirm = true, string provider = "sandbox", object? more = null, FlowBrowser? browser = null)
    {
        var body = new Dictionary<string, object?> { ["provider"] = provider, ["user_id"] = user, ["login_hint"] = hint, ["confirm"] = confirm };
        foreach (var property in more?.GetType().GetProperties() ?? [])
            body[property.Name] = property.GetValue(more);
        var started = await Host.Post("/api/v1/oauth/initiate", body);
        started.Status.ShouldBe(HttpStatusCode.OK, started.Body);
        browser ??= new FlowBrowser();
        var callback = await browser.FollowUntil((string)started.Json["authorization_url"]!, $"{Host.Origin}/oauth/{provider}/callback");
        return (browser, callback, Guid.Parse((string)started.Json["flow_id"]!));
    }

    /// <summary>Starts a flow at the provider that answers by form_post, and lets a browser go as far as the form that it is to post.</summary>
    public async Task<(FlowBrowser Browser, (string Name, string Value)[] Fields, Guid FlowId)> ReachForm(string user, bool confirm = true)
    {
        var started = await Host.Post("/api/v1/oauth/initiate", new { provider = "posting", user_id = user, login_hint = "alice+auto", confirm });
        started.Status.ShouldBe(HttpStatusCode.OK, started.Body);
        var browser = new FlowBrowser();
        var page = await browser.Open((await browser.Open((string)started.Json["authorization_url"]!)).Location!);
        return (browser, PopupPage.FieldsOf(page), Guid.Parse((string)started.Json["flow_id"]!));
    }

    /// <summary>Connects an account from start to end and returns the integration's id.</summary>
    public async Task<Guid> Connect(string user, string hint = "alice+auto", string provider = "sandbox", object? more = null)
    {
        var (browser, callback, flowId) = await ReachCallback(user, hint, confirm: false, provider, more);
        using (browser)
        {
            var page = await browser.Open(callback);
            page.Status.ShouldBe(HttpStatusCode.OK, page.Body);
        }

        var flow = await Host.Get($"/api/v1/oauth/flows/{flowId}?user_id={user}");
        ((string)flow.Json["status"]!).ShouldBe("completed", flow.Body);
        return Guid.Parse((string)flow.Json["integration_id"]!);
    }

    /// <summary>A flow's answer, as its user sees it.</summary>
    public Task<FlowReply> Flow(Guid flowId, string user) => Host.Get($"/api/v1/oauth/flows/{flowId}?user_id={user}");

    /// <summary>Lets the stored access token be past its end.</summary>
    public Task Expire(Guid integrationId) => Sql($"UPDATE oauth_tokens SET expires_at = now() - interval '1 second' WHERE integration_id = '{integrationId}'");

    /// <summary>Waits for something that goes on without the caller who began it; the database is asked until it says true.</summary>
    public async Task Until(string sql)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!true.Equals(await Sql(sql)))
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
    }

    public async Task<object?> Sql(string sql) => await Database.Cluster.ExecuteAsSuperuser(Database, sql);

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
            await host.DisposeAsync();
        await _sandbox.StopAsync();
        await _sandbox.DisposeAsync();
    }
}
