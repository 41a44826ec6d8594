using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Grantkeeper.Benchmarks.Refreshing;

namespace Grantkeeper.Benchmarks.Serving;

/// <summary>
/// R278 to R281: what the design documents ask of a service with many users, at a fifth of their times, over HTTP and with
/// a hundred thousand integrations beside the ones that are measured (quick: ten thousand). Whole connects go with real
/// redirects through the sandbox, which shares the machine.
/// </summary>
internal static class Documents
{
    private const int AtOnce = 20;
    private const int Flows = 200;
    private const int AccountsOfOne = 1000;
    private const string Heavy = "heavy";

    public static async Task<IReadOnlyList<Figure>> Run(Effort effort)
    {
        var isFull = effort == Effort.Full;
        using var queries = new QueryTimes();
        await using var node = await EmbeddedNode.Start(async database =>
        {
            await Grants.Write(database, isFull ? 100_000 : 10_000, (TimeProvider.System.GetUtcNow() + TimeSpan.FromDays(1), TimeSpan.FromDays(1)));
            await Accounts.Write(database, Heavy, AccountsOfOne);
        });
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = Flows, UseProxy = false, AllowAutoRedirect = false }) { BaseAddress = new Uri(node.Origin) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", EmbeddedNode.ApiKey);

        await Connects(http, 20);
        queries.Clear();
        var connects = await Connects(http, Flows);
        var burst = queries.Tail();
        queries.Clear();
        var requests = isFull ? 4000 : 1000;
        var status = await Load(requests, number => http.GetAsync($"/oauth/sandbox/status?user_id=bench-{number % Flows}"));
        var list = await Load(requests, number => http.GetAsync($"/api/v1/oauth/integrations?user_id=bench-{number % Flows}"));
        var initiate = await Load(requests, number => http.PostAsJsonAsync("/api/v1/oauth/initiate", new { provider = "sandbox", user_id = $"start-{number}" }));
        var refresh = await Load(Flows, number => http.PostAsJsonAsync("/oauth/sandbox/refresh", new { user_id = $"bench-{number}" }));
        var query = queries.Tail();
        // One reader: the bar is what a page of one user waits for.
        var heavyList = await Load(requests / 4, _ => http.GetAsync($"/api/v1/oauth/integrations?user_id={Heavy}&limit=200"), 1);
        var heavyStatus = await Load(requests / 4, _ => http.GetAsync($"/oauth/sandbox/status?user_id={Heavy}"), 1);
        var beside = $"{(isFull ? 100_000 : 10_000):N0} integrations";
        return
        [
            Of("R278", $"status, list, initiate, {AtOnce} at once, {beside}: p95 of the slowest", new[] { status, list, initiate }.Max(tail => tail.P95), 400, $"status {status}, list {list}, initiate {initiate}"),
            Of("R279", $"forced refresh, {AtOnce} at once: p95", refresh.P95, 200, $"{refresh}; the sandbox answers at once"),
            Of("R280", "database commands of all that: p95", query.P95, 20, $"{query.Count:N0} commands, the longest {query.Longest:0.0} ms; of {Flows} whole connects at once p95 {burst.P95:0.0} ms"),
            new Figure("R281", $"{Flows} whole connects at once: errors", connects.Errors, "", "0", connects.Errors == 0 ? Verdict.Ok : Verdict.Missed, $"{connects}"),
            Of("lists", $"list and status of a user with {AccountsOfOne:N0} integrations: p95", Math.Max(heavyList.P95, heavyStatus.P95), 20, $"list of 200 {heavyList}, status {heavyStatus}"),
        ];
    }

    private static Figure Of(string bar, string what, double milliseconds, double limit, string note) =>
        new(bar, what, milliseconds, "ms", $"≤ {limit:0} ms", milliseconds <= limit ? Verdict.Ok : Verdict.Missed, note);

    private static async Task<Tail> Load(int count, Func<int, Task<HttpResponseMessage>> send, int atOnce = AtOnce)
    {
        var (times, errors) = (new ConcurrentBag<double>(), 0);
        await Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = atOnce }, async (number, _) =>
        {
            var began = Stopwatch.GetTimestamp();
            using var answer = await send(number);
            await answer.Content.ReadAsByteArrayAsync(CancellationToken.None);
            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            if (!answer.IsSuccessStatusCode)
                Interlocked.Increment(ref errors);
        });
        return errors == 0 ? Tail.Of(times, 0) : throw new InvalidOperationException($"{errors} of {count} requests were refused.");
    }

    /// <summary>Initiate, start link, the provider's page, callback: as a browser goes.</summary>
    private static async Task<Tail> Connects(HttpClient http, int count)
    {
        var (times, errors) = (new ConcurrentBag<double>(), 0);
        await Task.WhenAll(Enumerable.Range(0, count).Select(async number =>
        {
            using var browser = new HttpClient(new SocketsHttpHandler { UseProxy = false });
            var began = Stopwatch.GetTimestamp();
            using var started = await http.PostAsJsonAsync("/api/v1/oauth/initiate", new { provider = "sandbox", user_id = $"bench-{number}", confirm = false });
            using var json = JsonDocument.Parse(await started.Content.ReadAsStringAsync());
            if (json.RootElement.TryGetProperty("authorization_url", out var url))
            {
                using var page = await browser.GetAsync(url.GetString());
                using var flow = JsonDocument.Parse(await http.GetStringAsync($"/api/v1/oauth/flows/{json.RootElement.GetProperty("flow_id").GetString()}?user_id=bench-{number}"));
                if (flow.RootElement.GetProperty("status").GetString() == "completed")
                {
                    times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                    return;
                }
            }

            Interlocked.Increment(ref errors);
        }));
        return Tail.Of(times, errors);
    }

    /// <summary>Times of many like operations, in milliseconds.</summary>
    private sealed record Tail(int Count, double P50, double P95, double Longest, int Errors)
    {
        public static Tail Of(IEnumerable<double> times, int errors)
        {
            var sorted = times.Order().ToArray();
            return sorted.Length == 0 ? new Tail(0, 0, 0, 0, errors) : new Tail(sorted.Length, sorted[sorted.Length / 2], sorted[(int)(sorted.Length * 0.95)], sorted[^1], errors);
        }

        public override string ToString() => $"p50 {P50:0.0}, p95 {P95:0.0}, longest {Longest:0.0} ms";
    }

    /// <summary>Listens to the driver's own clock: every command of this process.</summary>
    private sealed class QueryTimes : IDisposable
    {
        private readonly ConcurrentBag<double> _seconds = [];
        private readonly MeterListener _listener = new();

        public QueryTimes()
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == "Npgsql" && instrument.Name is "db.client.operation.duration" or "db.client.commands.duration")
                    listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<double>((_, value, _, _) => _seconds.Add(value));
            _listener.Start();
        }

        public void Clear() => _seconds.Clear();

        public Tail Tail() => _seconds.IsEmpty ? throw new InvalidOperationException("The driver has told of no command.") : Documents.Tail.Of(_seconds.Select(seconds => seconds * 1000), 0);

        public void Dispose() => _listener.Dispose();
    }
}
