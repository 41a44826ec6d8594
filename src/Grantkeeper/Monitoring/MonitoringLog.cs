using Microsoft.Extensions.Logging;

namespace Grantkeeper.Monitoring;

internal static partial class MonitoringLog
{
    [LoggerMessage(4100, LogLevel.Warning, "Grants that are due wait for the database")]
    public static partial void DueWaits(ILogger logger);

    [LoggerMessage(4101, LogLevel.Error, "A round of {Worker} failed; the next one comes")]
    public static partial void WorkerFailed(ILogger logger, Exception exception, string worker);

    [LoggerMessage(4102, LogLevel.Information, "Removed what has served its time: {Tokens} access tokens, {Flows} flows, {Sessions} connect sessions, {Attempts} refresh attempts, {Deliveries} deliveries, {SignInLinks} sign-in links, {Superseded} superseded answers, {Hours} hourly figures")]
    public static partial void Swept(ILogger logger, int tokens, int flows, int sessions, int attempts, int deliveries, int signInLinks, int superseded, int hours);

    [LoggerMessage(4103, LogLevel.Warning, "Counted refreshes wait for the database")]
    public static partial void FiguresWait(ILogger logger);
}
