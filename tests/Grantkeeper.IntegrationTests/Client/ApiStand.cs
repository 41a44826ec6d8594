using System.Collections.Concurrent;
using Grantkeeper.Testing.Peers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Grantkeeper.IntegrationTests.Client;

/// <summary>One request that reached an API.</summary>
internal sealed record ApiCall(string Method, string Path, string? Token, string Body);

/// <summary>An API that a test scripts: a real Kestrel on a loopback port of its own.</summary>
internal sealed class ApiStand : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ApiStand(WebApplication app, string origin) => (_app, Origin) = (app, origin);

    public string Origin { get; }

    public ConcurrentQueue<ApiCall> Calls { get; } = new();

    /// <summary>How a call is answered; the default answers 200.</summary>
    public Func<ApiCall, HttpContext, Task> Answer { get; set; } = (_, _) => Task.CompletedTask;

    public static async Task<ApiStand> Start()
    {
        var origin = $"http://127.0.0.1:{FreePort.Next()}";
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(origin);
        var app = builder.Build();
        var stand = new ApiStand(app, origin);
        app.Run(stand.Handle);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return stand;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    /// <summary>Refuses a call as RFC 6750 says, or without a challenge.</summary>
    public static Task Challenge(HttpContext http, int status, string? challenge)
    {
        http.Response.StatusCode = status;
        http.Response.Headers.WWWAuthenticate = challenge;
        return Task.CompletedTask;
    }

    private async Task Handle(HttpContext http)
    {
        using var reader = new StreamReader(http.Request.Body);
        var authorization = http.Request.Headers.Authorization.ToString();
        var call = new ApiCall(
            http.Request.Method, http.Request.Path, authorization.StartsWith("Bearer ", StringComparison.Ordinal) ? authorization["Bearer ".Length..] : null, await reader.ReadToEndAsync());
        Calls.Enqueue(call);
        await Answer(call, http);
    }
}
