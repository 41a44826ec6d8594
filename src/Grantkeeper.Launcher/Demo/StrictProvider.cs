using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Grantkeeper.Launcher.Processes;

namespace Grantkeeper.Launcher.Demo;

/// <summary>
/// The sandbox as a provider in another process: it replaces the refresh token with every use, and ends the grant when an
/// old one is shown. Its control addresses hold answers, so that an accident happens exactly when it should.
/// </summary>
internal sealed class StrictProvider : IAsyncDisposable
{
    private readonly DemoSurroundings _surroundings;
    private readonly Child _process;

    private StrictProvider(DemoSurroundings surroundings, Child process, string address)
    {
        _surroundings = surroundings;
        _process = process;
        Address = address;
    }

    public string Address { get; }

    /// <summary>Starts the process and waits until it serves.</summary>
    /// <param name="surroundings">What all processes share.</param>
    /// <param name="command">How to start it.</param>
    /// <param name="address">Where it listens.</param>
    /// <param name="clients">Client id, secret and redirect URI of those who may ask.</param>
    /// <param name="stop">Gives up.</param>
    public static async Task<StrictProvider> Start(
        DemoSurroundings surroundings, IReadOnlyList<string> command, string address, IEnumerable<(string Id, string Secret, string RedirectUri, string Method)> clients, CancellationToken stop)
    {
        var registrations = clients.Select(client => new
        {
            client_id = client.Id, client_secret = client.Secret, redirect_uris = (string[])[client.RedirectUri], token_endpoint_auth_method = client.Method,
        });
        var process = surroundings.Start("provider", command, new Dictionary<string, string>
        {
            ["ASPNETCORE_URLS"] = address, ["SANDBOX_CLIENTS"] = JsonSerializer.Serialize(registrations),
        });
        var provider = new StrictProvider(surroundings, process, address);
        try
        {
            await surroundings.Http.WaitUntilReady(process, address + "/.well-known/openid-configuration", surroundings.Patience, stop);
        }
        catch
        {
            await provider.DisposeAsync();
            throw;
        }

        return provider;
    }

    /// <summary>How long the next access tokens live.</summary>
    public Task SetLifetime(int seconds, CancellationToken stop) => Control(HttpMethod.Post, "settings", new { access_token_seconds = seconds }, stop);

    /// <summary>From now on every refresh is carried out and its answer held.</summary>
    public Task HoldRefreshes(CancellationToken stop) => Control(HttpMethod.Post, "faults", new { endpoint = "refresh", mode = "hold_answer", count = 0 }, stop);

    /// <summary>Refreshes are answered at once again; those that are held stay so.</summary>
    public Task HoldNoMore(CancellationToken stop) => Control(HttpMethod.Delete, "faults", null, stop);

    /// <summary>Completes when so many refreshes have been carried out and wait with their answers.</summary>
    public Task UntilHeld(int count, CancellationToken stop) => Control(HttpMethod.Get, $"held?at_least={count}", null, stop);

    /// <summary>Sends the held answers and returns when they are written, or cuts their connections.</summary>
    public Task Release(bool deliver, CancellationToken stop) => Control(HttpMethod.Post, "held/release", new { deliver }, stop);

    /// <summary>The ids of the grants that a client holds or held.</summary>
    public async Task<IReadOnlyCollection<string>> GrantsOf(string clientId, CancellationToken stop)
    {
        var all = (await Control(HttpMethod.Get, "grants", null, stop)).GetProperty("grants");
        return [.. all.EnumerateArray().Where(grant => grant.GetProperty("client_id").GetString() == clientId).Select(grant => grant.GetProperty("id").GetString()!)];
    }

    /// <summary>What has become of a grant.</summary>
    public async Task<GrantState> StateOf(string grantId, CancellationToken stop)
    {
        var grant = await Control(HttpMethod.Get, $"grants/{grantId}", null, stop);
        return new(grant.GetProperty("is_live").GetBoolean(), grant.GetProperty("refreshes").GetInt32(), grant.GetProperty("reuses").GetInt32());
    }

    /// <summary>True when the provider's API answers to this access token.</summary>
    public async Task<bool> Accepts(string accessToken, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Address + "/api/calendar/events");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", accessToken);
        return (await _surroundings.Http.Ask(request, DemoSurroundings.LongestRead, stop)).Status == 200;
    }

    public async ValueTask DisposeAsync()
    {
        await _process.Kill();
        await _process.DisposeAsync();
    }

    private async Task<JsonElement> Control(HttpMethod method, string path, object? body, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(method, $"{Address}/__sandbox/{path}");
        if (body is not null)
            request.Content = new StringContent(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
        var answer = await _surroundings.Http.Ask(request, _surroundings.Patience, stop);
        return answer.Status == 200
            ? answer.Json
            : throw new LaunchException($"The demo's provider answered {answer.Status} to {path.Split('?')[0]}. Are all programs of one build? Delete the artifacts folder and run ./run demo crash again.");
    }
}

/// <summary>What has become of a grant at the provider.</summary>
/// <param name="IsLive">It is in force.</param>
/// <param name="Refreshes">How often its token was replaced.</param>
/// <param name="Reuses">How often a replaced one was shown again.</param>
internal sealed record GrantState(bool IsLive, int Refreshes, int Reuses);
