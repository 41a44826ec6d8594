using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Grantkeeper.Client.Contracts;
using Grantkeeper.Errors;
using Grantkeeper.Http;
using Grantkeeper.IntegrationTests.Flows;
using Grantkeeper.Registry;

namespace Grantkeeper.IntegrationTests.Registry;

/// <summary>What an operation answered, by method or over HTTP, in one form.</summary>
/// <param name="Code">The code of the refusal; null when there is an answer.</param>
/// <param name="Value">The answer as JSON, or the problem.</param>
internal sealed record Answered(string? Code, JsonNode? Value)
{
    public static Answered Of<T>(Result<T> result) where T : class
    {
        if (result.TryGet(out var value, out var failure))
            return new Answered(null, JsonNode.Parse(JsonSerializer.Serialize(value.ShouldNotBeNull(), WireJson.Options)));
        failure.Message.ShouldNotBeNullOrWhiteSpace();
        return new Answered(failure.Code.Code, null);
    }

    public static Answered Of(FlowReply reply) => new(reply.Status == HttpStatusCode.OK ? null : reply.Code.ShouldNotBeNull(), reply.Json);

    /// <summary>How it ended in one word: ok, refused (the provider said no), or the code.</summary>
    public string Outcome => Code ?? (Value?["success"] is JsonValue success && !(bool)success ? "refused" : "ok");
}

/// <summary>One operation of the contract, in both of its forms.</summary>
/// <param name="Name">The method's name.</param>
/// <param name="Schema">The schema of its answer.</param>
/// <param name="ByMethod">Calls it in the process.</param>
/// <param name="OverHttp">Calls it over HTTP.</param>
internal sealed record ContractOperation(
    string Name, string Schema, Func<IIntegrationProvider, CallbackRequest, Task<Answered>> ByMethod, Func<FlowHost, string, CallbackRequest, Task<Answered>> OverHttp)
{
    public const string Refresh = nameof(IIntegrationProvider.Refresh);
    public const string Complete = nameof(IIntegrationProvider.Complete);
    public const string Disconnect = nameof(IIntegrationProvider.Disconnect);
    public const string GetAuthorizationUrl = nameof(IIntegrationProvider.GetAuthorizationUrl);
    public const string GetHealth = nameof(IIntegrationProvider.GetHealth);

    /// <summary>All of them; the callback names the user, and is what <c>Complete</c> hands in. Those that change something come last.</summary>
    public static IReadOnlyList<ContractOperation> All { get; } =
    [
        new(GetAuthorizationUrl, "AuthorizationUrl", async (provider, call) => Answered.Of(await provider.GetAuthorizationUrl(call.UserId!)), async (host, key, call) => Answered.Of(await host.Get($"/oauth/{key}/auth?user_id={call.UserId}"))),
        new(nameof(IIntegrationProvider.GetStatus), "ConnectionStatus", async (provider, call) => Answered.Of(await provider.GetStatus(call.UserId!)), async (host, key, call) => Answered.Of(await host.Get($"/oauth/{key}/status?user_id={call.UserId}"))),
        new(nameof(IIntegrationProvider.ListAccounts), "AccountList", async (provider, call) => Answered.Of(await provider.ListAccounts(call.UserId!)), async (host, key, call) => Answered.Of(await host.Get($"/oauth/{key}/accounts?user_id={call.UserId}"))),
        new(GetHealth, "ProviderHealth", async (provider, _) => Answered.Of(await provider.GetHealth()), async (host, key, _) => Answered.Of(await host.Get($"/oauth/{key}/health"))),
        new(Refresh, "RefreshAnswer", async (provider, call) => Answered.Of(await provider.Refresh(call.UserId!)), async (host, key, call) => Answered.Of(await host.Post($"/oauth/{key}/refresh", new { user_id = call.UserId }))),
        new(Complete, "CallbackAnswer", async (provider, call) => Answered.Of(await provider.Complete(call)),
            async (host, key, call) => Answered.Of(await host.Post($"/oauth/{key}/callback", new { user_id = call.UserId, code = call.Code, state = call.State, iss = call.Iss }))),
        new(Disconnect, "DisconnectAnswer", async (provider, call) => Answered.Of(await provider.Disconnect(call.UserId!)), async (host, key, call) => Answered.Of(await host.Post($"/oauth/{key}/disconnect", new { user_id = call.UserId }))),
    ];
}
