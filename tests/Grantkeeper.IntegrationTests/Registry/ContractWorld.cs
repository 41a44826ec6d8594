using System.Text.Json.Nodes;
using Grantkeeper.Client.Contracts;
using Grantkeeper.IntegrationTests.Flows;
using Grantkeeper.Registry;
using Grantkeeper.Sandbox;
using Grantkeeper.Testing.Postgres;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;

namespace Grantkeeper.IntegrationTests.Registry;

/// <summary>A world with every simulated platform, the sandbox and a provider in code, and the one way to hold an answer against the contract.</summary>
internal sealed class ContractWorld : IAsyncDisposable
{
    private static readonly string[] TokenMembers = ["access_token", "refresh_token", "id_token"];

    private readonly PublishedSchema _schema;

    private ContractWorld(FlowWorld world, PublishedSchema schema) => (World, _schema) = (world, schema);

    /// <summary>The providers that can be connected here.</summary>
    public static IReadOnlyList<string> Keys { get; } = [.. PlatformSettings.Providers, "sandbox", "sample"];

    public FlowWorld World { get; }

    public IIntegrationRegistry Registry => World.Host.Services.GetRequiredService<IIntegrationRegistry>();

    public static async Task<ContractWorld> Start(IReadOnlyDictionary<string, string?>? more = null, TestDatabase? database = null)
    {
        // One user asks every operation of every provider here.
        var settings = new Dictionary<string, string?>(SampleProvider.Settings) { ["Grantkeeper:Limits:PerUser"] = "0" };
        foreach (var (name, value) in more ?? new Dictionary<string, string?>())
            settings[name] = value;
        var world = await FlowWorld.Start(
            HostKind.Server, settings, database, platforms: true, services: services => services.AddGrantkeeperProvider<SampleProvider>().AddGrantkeeperProvider<SampleProvider>(), callbacks: "sample");
        return new ContractWorld(world, await PublishedSchema.Of(world.Host));
    }

    /// <summary>The switches and counters of a provider's server.</summary>
    public SandboxState ServerOf(string key) => key is "sandbox" or "sample" ? World.Sandbox : World.Platform(key);

    /// <summary>Brings a user's browser back from the provider and gives what came with it, not yet handed in.</summary>
    public async Task<CallbackRequest> CallbackOf(string key, string user)
    {
        var (browser, callback, _) = await World.ReachCallback(user, provider: key);
        using (browser)
        {
            var parameters = QueryHelpers.ParseQuery(callback.Query);
            string? Value(string name) => parameters.TryGetValue(name, out var value) ? value.ToString() : null;
            return new CallbackRequest { UserId = user, Code = Value("code") ?? Value("signedInstance"), State = Value("state"), Iss = Value("iss") };
        }
    }

    /// <summary>A callback that belongs to no flow.</summary>
    public static CallbackRequest NoCallback(string user) => new() { UserId = user, Code = "a-code-of-nobody", State = "a-state-of-nobody" };

    /// <summary>
    /// Runs an operation by method for one user and over HTTP for another who is in the same situation. Both have to end in the
    /// same way, with every member that the published schema promises, and without a token.
    /// </summary>
    /// <returns>How they ended.</returns>
    public async Task<string> Run(ContractOperation operation, string key, CallbackRequest byMethod, CallbackRequest overHttp)
    {
        var place = $"{key} {operation.Name}";
        var inside = await operation.ByMethod(Registry.Get(key).Value, byMethod);
        var outside = await operation.OverHttp(World.Host, key, overHttp);
        if (inside.Code is null)
            _schema.Faults(inside.Value, operation.Schema).ShouldBeEmpty($"{place} by method");
        if (outside.Code is null)
            _schema.Faults(outside.Value, operation.Schema).ShouldBeEmpty($"{place} over HTTP");
        else
            PublishedSchema.FaultsOfProblem(outside.Value).ShouldBeEmpty($"{place} over HTTP");
        outside.Outcome.ShouldBe(inside.Outcome, place);
        foreach (var answer in new[] { inside.Value, outside.Value }.OfType<JsonNode>().Select(value => value.ToJsonString()))
            Tokens().ShouldAllBe(token => !answer.Contains(token, StringComparison.Ordinal), $"{place}: {answer}");
        return inside.Outcome;
    }

    /// <summary>Every token that any server here has handed out.</summary>
    public IReadOnlyList<string> Tokens() =>
        [.. World.Tap.Calls.SelectMany(call => TokenMembers.Select(call.Answered)).OfType<string>().Where(token => token.Length > 0).Distinct()];

    public ValueTask DisposeAsync() => World.DisposeAsync();
}
