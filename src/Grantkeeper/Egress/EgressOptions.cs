using System.Net;

namespace Grantkeeper.Egress;

/// <summary>How this deployment calls out. The section is <c>Grantkeeper:Egress</c>.</summary>
internal sealed record EgressOptions
{
    /// <summary>
    /// Private or reserved networks that addresses written by the operator may lie in, for example <c>10.20.0.0/16</c>.
    /// None by default. Addresses that came from data never profit from it, and the unspecified, multicast and
    /// reserved ranges stay closed even if they are listed.
    /// </summary>
    public IReadOnlyList<IPNetwork> AllowedNetworks { get; init; } = [];

    /// <summary>
    /// True in development only: addresses written by the operator may be on loopback, with http too. False by default.
    /// </summary>
    public bool AllowLoopbackHttp { get; init; }

    /// <summary>Name lookup, TCP and TLS together. Above zero; 3 seconds by default.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Connections to one host and port at a time; further requests wait. At least 1; 512 by default.</summary>
    public int MaxConnectionsPerServer { get; init; } = 512;

    /// <summary>How long a connection is reused before its name is looked up and checked again. 2 to 5 minutes; 3 by default.</summary>
    public TimeSpan ConnectionLifetime { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>The User-Agent of requests that bring none; some providers refuse requests without one.</summary>
    public string UserAgent { get; init; } = "Grantkeeper";
}
