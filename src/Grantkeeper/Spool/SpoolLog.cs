using Microsoft.Extensions.Logging;

namespace Grantkeeper.Spool;

internal static partial class SpoolLog
{
    [LoggerMessage(800, LogLevel.Warning, "GRANTKEEPER_DATA_PATH is not set: a refreshed token that waits for the database is lost if this process is killed")]
    public static partial void Absent(ILogger logger);

    [LoggerMessage(801, LogLevel.Error, "The spool cannot be written ({Fault}): this node serves tokens and renews none")]
    public static partial void Broken(ILogger logger, string fault);

    [LoggerMessage(802, LogLevel.Warning, "The spool of node {NodeId} held {Kept} answers, {Unreadable} unreadable ones and {Torn} unfinished writes")]
    public static partial void Found(ILogger logger, string nodeId, int kept, int unreadable, int torn);

    [LoggerMessage(803, LogLevel.Error, "The spool of node {NodeId} was written by another release; it is put aside and kept")]
    public static partial void OtherRelease(ILogger logger, string nodeId);
}
