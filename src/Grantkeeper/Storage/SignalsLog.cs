using Microsoft.Extensions.Logging;

namespace Grantkeeper.Storage;

internal static partial class SignalsLog
{
    [LoggerMessage(400, LogLevel.Information, "This node hears of changes on other nodes and serves tokens from memory")]
    public static partial void Heard(ILogger logger);

    [LoggerMessage(401, LogLevel.Warning, "This node does not hear of changes on other nodes; it reads the database for every token")]
    public static partial void Deaf(ILogger logger);

    [LoggerMessage(402, LogLevel.Warning, "Not every node has confirmed the change of integration {IntegrationId} within 5 seconds: {Nodes}")]
    public static partial void NotHeard(ILogger logger, Guid integrationId, string nodes);
}
