using Microsoft.Extensions.Logging;

namespace Grantkeeper.Egress;

/// <summary>Log events 600 to 699. Never a path, a query, a header or a body.</summary>
internal static partial class EgressLog
{
    /// <summary>One outbound request, by host and outcome.</summary>
    [LoggerMessage(600, LogLevel.Debug, "Outbound {Method} to {Host} ended with {Outcome} after {Milliseconds} ms")]
    public static partial void Sent(ILogger logger, HttpMethod method, string host, EgressOutcome outcome, long milliseconds);
}
