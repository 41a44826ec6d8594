using Grantkeeper.Startup;

namespace Grantkeeper.Server;

/// <summary>
/// Settings from files: a folder in which each file is named like a setting and holds its value, as container platforms mount
/// secrets. <c>GRANTKEEPER_SECRETS_PATH</c> names it; a file wins over a variable, since only one of them is looked after.
/// </summary>
internal static class SecretFiles
{
    private const string Folder = "GRANTKEEPER_SECRETS_PATH";

    /// <exception cref="GrantkeeperStartException">A file cannot be read.</exception>
    public static void Add(IConfigurationManager configuration)
    {
        // A folder that is not there is told with all other faults.
        if (configuration[Folder]?.Trim() is not { Length: > 0 } folder || !Directory.Exists(folder))
            return;
        try
        {
            configuration.AddKeyPerFile(Path.GetFullPath(folder), optional: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new GrantkeeperStartException([$"{Folder}: a file in {folder} cannot be read: {exception.Message} Let the server's user read it."]);
        }
    }
}
