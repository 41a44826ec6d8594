using Grantkeeper.Client.Contracts;
using Grantkeeper.Connect;
using Grantkeeper.Sandbox;
using Grantkeeper.Sandbox.OAuth;
using Grantkeeper.Testing.Peers;
using Grantkeeper.Testing.Postgres;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Grantkeeper.Benchmarks;

/// <summary>An application that embeds Grantkeeper, with a real database, the sandbox, and one connected account.</summary>
internal sealed class EmbeddedNode : IAsyncDisposable
{
    public const string User = "42";
    public const string ApiKey = "gk_dev_key-of-the-benchmarks-0123456789abcdef";
    private readonly WebApplication _app;
    private readonly WebApplication _sandbox;

    private EmbeddedNode(WebApplication app, WebApplication sandbox, string origin) => (_app, _sandbox, Origin) = (app, sandbox, origin);

    public string Origin { get; }

    public IServiceProvider Services => _app.Services;

    /// <param name="fill">Writes into the database before the node starts.</param>
    /// <param name="map">Adds routes of the benchmark's own.</param>
    public static async Task<EmbeddedNode> Start(Func<TestDatabase, Task>? fill = null, Action<WebApplication>? map = null)
    {
        var database = await (await TestCluster.Shared()).NewMigratedDatabase();
        if (fill is not null)
            await fill(database);
        var origin = $"http://localhost:{FreePort.Next()}";
        var sandbox = SandboxApp.Build([], new SandboxOptions { Urls = "http://127.0.0.1:0", AutoConsent = true, Clients = [new ClientRegistration("app", "s3cret", [$"{origin}/oauth/sandbox/callback"])] });
        await sandbox.StartAsync();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(origin);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["DEPLOY_ENV"] = "development", ["FRONTEND_URL"] = origin, ["GRANTKEEPER_PUBLIC_URL"] = origin, ["GRANTKEEPER_SANDBOX"] = "true", ["GRANTKEEPER_API_KEY"] = ApiKey,
            ["USER_DATA_DATABASE_URL"] = database.Url, ["OAUTH_ENCRYPTION_KEY"] = TestCluster.Key.Reveal(),
            ["SANDBOX_CLIENT_ID"] = "app", ["SANDBOX_CLIENT_SECRET"] = "s3cret", ["Grantkeeper:Providers:sandbox:issuer"] = sandbox.Urls.First(),
        });
        builder.Services.AddGrantkeeper(builder.Configuration);
        var app = builder.Build();
        app.MapGrantkeeper();
        map?.Invoke(app);
        await app.StartAsync();
        var node = new EmbeddedNode(app, sandbox, origin);
        await node.Connect();
        return node;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        await _sandbox.DisposeAsync();
        await TestCluster.EndShared();
    }

    private async Task Connect()
    {
        var connections = Services.GetRequiredService<IConnections>();
        var started = (await connections.Start(new InitiateRequest { Provider = "sandbox", UserId = User, Confirm = false })).Value;
        using var browser = new HttpClient(new SocketsHttpHandler());
        using var page = await browser.GetAsync(started.AuthorizationUrl);
        if ((await connections.Accounts("sandbox", User)).Value.Accounts.Count == 0)
            throw new InvalidOperationException($"The sandbox could not be connected: {await page.Content.ReadAsStringAsync()}");
    }
}
