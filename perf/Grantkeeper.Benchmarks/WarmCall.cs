using System.Collections.Concurrent;
using System.Net;
using Grantkeeper.Client;
using Grantkeeper.Client.Contracts;
using Grantkeeper.Encryption;
using Grantkeeper.Tokens;
using Microsoft.Extensions.DependencyInjection;

namespace Grantkeeper.Benchmarks;

/// <summary>
/// P9. A call through <c>AddConnectedAccount</c> whose token is in memory asks nobody and adds at most 5 µs; an embedded
/// <c>ITokens.Get</c> costs at most 1.5 times a lookup and a decryption.
/// </summary>
internal static class WarmCall
{
    private const double MostAdded = 5_000;

    public static async Task<IReadOnlyList<Figure>> Run(Effort effort)
    {
        await using var node = await EmbeddedNode.Start();
        var remote = new ServiceCollection();
        remote.AddGrantkeeperClient(node.Origin, EmbeddedNode.ApiKey);
        await using var overHttp = remote.BuildServiceProvider();
        return
        [
            await Handler(effort, "over HTTP", overHttp.GetRequiredService<IAccessTokenSource>()),
            await Handler(effort, "in process", node.Services.GetRequiredService<IAccessTokenSource>()),
            await Embedded(effort, node.Services),
        ];
    }

    /// <summary>The same client with and without the handler; the wire is left out, since its noise is larger than the bar.</summary>
    private static async Task<Figure> Handler(Effort effort, string how, IAccessTokenSource inner)
    {
        var source = new Counted(inner);
        var services = new ServiceCollection();
        services.AddSingleton<IAccessTokenSource>(source);
        services.AddHttpClient("bare").ConfigurePrimaryHttpMessageHandler(() => new Wire());
        services.AddHttpClient("account").ConfigurePrimaryHttpMessageHandler(() => new Wire()).AddConnectedAccount("sandbox", "calendar.readonly");
        await using var provider = services.BuildServiceProvider();
        var factory = provider.GetRequiredService<IHttpClientFactory>();
        var (bare, account) = (factory.CreateClient("bare"), factory.CreateClient("account"));
        var results = await Measure.InTurns(
            effort,
            new Contender("bare", () => Send(bare, new HttpRequestMessage(HttpMethod.Get, "https://api.example.com/events"))),
            new Contender("account", () => Send(account, new HttpRequestMessage(HttpMethod.Get, "https://api.example.com/events").ForUser(EmbeddedNode.User))));
        var asked = source.Asked;
        var added = Measure.Median(results["account"].Zip(results["bare"], (with, without) => with - without));
        return new Figure(
            "P9", $"warm call through the handler, token {how}: added", added / 1000, "µs", "≤ 5 µs, no request", added <= MostAdded && asked <= source.Allowed ? Verdict.Ok : Verdict.Missed,
            $"bare {Measure.Median(results["bare"]) / 1000:0.00} µs, with the handler {Measure.Median(results["account"]) / 1000:0.00} µs; Grantkeeper was asked {asked} times");
    }

    private static async Task<Figure> Embedded(Effort effort, IServiceProvider services)
    {
        var tokens = services.GetRequiredService<ITokens>();
        var box = services.GetRequiredService<SecretBox>();
        var salt = SecretBox.NewSalt();
        var place = new SealContext("benchmark", EmbeddedNode.User, Guid.NewGuid());
        var token = (await tokens.Get("sandbox", EmbeddedNode.User)).Value.AccessToken;
        var rows = new ConcurrentDictionary<(string, string), string> { [("sandbox", EmbeddedNode.User)] = box.Seal(token, place, salt) };
        var results = await Measure.InTurns(
            effort,
            new Contender("floor", () =>
            {
                if (box.Open(rows[("sandbox", EmbeddedNode.User)], place, salt) is null)
                    throw new InvalidOperationException("The benchmark's own ciphertext does not open.");
                return Task.CompletedTask;
            }),
            new Contender("get", async () => _ = (await tokens.Get("sandbox", EmbeddedNode.User)).Value));
        var ratio = Measure.Median(results["get"].Zip(results["floor"], (get, floor) => get / floor));
        return new Figure(
            "P9", "embedded ITokens.Get ÷ (one lookup + one decryption)", ratio, "×", "≤ 1.5 ×", ratio <= 1.5 ? Verdict.Ok : Verdict.Missed,
            $"{Measure.Median(results["get"]) / 1000:0.0} µs against {Measure.Median(results["floor"]) / 1000:0.00} µs");
    }

    private static async Task Send(HttpClient http, HttpRequestMessage request)
    {
        using (request)
        {
            using var response = await http.SendAsync(request);
            if (response.StatusCode != HttpStatusCode.OK)
                throw new InvalidOperationException("The call failed.");
        }
    }

    /// <summary>Stands where the network begins.</summary>
    private sealed class Wire : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { RequestMessage = request });
    }

    /// <summary>Counts the questions that reach Grantkeeper.</summary>
    private sealed class Counted(IAccessTokenSource inner) : IAccessTokenSource
    {
        private readonly long _start = TimeProvider.System.GetTimestamp();
        private int _asked;

        public int Asked => _asked;

        /// <summary>One, and one more for each minute of the run: a token is kept for sixty seconds.</summary>
        public int Allowed => 1 + (int)(TimeProvider.System.GetElapsedTime(_start).TotalSeconds / 60);

        public Task<Answer<AccessTokenAnswer>> Get(AccountTokenRequest request, CancellationToken cancellation)
        {
            Interlocked.Increment(ref _asked);
            return inner.Get(request, cancellation);
        }

        public Task<Answer<TokenRejectedAnswer>> Reject(AccountTokenRequest request, AccessTokenAnswer token, string? claims, CancellationToken cancellation) => inner.Reject(request, token, claims, cancellation);
    }
}
