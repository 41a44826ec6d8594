using Grantkeeper.Launcher.Postgres;

namespace Grantkeeper.Launcher;

/// <summary>Small pieces of text for messages.</summary>
internal static class Words
{
    /// <summary>The last lines of a text, without empty ones.</summary>
    public static string LastLines(string text, int count) =>
        string.Join('\n', text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).TakeLast(count));

    /// <summary>Where the database's programs came from.</summary>
    public static string Describe(PostgresBinaries binaries) => binaries.Source switch
    {
        PostgresSource.Npm => $"PostgreSQL {binaries.Version} from npm, pinned version, checksum compared ({binaries.Folder})",
        _ => $"PostgreSQL {binaries.Version} found in {binaries.Folder}",
    };

    /// <summary>The last lines of a file that another process may still be writing; nothing if it cannot be read.</summary>
    public static string LastLinesOf(string path, int count)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            stream.Seek(-Math.Min(stream.Length, 16 * 1024), SeekOrigin.End);
            using var reader = new StreamReader(stream);
            return LastLines(reader.ReadToEnd(), count);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
