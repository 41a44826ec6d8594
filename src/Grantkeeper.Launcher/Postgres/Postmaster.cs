using System.Diagnostics;
using System.Globalization;

namespace Grantkeeper.Launcher.Postgres;

/// <summary>The server's main process, as its <c>postmaster.pid</c> tells it.</summary>
/// <param name="ProcessId">Its process id.</param>
/// <param name="Port">The port that it was started with.</param>
internal sealed record Postmaster(int ProcessId, int Port)
{
    /// <summary>
    /// The server that runs on this data; null if none does. A crash or a restart of the machine leaves the file behind,
    /// and its number may meanwhile belong to another process, so the process itself is asked.
    /// </summary>
    public static Postmaster? Running(ClusterFolder folder)
    {
        try
        {
            var lines = File.ReadAllLines(folder.ProcessFile);
            return lines.Length >= 4
                && int.TryParse(lines[0], NumberStyles.Integer, CultureInfo.InvariantCulture, out var id)
                && int.TryParse(lines[3], NumberStyles.Integer, CultureInfo.InvariantCulture, out var port)
                && Serves(id, folder.Data)
                ? new(id, port)
                : null;
        }
        catch (Exception absent) when (absent is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>True when that process is a server of this data, and not merely one with its number.</summary>
    internal static bool Serves(int id, string data)
    {
        try
        {
            if (OperatingSystem.IsLinux())
            {
                // The command line, unlike the working directory, can be read across users without special rights.
                var command = File.ReadAllText($"/proc/{id}/cmdline").Split('\0');
                return Path.GetFileName(command[0]) == "postgres" && command.Contains(data);
            }

            using var process = Process.GetProcessById(id);
            return !process.HasExited && process.ProcessName.StartsWith("postgres", StringComparison.OrdinalIgnoreCase);
        }
        catch (Exception gone) when (gone is ArgumentException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>The processes that the server has started: one for each connection, and its helpers. Known on Linux alone.</summary>
    internal static IReadOnlyList<int> Children(int id)
    {
        try
        {
            return OperatingSystem.IsLinux()
                ? [.. File.ReadAllText($"/proc/{id}/task/{id}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(child => int.Parse(child, CultureInfo.InvariantCulture))]
                : [];
        }
        catch (Exception unknown) when (unknown is IOException or UnauthorizedAccessException)
        {
            // The main process is gone, or this kernel does not tell.
            return [];
        }
    }

    /// <summary>True while a process runs; one that has ended and only waits for its parent does not.</summary>
    internal static bool IsAlive(int id)
    {
        try
        {
            var state = File.ReadAllText($"/proc/{id}/stat");
            return state[state.LastIndexOf(')') + 2] is not ('Z' or 'X');
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
