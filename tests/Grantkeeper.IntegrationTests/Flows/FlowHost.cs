using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Security.Claims;
using System.Text;
using System.Text.Json;
using Grantkeeper.Server;
using Grantkeeper.Testing.Peers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Grantkeeper.IntegrationTests.Flows;

/// <summary>The two hosts of one engine.</summary>
public enum HostKind
{
    /// <summary>The stand-alone server.</summary>
    Server,

    /// <summary>An ASP.NET Core application that embeds Grantkeeper and signs its own users in.</summary>
    Embedded,
}

/// <summary>One node on a free loopback port: a real Kestrel, in this process.</summary>
internal sealed class FlowHost : IAsyncDisposable
{
    public const string ApiKey = "gk_dev_bootstrap-key-of-the-tests-0123456789abcdef";

    /// <summary>Signs a user in at the embedded host, as an application's own session would.</summary>
    public const string UserHeader = "X-Signed-In-User";

    private readonly WebApplication _app;

    private FlowHost(WebApplication app, string origin, LogSink logs)
    {
        _app = app;
        Origin = origin;
        Logs = logs;
    }

    public string Origin { get; }

    public LogSink Logs { get; }

    public IServiceProvider Services => _app.Services;

    /// <summary>Starts a node. Settings given here win over the usual ones; <paramref name="services"/> are the application's own.</summary>
    public static async Task<FlowHost> Start(HostKind kind, string databaseUrl, IReadOnlyDictionary<string, string?> settings, int? port = null, Action<IServiceCollection>? services = null, Action<WebApplication>? routes = null)
    {
        var logs = new LogSink();
        var number = port ?? FreePort.Next();
        var origin = $"http://localhost:{number}";
        var all = new Dictionary<string, string?>
        {
            ["DEPLOY_ENV"] = "development",
            ["FRONTEND_URL"] = origin,
            ["GRANTKEEPER_PUBLIC_URL"] = origin,
            ["GRANTKEEPER_API_KEY"] = ApiKey,
            // Tests count requests; what the worker renews by itself has tests of its own.
            ["Grantkeeper:Refresh:Ahead"] = "false",
            // Tests change rows behind the engine's back; what is served from memory has tests of its own.
            ["Grantkeeper:Cache:Life"] = "00:00:00",
            ["USER_DATA_DATABASE_URL"] = databaseUrl,
            ["OAUTH_ENCRYPTION_KEY"] = Grantkeeper.Testing.Postgres.TestCluster.Key.Reveal(),
            ["Urls"] = $"http://localhost:{number}",
        };
        foreach (var (name, value) in settings)
            all[name] = value;
        void Configure(WebApplicationBuilder builder)
        {
            builder.Configuration.AddInMemoryCollection(all);
            builder.Logging.ClearProviders().AddProvider(logs).SetMinimumLevel(LogLevel.Trace).AddFilter<LogSink>(null, LogLevel.Trace);
            builder.WebHost.UseUrls(all["Urls"]!);
            services?.Invoke(builder.Services);
        }

        var app = kind == HostKind.Server ? ServerBuilder.Build([], Configure) : Embedded(Configure, routes);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new FlowHost(app, all["GRANTKEEPER_PUBLIC_URL"] ?? origin, logs) { ListensOn = all["Urls"]! };
    }

    /// <summary>Where the node listens; differs from its public origin when several nodes share one.</summary>
    public required string ListensOn { get; init; }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    public Task<FlowReply> Get(string path, string? key = ApiKey) => Send(HttpMethod.Get, path, null, key);

    public Task<FlowReply> Post(string path, object? body = null, string? key = ApiKey) => Send(HttpMethod.Post, path, body ?? new { }, key);

    public Task<FlowReply> Delete(string path, string? key = ApiKey) => Send(HttpMethod.Delete, path, null, key);

    public async Task<FlowReply> Send(HttpMethod method, string path, object? body, string? key, CancellationToken cancellation = default)
    {
        using var browser = new FlowBrowser();
        var request = new HttpRequestMessage(method, ListensOn + path);
        if (key is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        if (body is not null)
            request.Content = new StringContent(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
        return await browser.Send(request, cancellation);
    }

    private static WebApplication Embedded(Action<WebApplicationBuilder> configure, Action<WebApplication>? routes)
    {
        var builder = WebApplication.CreateBuilder();
        configure(builder);
        builder.Services.AddGrantkeeper(builder.Configuration);
        var app = builder.Build();
        app.Use((http, next) =>
        {
            if (http.Request.Headers[UserHeader].ToString() is { Length: > 0 } user)
                http.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim("sub", user)], "host"));
            return next();
        });
        app.MapGrantkeeper();
        routes?.Invoke(app);
        return app;
    }
}

/// <summary>Every log line of a node, at every level.</summary>
internal sealed class LogSink : ILoggerProvider
{
    public ConcurrentQueue<string> Lines { get; } = new();

    public string Text => string.Join('\n', Lines);

    /// <summary>Waits for a line.</summary>
    public async Task Until(string part)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!Lines.Any(line => line.Contains(part, StringComparison.Ordinal)))
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
    }

    public ILogger CreateLogger(string categoryName) => new Sink(categoryName, Lines);

    public void Dispose()
    {
        // Nothing to release.
    }

    private sealed class Sink(string category, ConcurrentQueue<string> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull
        {
            lines.Enqueue($"scope {category} {state}");
            return null;
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lines.Enqueue($"{logLevel} {category} {eventId.Id} {formatter(state, exception)} {exception}");
            if (state is IEnumerable<KeyValuePair<string, object?>> values)
                lines.Enqueue(string.Join(' ', values.Select(value => $"{value.Key}={value.Value}")));
        }
    }
}
