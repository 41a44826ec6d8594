using Microsoft.Extensions.Logging;

namespace Grantkeeper.Http;

internal static partial class HttpLog
{
    [LoggerMessage(1500, LogLevel.Error, "PostgreSQL did not answer ({Kind})")]
    public static partial void StorageUnavailable(ILogger logger, string kind);

    [LoggerMessage(1501, LogLevel.Error, "Unexpected error, trace id {TraceId}")]
    public static partial void Unexpected(ILogger logger, Exception exception, string traceId);
}
