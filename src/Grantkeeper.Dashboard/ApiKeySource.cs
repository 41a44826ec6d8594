using Microsoft.Extensions.Configuration;

namespace Grantkeeper.Dashboard;

/// <summary>How a shell on the operator's machine gets at an API key: from the file that the launcher made, else from its environment.</summary>
internal sealed class ApiKeySource(IConfiguration configuration)
{
    /// <summary>A shell expression; never the key itself.</summary>
    public string InShell
    {
        get
        {
            if (configuration["GRANTKEEPER_DATA_PATH"] is not { Length: > 0 } folder)
                return "$GRANTKEEPER_API_KEY";
            var file = Path.Combine(Path.GetFullPath(folder), "api-key");
            return File.Exists(file) ? $"$(cat {Quoted(Shown(file))})" : "$GRANTKEEPER_API_KEY";
        }
    }

    private static string Shown(string file)
    {
        var relative = Path.GetRelativePath(Environment.CurrentDirectory, file);
        return relative.StartsWith("..", StringComparison.Ordinal) ? file : relative;
    }

    // Inside the double quotes of the printed command, a substitution quotes anew.
    private static string Quoted(string path) =>
        path.All(c => char.IsLetterOrDigit(c) || c is '/' or '.' or '-' or '_') ? path : $"'{path.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
