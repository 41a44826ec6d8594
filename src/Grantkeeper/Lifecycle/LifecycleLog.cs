using Microsoft.Extensions.Logging;

namespace Grantkeeper.Lifecycle;

internal static partial class LifecycleLog
{
    [LoggerMessage(4300, LogLevel.Error, "A bulk operation was interrupted; it goes on in a minute")]
    public static partial void BulkFailed(ILogger logger, Exception exception);
}
