using Microsoft.Extensions.Logging;

namespace Grantkeeper.Outbox;

internal static partial class OutboxLog
{
    [LoggerMessage(1200, LogLevel.Information, "Outbox entry {Id} ({Kind}, try {Attempt}) ended with {Outcome}")]
    public static partial void Delivered(ILogger logger, string kind, Guid id, int attempt, string outcome);

    [LoggerMessage(1202, LogLevel.Error, "Outbox entry {Id} ({Kind}) could not be delivered because of a fault here; it is tried again")]
    public static partial void DeliveryFailed(ILogger logger, Exception exception, string kind, Guid id);

    [LoggerMessage(1203, LogLevel.Error, "A round of the outbox failed; the next one comes")]
    public static partial void RoundFailed(ILogger logger, Exception exception);

    [LoggerMessage(1201, LogLevel.Warning, "The outbox is waiting for the database")]
    public static partial void StorageUnavailable(ILogger logger);
}
