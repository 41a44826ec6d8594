using System.Net;
using System.Net.Sockets;

namespace Grantkeeper.Egress;

/// <summary>
/// Opens the connections of one handler: (1) judge the URL, (2) look the host up once, (3) judge every address, (4) connect
/// to one that was judged. There is no second lookup that could answer differently.
/// </summary>
internal sealed class CheckedConnector(EgressOptions options, AddressRules rules, IEgressNetwork network, EgressTrust trust, TimeProvider time)
{
    private const int MaxAttempts = 4;

    /// <summary>The connect callback of <see cref="SocketsHttpHandler"/>.</summary>
    /// <exception cref="AddressNotAllowedException">The URL or an address is not within reach.</exception>
    /// <exception cref="SocketException">The name is unknown, or nobody answers.</exception>
    public async ValueTask<Stream> Connect(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        // (1) The URL: the handler may be used without the caller having asked.
        var url = context.InitialRequestMessage.RequestUri!;
        if (!rules.Allows(url, trust)) throw new AddressNotAllowedException();

        // (2) One lookup.
        var host = context.DnsEndPoint.Host;
        var addresses = AddressRules.Literal(host) is { } literal ? [literal] : await network.Resolve(host, cancellation);
        if (addresses.Length == 0) throw new SocketException((int)SocketError.HostNotFound);

        // (3) One bad address spoils all.
        if (!rules.Allows(addresses, url, trust)) throw new AddressNotAllowedException();

        // (4) In the resolver's order, each with its share of the time.
        return await Dial([.. addresses.Take(MaxAttempts)], context.DnsEndPoint.Port, cancellation);
    }

    private async Task<Stream> Dial(IPAddress[] addresses, int port, CancellationToken cancellation)
    {
        for (var attempt = 0; ; attempt++)
        {
            using var share = new CancellationTokenSource(options.ConnectTimeout / addresses.Length, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(share.Token, cancellation);
            try
            {
                return await network.Dial(new IPEndPoint(addresses[attempt], port), either.Token);
            }
            catch (Exception exception) when (exception is SocketException or OperationCanceledException && !cancellation.IsCancellationRequested)
            {
                if (attempt == addresses.Length - 1) throw new SocketException((int)SocketError.TimedOut);
            }
        }
    }
}
