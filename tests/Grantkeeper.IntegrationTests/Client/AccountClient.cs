using System.Collections.Concurrent;
using Grantkeeper.Client;
using Grantkeeper.Client.Contracts;
using Grantkeeper.IntegrationTests.Flows;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Grantkeeper.IntegrationTests.Client;

/// <summary>An application that calls an API through connected accounts: over HTTP from the server, or in the process of the embedding host.</summary>
internal sealed class AccountClient : IAsyncDisposable
{
    /// <summary>How long an operation may take on a machine that does much else.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly ServiceProvider _services;

    private AccountClient(ServiceProvider services, Watched source, LogSink logs) => (_services, Source, Logs) = (services, source, logs);

    /// <summary>What was asked of Grantkeeper.</summary>
    public Watched Source { get; }

    /// <summary>Every log line of this application, at every level.</summary>
    public LogSink Logs { get; }

    public HttpClient Http => _services.GetRequiredService<IHttpClientFactory>().CreateClient("api");

    /// <summary>The handlers of that client without the client, as a retry around them uses them: the same request may come again.</summary>
    public HttpMessageHandler Handlers => _services.GetRequiredService<IHttpMessageHandlerFactory>().CreateHandler("api");

    public static AccountClient Of(FlowWorld world, HostKind kind, string? api = null, Action<ConnectedAccountOptions>? configure = null, Action<IServiceCollection>? more = null)
    {
        var logs = new LogSink();
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.AddProvider(logs).SetMinimumLevel(LogLevel.Trace));
        services.AddSingleton<IAccessTokenSource>(provider => new Watched(kind == HostKind.Server
            ? new HttpTokenSource(provider.GetRequiredService<IHttpClientFactory>())
            : world.Host.Services.GetRequiredService<IAccessTokenSource>()));
        services.AddGrantkeeperClient(world.Host.Origin, FlowHost.ApiKey);
        services.Configure<GrantkeeperClientOptions>(options => options.Timeout = Patience);
        services.AddHttpClient("api", http => http.BaseAddress = new Uri(api ?? world.SandboxOrigin))
            // Whoever narrows what is hidden in the log must not uncover the token.
            .RedactLoggedHeaders(["X-Other"])
            .AddConnectedAccount(options =>
            {
                options.Provider = "sandbox";
                configure?.Invoke(options);
            });
        more?.Invoke(services);
        var provider = services.BuildServiceProvider(validateScopes: true);
        return new AccountClient(provider, (Watched)provider.GetRequiredService<IAccessTokenSource>(), logs);
    }

    public Task<HttpResponseMessage> Get(string path, string user = "user_1", string? account = null) =>
        Http.SendAsync(new HttpRequestMessage(HttpMethod.Get, path).ForUser(user, account), TestContext.Current.CancellationToken);

    /// <summary>The refusal of a request that is not sent, or not answered.</summary>
    public async Task<ConnectedAccountException> Refusal(string path = "/api/me", string user = "user_1") =>
        await Should.ThrowAsync<ConnectedAccountException>(() => Get(path, user));

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    /// <summary>Counts what passes, and remembers the tokens.</summary>
    internal sealed class Watched(IAccessTokenSource inner) : IAccessTokenSource
    {
        private int _gets;

        public int Gets => _gets;

        public ConcurrentQueue<long> Rejections { get; } = new();

        public ConcurrentQueue<string> Tokens { get; } = new();

        public async Task<Answer<AccessTokenAnswer>> Get(AccountTokenRequest request, CancellationToken cancellation)
        {
            Interlocked.Increment(ref _gets);
            var answer = await inner.Get(request, cancellation);
            if (answer.IsSuccess)
                Tokens.Enqueue(answer.Value.AccessToken);
            return answer;
        }

        public Task<Answer<TokenRejectedAnswer>> Reject(AccountTokenRequest request, AccessTokenAnswer token, string? claims, CancellationToken cancellation)
        {
            Rejections.Enqueue(token.Generation);
            return inner.Reject(request, token, claims, cancellation);
        }
    }
}
