using Microsoft.Extensions.Logging;

namespace Grantkeeper.Providers;

internal static partial class ProvidersLog
{
    [LoggerMessage(1400, LogLevel.Error, "The stored client secret of {Provider} does not open with its key and place; the provider counts as not configured")]
    public static partial void ClientUnreadable(ILogger logger, string provider);

    [LoggerMessage(1401, LogLevel.Error, "Client registrations could not be looked at; what this node has seen stays in use")]
    public static partial void PollFailed(ILogger logger, Exception exception);
}
