namespace Grantkeeper.Launcher.Demo;

/// <summary><c>samples/HandWritten</c>: the usual code.</summary>
internal sealed class HandWrittenContender : IContender
{
    private readonly DemoSurroundings _surroundings;

    /// <param name="surroundings">What all processes share.</param>
    /// <param name="command">How to start a node.</param>
    /// <param name="ports">The nodes' ports.</param>
    /// <param name="database">An Npgsql connection string.</param>
    /// <param name="provider">The provider's origin.</param>
    /// <param name="secret">The client secret.</param>
    public HandWrittenContender(
        DemoSurroundings surroundings, IReadOnlyList<string> command, IReadOnlyList<int> ports, string database, string provider, string secret)
    {
        _surroundings = surroundings;
        Nodes = [.. ports.Select((port, index) => new Node($"hand-written {index + 1}", command, port, "/", new Dictionary<string, string>
        {
            ["DATABASE"] = database,
            ["PROVIDER_URL"] = provider,
            ["CLIENT_ID"] = ClientId,
            ["CLIENT_SECRET"] = secret,
            ["REDIRECT_URI"] = RedirectUri(ports[0]),
        }, surroundings))];
    }

    public string Name => "hand-written";

    public string ClientId => "hand_written";

    public IReadOnlyList<Node> Nodes { get; }

    /// <summary>Where the provider sends browsers back to: the first node.</summary>
    public static string RedirectUri(int port) => $"http://localhost:{port}/callback";

    public async Task Connect(string user, CancellationToken stop)
    {
        var started = await Open($"{Nodes[0].Address}/connect/{user}?login_hint=alice%2Bauto", null, stop);
        var consented = await Open(started.Location!.AbsoluteUri, null, stop);
        var connected = await Open(consented.Location!.AbsoluteUri, started.Cookies, stop);
        if (connected.Status != 200)
            throw new LaunchException($"The hand-written sample could not connect an account: it answered {connected.Status}. {_surroundings.Folder}/log says more.");
    }

    public async Task<TokenRead> Read(Node node, string user, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{node.Address}/token/{user}");
        var answer = await _surroundings.Http.Ask(request, DemoSurroundings.LongestRead, stop);
        return new(answer.Status, answer.Status == 200 ? answer.Body : null, answer.Status == 409);
    }

    private async Task<LoopbackAnswer> Open(string address, string? cookies, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        if (cookies is not null)
            request.Headers.Add("Cookie", cookies);
        return await _surroundings.Http.Ask(request, DemoSurroundings.LongestRead, stop);
    }
}
