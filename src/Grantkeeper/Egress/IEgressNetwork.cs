using System.Net;
using System.Net.Sockets;

namespace Grantkeeper.Egress;

/// <summary>The two things that egress asks of the operating system, so that tests can answer in its place.</summary>
internal interface IEgressNetwork
{
    /// <summary>Looks up every address of a host name; called once for each new connection.</summary>
    /// <exception cref="SocketException">The name has no address.</exception>
    Task<IPAddress[]> Resolve(string host, CancellationToken cancellation);

    /// <summary>Opens a TCP connection to an address that was checked.</summary>
    /// <exception cref="SocketException">Nobody answers there.</exception>
    Task<Stream> Dial(IPEndPoint address, CancellationToken cancellation);
}
