using System.Net;
using System.Net.Sockets;
using Grantkeeper.Egress;

namespace Grantkeeper.Tests.Egress;

/// <summary>Answers name lookups from a script, keeps what was dialled, and refuses every connection.</summary>
internal sealed class FakeNetwork(params string[][] answers) : IEgressNetwork
{
    private int _lookups;

    public int Lookups => _lookups;

    public List<IPEndPoint> Dialled { get; } = [];

    public Task<IPAddress[]> Resolve(string host, CancellationToken cancellation)
    {
        var answer = answers[Math.Min(_lookups++, answers.Length - 1)];
        return Task.FromResult(answer.Select(IPAddress.Parse).ToArray());
    }

    public Task<Stream> Dial(IPEndPoint address, CancellationToken cancellation)
    {
        Dialled.Add(address);
        throw new SocketException((int)SocketError.ConnectionRefused);
    }
}
