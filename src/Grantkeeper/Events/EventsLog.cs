using Microsoft.Extensions.Logging;

namespace Grantkeeper.Events;

internal static partial class EventsLog
{
    [LoggerMessage(4200, LogLevel.Information, "{Provider} says that an account withdrew its grants; {Count} ended here")]
    public static partial void Withdrawn(ILogger logger, string provider, int count);

    [LoggerMessage(4201, LogLevel.Warning, "An event for {Provider} was not taken: {Fault}")]
    public static partial void Unverified(ILogger logger, string provider, string fault);
}
