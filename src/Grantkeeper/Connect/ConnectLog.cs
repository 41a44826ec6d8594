using Microsoft.Extensions.Logging;

namespace Grantkeeper.Connect;

internal static partial class ConnectLog
{
    [LoggerMessage(4000, LogLevel.Information, "Flow {FlowId} at {Provider} started")]
    public static partial void Started(ILogger logger, Guid flowId, string provider);

    [LoggerMessage(4001, LogLevel.Information, "Flow {FlowId} at {Provider} completed as integration {IntegrationId}")]
    public static partial void Completed(ILogger logger, Guid flowId, string provider, Guid integrationId);

    [LoggerMessage(4002, LogLevel.Information, "Flow {FlowId} at {Provider} ended with {Code}")]
    public static partial void Failed(ILogger logger, Guid flowId, string provider, string code);

    [LoggerMessage(4003, LogLevel.Warning, "Code exchange of flow {FlowId} at {Provider} failed: {Class}, {Error}")]
    public static partial void ExchangeFailed(ILogger logger, Guid flowId, string provider, string @class, string error);
}
