using Microsoft.Extensions.Logging;

namespace Grantkeeper.Consents;

internal static partial class ConsentsLog
{
    [LoggerMessage(3000, LogLevel.Error, "The scope catalogue could not be written to the database; it is tried again")]
    public static partial void ScopesNotWritten(ILogger logger, Exception exception);
}
