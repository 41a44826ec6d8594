using Microsoft.Extensions.Logging;

namespace Grantkeeper.Providers;

internal static partial class ProvidersLog
{
    [LoggerMessage(1400, LogLevel.Error, "The stored client secret of {Provider} does not open with its key and place; the provider counts as not configured")]
    public static partial void ClientUnreadable(ILogger logger, string provider);
}
