using Microsoft.Extensions.Logging;

namespace Grantkeeper.Providers;

internal static partial class ProvidersLog
{
    [LoggerMessage(1400, LogLevel.Error, "The stored client secret of {Provider} does not open with its key and place; the provider counts as not configured")]
    public static partial void ClientUnreadable(ILogger logger, string provider);

    [LoggerMessage(1401, LogLevel.Error, "Client registrations could not be looked at; what this node has seen stays in use")]
    public static partial void PollFailed(ILogger logger, Exception exception);

    [LoggerMessage(1402, LogLevel.Information, "The folder of manifests has changed; what lies there now is in force")]
    public static partial void FolderTaken(ILogger logger);

    [LoggerMessage(1403, LogLevel.Error, "The folder of manifests has changed and is not usable; what was in force stays in force: {Faults}")]
    public static partial void FolderRefused(ILogger logger, string faults);

    [LoggerMessage(1404, LogLevel.Error, "The provider class {Definition} threw {Fault}; a request that needs what it says is not sent, tokens that came are kept")]
    public static partial void ClassFailed(ILogger logger, string definition, string fault);

    [LoggerMessage(1405, LogLevel.Information, "The file of features has changed; what stands there now is in force")]
    public static partial void FeaturesTaken(ILogger logger);

    [LoggerMessage(1406, LogLevel.Error, "The file of features has changed and is not usable; what was in force stays in force: {Faults}")]
    public static partial void FeaturesRefused(ILogger logger, string faults);
}
