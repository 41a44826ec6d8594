using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Web;

namespace Grantkeeper.Launcher.Demo;

/// <summary>Grantkeeper.Server, as a product runs it: two nodes, each with a data folder of its own.</summary>
internal sealed class GrantkeeperContender : IContender
{
    private readonly DemoSurroundings _surroundings;
    private readonly string _apiKey = "gk_dev_" + SecretFile.NewSecret();

    /// <param name="surroundings">What all processes share.</param>
    /// <param name="command">How to start a node.</param>
    /// <param name="ports">The nodes' ports.</param>
    /// <param name="databaseUrl">The database.</param>
    /// <param name="provider">The provider's origin.</param>
    /// <param name="secret">The client secret.</param>
    public GrantkeeperContender(
        DemoSurroundings surroundings, IReadOnlyList<string> command, IReadOnlyList<int> ports, string databaseUrl, string provider, string secret)
    {
        _surroundings = surroundings;
        var encryptionKey = Convert.ToBase64String(System.Security.Cryptography.RandomNumberGenerator.GetBytes(32));
        Nodes = [.. ports.Select((port, index) => new Node($"grantkeeper {index + 1}", command, port, "/health/ready", new Dictionary<string, string>
        {
            ["DEPLOY_ENV"] = "development",
            ["FRONTEND_URL"] = PublicUrl(ports[0]),
            ["GRANTKEEPER_PUBLIC_URL"] = PublicUrl(ports[0]),
            ["GRANTKEEPER_API_KEY"] = _apiKey,
            // A node that is started again finds what it had written down before it was killed.
            ["GRANTKEEPER_DATA_PATH"] = Path.Combine(surroundings.Folder, $"grantkeeper-{index + 1}"),
            ["OAUTH_ENCRYPTION_KEY"] = encryptionKey,
            ["USER_DATA_DATABASE_URL"] = databaseUrl,
            ["GRANTKEEPER_SANDBOX"] = "true",
            // The accidents happen to refreshes that somebody asked for; the worker would renew the same grants meanwhile.
            ["Grantkeeper__Refresh__Ahead"] = "false",
            ["Grantkeeper__Providers__sandbox__issuer"] = provider,
            ["SANDBOX_CLIENT_ID"] = ClientId,
            ["SANDBOX_CLIENT_SECRET"] = secret,
        }, surroundings))];
    }

    public string Name => "Grantkeeper";

    public string ClientId => "grantkeeper";

    public IReadOnlyList<Node> Nodes { get; }

    /// <summary>Where the provider sends browsers back to: the first node.</summary>
    public static string RedirectUri(int port) => PublicUrl(port) + "/oauth/sandbox/callback";

    public async Task Connect(string user, CancellationToken stop)
    {
        var started = await Api(HttpMethod.Get, $"{Nodes[0].Address}/oauth/sandbox/auth?user_id={user}&login_hint=alice%2Bauto", null, stop);
        var atProvider = started.Json.GetProperty("details").GetProperty("provider_authorization_url").GetString()!;
        using var consent = new HttpRequestMessage(HttpMethod.Get, atProvider);
        var consented = await _surroundings.Http.Ask(consent, DemoSurroundings.LongestRead, stop);
        var parameters = HttpUtility.ParseQueryString(consented.Location!.Query);
        var body = JsonSerializer.Serialize(new { code = parameters["code"], state = parameters["state"], iss = parameters["iss"], user_id = user });
        var connected = await Api(HttpMethod.Post, $"{Nodes[0].Address}/oauth/sandbox/callback", body, stop);
        if (connected.Status != 200 || !connected.Json.GetProperty("success").GetBoolean())
            throw new LaunchException($"Grantkeeper could not connect an account: it answered {connected.Status}. {_surroundings.Folder}/log says more.");
    }

    public async Task<TokenRead> Read(Node node, string user, CancellationToken stop)
    {
        var answer = await Api(HttpMethod.Get, $"{node.Address}/oauth/sandbox/token?user_id={user}", null, stop);
        var json = answer.Json;
        return answer.Status == 200
            ? new(200, json.GetProperty("access_token").GetString(), false)
            : new(answer.Status, null, json.GetProperty("code").GetString() == "tokens.reauthorization_required");
    }

    private static string PublicUrl(int port) => $"http://localhost:{port}";

    private async Task<LoopbackAnswer> Api(HttpMethod method, string address, string? json, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(method, address);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _apiKey);
        if (json is not null)
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        return await _surroundings.Http.Ask(request, DemoSurroundings.LongestRead, stop);
    }
}
