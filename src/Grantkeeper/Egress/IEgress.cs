namespace Grantkeeper.Egress;

/// <summary>The only way out: every outbound request of the product is sent here, so that the rules on addresses hold everywhere.</summary>
internal interface IEgress
{
    /// <summary>
    /// Sends one request once and reads the answer whole. It never follows a redirect, never sends a body twice, and never
    /// throws for what the network or the other side does; only a request without an absolute URL is a bug of the caller.
    /// </summary>
    /// <param name="request">The request. Its content is used up, and disposed of with the request by the caller.</param>
    /// <param name="trust">Who wrote the address.</param>
    /// <param name="limits">Time and size; null for <see cref="EgressLimits.Default"/>.</param>
    /// <param name="cancellation">Gives up with <see cref="EgressFault.Cancelled"/>; it does not throw.</param>
    Task<EgressOutcome> Send(HttpRequestMessage request, EgressTrust trust, EgressLimits? limits = null, CancellationToken cancellation = default);
}
