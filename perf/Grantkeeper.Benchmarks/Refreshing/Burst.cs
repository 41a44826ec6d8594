using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Grantkeeper.Benchmarks.Processes;

namespace Grantkeeper.Benchmarks.Refreshing;

/// <summary>
/// P3. A thousand readers at once, half of them on each of two nodes, want a token that an API has just refused: one request
/// at the provider, and nobody waits much longer than the provider takes. The same burst at an endpoint that does nothing,
/// in the same round, says what the machine needs for a thousand answers.
/// </summary>
internal static class Burst
{
    private const int Readers = 1000;
    private const int WarmUps = 10;
    private static readonly TimeSpan Latency = TimeSpan.FromMilliseconds(200);

    public static async Task<Figure> Run(Effort effort)
    {
        await using var bed = await Bed.New();
        await using var provider = await TokenProvider.Start(Latency, TimeSpan.FromHours(1));
        var id = (await Grants.Write(bed.Database, 1, (TimeProvider.System.GetUtcNow() + TimeSpan.FromDays(1), TimeSpan.FromSeconds(1))))[0];
        await using var one = await Node.Start(bed.Database, bed.NewFolder(), provider);
        await using var two = await Node.Start(bed.Database, bed.NewFolder(), provider);
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = Readers / 2, UseProxy = false });
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Node.ApiKey);
        string[] nodes = [one.Origin, two.Origin];
        var token = $"/api/v1/oauth/integrations/{id}/token";
        var (overs, bares, counts, errors) = (new List<double>(), new List<double>(), new List<long>(), 0);
        // Connections open, code compiled: the first rounds are not measured.
        for (var round = -WarmUps; round < effort.Rounds; round++)
        {
            var bare = Tail(await All(http, nodes, "/bare"));
            var generation = (await http.GetFromJsonAsync<Generation>(nodes[0] + token))!.generation;
            using (var rejected = await http.PostAsJsonAsync($"{nodes[0]}{token}/rejected", new { generation }))
                rejected.EnsureSuccessStatusCode();
            var before = (await TokenProvider.Counts(provider)).Requests;
            var answers = await All(http, nodes, token);
            var requests = (await TokenProvider.Counts(provider)).Requests - before;
            errors += answers.Count(answer => !answer.IsGood);
            counts.Add(requests);
            if (round < 0)
                continue;
            bares.Add(bare);
            overs.Add(Tail(answers) - Latency.TotalMilliseconds);
        }

        var (over, floor) = (Measure.Median(overs), Measure.Median(bares));
        var limit = Math.Max(50, 2 * floor);
        var isExact = counts.TrueForAll(count => count == 1) && errors == 0;
        return new Figure(
            "P3", $"{Readers} readers of one token on two nodes: p99 beyond the provider's 200 ms", over, "ms", $"≤ {limit:0} ms, 1 request", isExact && over <= limit ? Verdict.Ok : Verdict.Missed,
            $"requests at the provider: {string.Join(' ', counts)}; {errors} errors; the same burst at an endpoint that does nothing: p99 {floor:0} ms");
    }

    private static async Task<IReadOnlyList<(double Milliseconds, bool IsGood)>> All(HttpClient http, string[] nodes, string path)
    {
        var answers = new ConcurrentBag<(double, bool)>();
        await Task.WhenAll(Enumerable.Range(0, Readers).Select(async reader =>
        {
            var began = Stopwatch.GetTimestamp();
            using var answer = await http.GetAsync(nodes[reader % nodes.Length] + path);
            answers.Add((Stopwatch.GetElapsedTime(began).TotalMilliseconds, answer.IsSuccessStatusCode));
        }));
        return [.. answers];
    }

    private static double Tail(IReadOnlyList<(double Milliseconds, bool IsGood)> answers) => answers.Select(answer => answer.Milliseconds).Order().ElementAt((int)(answers.Count * 0.99));

    private sealed record Generation(long generation);
}
