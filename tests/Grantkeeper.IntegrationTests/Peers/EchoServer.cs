using System.Net;
using System.Net.Sockets;
using Grantkeeper.Testing.Peers;

namespace Grantkeeper.IntegrationTests.Peers;

/// <summary>Sends back what it receives.</summary>
internal sealed class EchoServer : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly TcpListener _listener;
    private readonly Task _accepting;
    private long _received;

    public EchoServer()
    {
        Port = FreePort.Next();
        _listener = new TcpListener(IPAddress.Loopback, Port);
        _listener.Start();
        _accepting = Accept();
    }

    public int Port { get; }

    public long Received => Interlocked.Read(ref _received);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _accepting;
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task Accept()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
                connections.Add(Serve(await _listener.AcceptSocketAsync(_stop.Token)));
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task Serve(Socket socket)
    {
        using var connection = socket;
        var buffer = new byte[64 * 1024];
        try
        {
            while (await connection.ReceiveAsync(buffer, _stop.Token) is > 0 and var length)
            {
                Interlocked.Add(ref _received, length);
                for (var sent = 0; sent < length;)
                    sent += await connection.SendAsync(buffer.AsMemory(sent, length - sent), _stop.Token);
            }
        }
        catch (Exception ended) when (ended is SocketException or OperationCanceledException)
        {
            return; // The client, or the test, went away.
        }
    }
}
