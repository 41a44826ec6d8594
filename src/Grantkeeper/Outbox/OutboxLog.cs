using Microsoft.Extensions.Logging;

namespace Grantkeeper.Outbox;

internal static partial class OutboxLog
{
    [LoggerMessage(1200, LogLevel.Information, "Outbox entry {Id} ({Kind}, try {Attempt}) ended with {Outcome}")]
    public static partial void Delivered(ILogger logger, string kind, Guid id, int attempt, string outcome);

    [LoggerMessage(1201, LogLevel.Warning, "The outbox is waiting for the database")]
    public static partial void StorageUnavailable(ILogger logger);
}
