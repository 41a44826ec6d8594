using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Grantkeeper.IntegrationTests.Storage;

/// <summary>
/// Stands between a client and PostgreSQL and reads what the client says: counts the points at which it waits for an
/// answer, and can lose an answer after the server has done the work.
/// </summary>
internal sealed class WireProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ends = new();
    private readonly int _server;
    private readonly Task _accepting;
    private int _roundTrips;
    private int _connections;

    public WireProxy(int server)
    {
        _server = server;
        _listener.Start();
        _accepting = Accept();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Sync, Flush and simple-query messages: each is a wait for the server.</summary>
    public int RoundTrips => _roundTrips;

    public int Connections => _connections;

    /// <summary>The answer to a message that contains this text is lost, once for each count of <see cref="Losses"/>.</summary>
    public string? LoseAnswerTo { get; set; }

    public int Losses { get; set; } = 1;

    public string Url(string url) => url.Replace($":{_server}/", $":{Port}/", StringComparison.Ordinal) + "?sslmode=disable";

    public async ValueTask DisposeAsync()
    {
        await _ends.CancelAsync();
        _listener.Stop();
        await _accepting;
        _ends.Dispose();
    }

    private async Task Accept()
    {
        var pumps = new List<Task>();
        try
        {
            while (true)
                pumps.Add(Serve(await _listener.AcceptTcpClientAsync(_ends.Token)));
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException)
        {
            // The test is over.
        }

        await Task.WhenAll(pumps);
    }

    private async Task Serve(TcpClient client)
    {
        Interlocked.Increment(ref _connections);
        using var fromClient = client;
        using var toServer = new TcpClient();
        try
        {
            await toServer.ConnectAsync(IPAddress.Loopback, _server, _ends.Token);
            client.NoDelay = toServer.NoDelay = true;
            var link = new Link(client.GetStream(), toServer.GetStream());
            await Task.WhenAny(Answers(link), Requests(link));
        }
        catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException)
        {
            // One side is gone; the other side is closed with it.
        }
    }

    private async Task Requests(Link link)
    {
        try
        {
            // The start-up message has no type.
            await Forward(link, null);
            while (await Forward(link, link.Type))
                continue;
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // See above.
        }
    }

    private async Task<bool> Forward(Link link, byte[]? type)
    {
        if (type is not null && await link.Client.ReadAtLeastAsync(type, 1, throwOnEndOfStream: false, _ends.Token) == 0)
            return false;
        var length = new byte[4];
        await link.Client.ReadExactlyAsync(length, _ends.Token);
        var body = new byte[BinaryPrimitives.ReadInt32BigEndian(length) - 4];
        await link.Client.ReadExactlyAsync(body, _ends.Token);
        if (type is not null && (char)type[0] is 'S' or 'H' or 'Q')
            Interlocked.Increment(ref _roundTrips);
        if (type is not null && LoseAnswerTo is { } text && Losses > 0 && Encoding.UTF8.GetString(body).Contains(text, StringComparison.Ordinal))
        {
            Losses--;
            link.LosesAnswer = true;
        }

        byte[] message = [.. type ?? [], .. length, .. body];
        await link.Server.WriteAsync(message, _ends.Token);
        return true;
    }

    private async Task Answers(Link link)
    {
        try
        {
            var buffer = new byte[8192];
            int read;
            while ((read = await link.Server.ReadAsync(buffer, _ends.Token)) > 0 && !link.LosesAnswer)
                await link.Client.WriteAsync(buffer.AsMemory(0, read), _ends.Token);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // See above.
        }
    }

    private sealed class Link(Stream client, Stream server)
    {
        public Stream Client { get; } = client;

        public Stream Server { get; } = server;

        public byte[] Type { get; } = new byte[1];

        public volatile bool LosesAnswer;
    }
}
