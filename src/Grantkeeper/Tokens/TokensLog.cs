using Microsoft.Extensions.Logging;

namespace Grantkeeper.Tokens;

internal static partial class TokensLog
{
    [LoggerMessage(3100, LogLevel.Warning, "Refresh of integration {IntegrationId} at {Provider} failed: {Class}, {Error}, {Delivery}")]
    public static partial void RefreshFailed(ILogger logger, Guid integrationId, string provider, string @class, string error, string delivery);

    [LoggerMessage(3101, LogLevel.Error, "Generation {Generation} of integration {IntegrationId} waits for the database; it is kept until it is stored")]
    public static partial void StoreWaits(ILogger logger, Guid integrationId, long generation);

    [LoggerMessage(3102, LogLevel.Warning, "The failed attempt for integration {IntegrationId} could not be stored; its lease ends by itself")]
    public static partial void FailureNotStored(ILogger logger, Guid integrationId);

    [LoggerMessage(3110, LogLevel.Error, "Counted token reads could not be written; they are kept and tried again")]
    public static partial void ReleasesFailed(ILogger logger, Exception exception);

    [LoggerMessage(3103, LogLevel.Warning, "Counted token reads wait for the database")]
    public static partial void ReleasesWait(ILogger logger);

    [LoggerMessage(3104, LogLevel.Error, "A stored token of integration {IntegrationId} does not open with its key and place")]
    public static partial void Unreadable(ILogger logger, Guid integrationId);

    [LoggerMessage(3105, LogLevel.Warning, "An answer for integration {IntegrationId} that waited on disk was stored as generation {Generation}: {Outcome}")]
    public static partial void Replayed(ILogger logger, Guid integrationId, long generation, string outcome);

    [LoggerMessage(3106, LogLevel.Warning, "An answer for integration {IntegrationId} that waited on disk was discarded: its owner was erased")]
    public static partial void ReplayDiscarded(ILogger logger, Guid integrationId);

    [LoggerMessage(3107, LogLevel.Error, "The new tokens of integration {IntegrationId} could not be written to the spool; memory alone holds them until the database does")]
    public static partial void NotSpooled(ILogger logger, Guid integrationId);

    [LoggerMessage(3108, LogLevel.Error, "An answer that waited on disk (attempt {AttemptId}) cannot be stored ({Why}); it stays on disk and is tried again at the next start")]
    public static partial void ReplayRefused(ILogger logger, Guid attemptId, string why);

    [LoggerMessage(3109, LogLevel.Warning, "The provider refused the current refresh token of integration {IntegrationId}; the answer that came too late is used instead")]
    public static partial void Recovered(ILogger logger, Guid integrationId);
}
