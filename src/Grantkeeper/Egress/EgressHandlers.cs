using System.Net;

namespace Grantkeeper.Egress;

/// <summary>
/// Builds the handlers behind <see cref="IEgress"/>, one for each trust: a pooled connection that was opened for the operator
/// is never reused for an address that came from data.
/// </summary>
internal static class EgressHandlers
{
    private const int MaxResponseHeadersKibibytes = 32;

    /// <summary>A handler whose connections all pass through a <see cref="CheckedConnector"/>.</summary>
    public static SocketsHttpHandler Create(EgressOptions options, AddressRules rules, IEgressNetwork network, EgressTrust trust, TimeProvider time) => new()
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        // A compressed body could pass any limit on size after unpacking.
        AutomaticDecompression = DecompressionMethods.None,
        MaxResponseHeadersLength = MaxResponseHeadersKibibytes,
        // An answer that was given up is not read to its end; its connection is closed.
        MaxResponseDrainSize = 0,
        ConnectTimeout = options.ConnectTimeout,
        PooledConnectionLifetime = options.ConnectionLifetime,
        MaxConnectionsPerServer = options.MaxConnectionsPerServer,
        // Neither our trace ids go to others nor their URLs into our traces.
        ActivityHeadersPropagator = null,
        ConnectCallback = new CheckedConnector(options, rules, network, trust, time).Connect,
    };
}
