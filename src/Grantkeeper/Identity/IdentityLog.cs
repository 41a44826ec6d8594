using Microsoft.Extensions.Logging;

namespace Grantkeeper.Identity;

internal static partial class IdentityLog
{
    [LoggerMessage(1300, LogLevel.Debug, "A user's credential was refused: {Fault}")]
    public static partial void Refused(ILogger logger, string fault);

    [LoggerMessage(1301, LogLevel.Warning, "The keys of {Issuer} cannot be fetched and none are held; its users cannot be told apart from strangers")]
    public static partial void KeysUnavailable(ILogger logger, string issuer);

    [LoggerMessage(1302, LogLevel.Warning, "The platform database did not answer in time: for {Seconds} s nobody's operations are counted, and no limit holds")]
    public static partial void NotCounted(ILogger logger, int seconds);
}
