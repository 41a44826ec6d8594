using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Grantkeeper.Benchmarks.Processes;

/// <summary>
/// The role <c>provider</c>: a token endpoint that answers every refresh with new tokens after its latency, and with 429
/// when more requests than its limit came within its time. It counts what it saw.
/// </summary>
internal static class TokenProvider
{
    public const string Role = "provider";

    /// <summary>Starts one in a process of its own.</summary>
    /// <param name="latency">From the request to the answer.</param>
    /// <param name="expiresIn">How long its access tokens live.</param>
    /// <param name="limit">Requests in each time of <paramref name="per"/>; 0: none.</param>
    /// <param name="per">The time of the limit.</param>
    public static Task<Child> Start(TimeSpan latency, TimeSpan expiresIn, int limit = 0, TimeSpan per = default) => Child.Start(
        Role, [.. new[] { latency.TotalMilliseconds, expiresIn.TotalSeconds, limit, per.TotalMilliseconds }.Select(number => number.ToString(CultureInfo.InvariantCulture))]);

    public static async Task Run(string[] arguments)
    {
        var numbers = arguments.Select(argument => double.Parse(argument, CultureInfo.InvariantCulture)).ToArray();
        var (latency, expiresIn, limit, per) = (TimeSpan.FromMilliseconds(numbers[0]), (int)numbers[1], (int)numbers[2], TimeSpan.FromMilliseconds(numbers[3]));
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var app = builder.Build();
        var window = new Window(limit, per);
        long requests = 0, refused = 0;
        app.MapGet("/counts", () => $"{Interlocked.Read(ref requests)} {Interlocked.Read(ref refused)}");
        app.MapPost("/token", async http =>
        {
            var number = Interlocked.Increment(ref requests);
            if (!window.Admits())
            {
                Interlocked.Increment(ref refused);
                http.Response.StatusCode = StatusCodes.Status429TooManyRequests;
                return;
            }

            await Task.Delay(latency, TimeProvider.System);
            http.Response.ContentType = "application/json";
            await http.Response.WriteAsync($$"""{"access_token":"access-{{number:d32}}","refresh_token":"refresh-{{number:d32}}","token_type":"Bearer","expires_in":{{expiresIn}}}""");
        });
        await app.StartAsync();
        await Child.Serve(app.Urls.First());
    }

    /// <summary>Requests and refusals so far.</summary>
    public static async Task<(long Requests, long Refused)> Counts(Child provider)
    {
        using var http = new HttpClient(new SocketsHttpHandler());
        var counts = (await http.GetStringAsync($"{provider.Origin}/counts")).Split(' ').Select(long.Parse).ToArray();
        return (counts[0], counts[1]);
    }

    /// <summary>At most so many in every span of the time, wherever it begins: the strictest reading of a stated limit.</summary>
    private sealed class Window(int limit, TimeSpan per)
    {
        private readonly Queue<long> _admitted = new();

        public bool Admits()
        {
            if (limit == 0)
                return true;
            lock (_admitted)
            {
                var now = TimeProvider.System.GetTimestamp();
                while (_admitted.TryPeek(out var first) && TimeProvider.System.GetElapsedTime(first, now) >= per)
                    _admitted.Dequeue();
                if (_admitted.Count >= limit)
                    return false;
                _admitted.Enqueue(now);
                return true;
            }
        }
    }
}
