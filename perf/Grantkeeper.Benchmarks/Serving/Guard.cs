using System.Net.Http.Headers;
using Grantkeeper.Identity;
using Grantkeeper.Tokens;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Grantkeeper.Benchmarks.Serving;

/// <summary>
/// What authentication, permissions and limits cost a cached token read over HTTP: the route as it is, against the
/// same handler in the same process, open to anybody.
/// </summary>
internal static class Guard
{
    private const string Unguarded = "/unguarded";

    public static async Task<Figure> Run(Effort effort)
    {
        var anybody = new Caller("benchmark", Permissions.All.ToHashSet());
        await using var node = await EmbeddedNode.Start(map: app => app.MapGet(Unguarded + "/{provider}/token", TokenEndpoints.ReadAt).AddEndpointFilter((context, next) =>
        {
            context.HttpContext.Features.Set(anybody);
            return next(context);
        }));
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(node.Origin) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", EmbeddedNode.ApiKey);
        var results = await Measure.InTurns(
            effort, new Contender("unguarded", () => Get(http, $"{Unguarded}/sandbox/token?user_id={EmbeddedNode.User}")), new Contender("guarded", () => Get(http, $"/oauth/sandbox/token?user_id={EmbeddedNode.User}")));
        var share = Measure.Median(results["guarded"].Zip(results["unguarded"], (guarded, bare) => 100 * (guarded - bare) / guarded));
        return new Figure(
            "guard", "authentication, permissions and limits: share of a cached token read", share, "%", "≤ 15 %", share <= 15 ? Verdict.Ok : Verdict.Missed,
            $"{Measure.Median(results["unguarded"]) / 1000:0.0} µs without them, {Measure.Median(results["guarded"]) / 1000:0.0} µs with");
    }

    private static async Task Get(HttpClient http, string path)
    {
        using var answer = await http.GetAsync(path);
        answer.EnsureSuccessStatusCode();
        await answer.Content.ReadAsByteArrayAsync();
    }
}
