using Microsoft.Extensions.Logging;

namespace Grantkeeper.Monitoring;

internal static partial class MonitoringLog
{
    [LoggerMessage(4100, LogLevel.Warning, "Grants that are due wait for the database")]
    public static partial void DueWaits(ILogger logger);
}
