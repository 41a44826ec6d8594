using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Grantkeeper.IntegrationTests.Client;

/// <summary>The proxy in front of several nodes: every request goes to the next of them, whoever sends it.</summary>
internal sealed class RoundRobin : IAsyncDisposable
{
    private static readonly HashSet<string> OfConnection = new(["Connection", "Keep-Alive", "Transfer-Encoding", "Upgrade"], StringComparer.OrdinalIgnoreCase);

    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });
    private readonly WebApplication _app;
    private readonly IReadOnlyList<string> _nodes;
    private readonly int[] _served;
    private int _requests = -1;

    private RoundRobin(WebApplication app, IReadOnlyList<string> nodes) => (_app, _nodes, _served) = (app, nodes, new int[nodes.Count]);

    /// <summary>How many requests each node has had.</summary>
    public IReadOnlyList<int> Served => _served;

    public static async Task<RoundRobin> Start(string origin, IReadOnlyList<string> nodes)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(origin);
        var app = builder.Build();
        var proxy = new RoundRobin(app, nodes);
        app.Run(proxy.Pass);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return proxy;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        _http.Dispose();
    }

    private async Task Pass(HttpContext http)
    {
        var node = Interlocked.Increment(ref _requests) % _nodes.Count;
        Interlocked.Increment(ref _served[node]);
        using var request = new HttpRequestMessage(new HttpMethod(http.Request.Method), _nodes[node] + http.Request.Path + http.Request.QueryString);
        if (http.Request.ContentLength > 0)
            request.Content = new StreamContent(http.Request.Body);
        foreach (var (name, values) in http.Request.Headers.Where(header => !OfConnection.Contains(header.Key)))
        {
            if (!request.Headers.TryAddWithoutValidation(name, values.ToArray()))
                request.Content?.Headers.TryAddWithoutValidation(name, values.ToArray());
        }

        using var response = await _http.SendAsync(request, http.RequestAborted);
        http.Response.StatusCode = (int)response.StatusCode;
        foreach (var (name, values) in response.Headers.Concat(response.Content.Headers).Where(header => !OfConnection.Contains(header.Key)))
            http.Response.Headers[name] = values.ToArray();
        await response.Content.CopyToAsync(http.Response.Body, http.RequestAborted);
    }
}
