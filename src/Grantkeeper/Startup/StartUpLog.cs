using Microsoft.Extensions.Logging;

namespace Grantkeeper.Startup;

internal static partial class StartUpLog
{
    [LoggerMessage(900, LogLevel.Information, "Node {NodeId} is ready ({Environment})")]
    public static partial void Ready(ILogger logger, string nodeId, string environment);

    [LoggerMessage(901, LogLevel.Error, "The database is not reachable yet; requests are answered with 503 until it is. {Reason}")]
    public static partial void DatabaseMissing(ILogger logger, string reason);

    [LoggerMessage(902, LogLevel.Critical, "{Reason}")]
    public static partial void Refused(ILogger logger, string reason);
}
