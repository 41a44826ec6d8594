using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Grantkeeper.Tests.Egress;

/// <summary>A TCP server on loopback that does exactly what a test scripts for each connection, and keeps every request that it read.</summary>
internal sealed class RawServer : IAsyncDisposable
{
    public const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<RawServer, NetworkStream, int, Task> _script;
    private int _connections;

    public RawServer(Func<RawServer, NetworkStream, int, Task> script)
    {
        _script = script;
        _listener.Start();
        _ = Accept();
    }

    public ConcurrentQueue<string> Requests { get; } = new();

    public int Connections => Volatile.Read(ref _connections);

    public CancellationToken Stopping => _stop.Token;

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public Uri Url => new($"http://127.0.0.1:{Port}/path?secret=1");

    /// <summary>Answers every request on every connection with the same text.</summary>
    public static RawServer Answering(string answer) => new(async (server, stream, _) =>
    {
        while (await server.Read(stream) is not null) await Write(stream, answer);
    });

    /// <summary>Reads requests and says nothing, for as long as the test lasts.</summary>
    public static RawServer Silent() => new(async (server, stream, _) =>
    {
        await server.Read(stream);
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, server.Stopping);
    });

    public static Task Write(Stream stream, string text) => stream.WriteAsync(Encoding.ASCII.GetBytes(text)).AsTask();

    /// <summary>Reads one request with its body; null when the other side hung up.</summary>
    public async Task<string?> Read(Stream stream)
    {
        var text = new StringBuilder();
        var buffer = new byte[4096];
        while (!Complete(text.ToString()))
        {
            var count = await stream.ReadAsync(buffer, Stopping);
            if (count == 0) return null;
            text.Append(Encoding.ASCII.GetString(buffer, 0, count));
        }
        Requests.Enqueue(text.ToString());
        return text.ToString();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
    }

    private static bool Complete(string text)
    {
        var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (end < 0) return false;
        var length = text[..end].Split("\r\n").FirstOrDefault(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
        return text.Length - end - 4 >= (length is null ? 0 : int.Parse(length[15..]));
    }

    private async Task Accept()
    {
        try
        {
            while (true) _ = Serve(await _listener.AcceptTcpClientAsync(Stopping));
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task Serve(TcpClient client)
    {
        using (client)
        {
            try
            {
                await _script(this, client.GetStream(), Interlocked.Increment(ref _connections));
            }
            catch (Exception exception) when (exception is IOException or OperationCanceledException or SocketException)
            {
            }
        }
    }
}
