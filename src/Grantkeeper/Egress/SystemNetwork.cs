using System.Net;
using System.Net.Sockets;

namespace Grantkeeper.Egress;

/// <summary>The operating system's resolver and sockets.</summary>
internal sealed class SystemNetwork : IEgressNetwork
{
    /// <inheritdoc/>
    public Task<IPAddress[]> Resolve(string host, CancellationToken cancellation) => Dns.GetHostAddressesAsync(host, cancellation);

    /// <inheritdoc/>
    public async Task<Stream> Dial(IPEndPoint address, CancellationToken cancellation)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(address, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
