using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Grantkeeper.IntegrationTests.Pages;

/// <summary>A provider's API that answers what a test likes, even the token that it was called with.</summary>
internal sealed class EchoApi : IAsyncDisposable
{
    private readonly WebApplication _app;

    private EchoApi(WebApplication app) => _app = app;

    public string Origin => _app.Urls.First();

    public static async Task<EchoApi> Start(Func<string, string> answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.MapGet("/me", (HttpContext http) => Results.Text(answer(http.Request.Headers.Authorization.ToString().Split(' ')[^1]), "application/json"));
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new EchoApi(app);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
