namespace Grantkeeper.Client;

/// <summary>What an API key looks like, and how one is read from a file.</summary>
internal static class ApiKeyText
{
    private const int Longest = 4096;

    /// <summary>True for what can stand in a header after <c>Bearer</c>.</summary>
    public static bool IsUsable(string key) => key.Length is > 0 and <= Longest && key.All(c => c is > ' ' and < '\x7f');

    /// <summary>The key of a file, without surrounding blanks; null when there is none.</summary>
    public static string? ReadFile(string path)
    {
        try
        {
            using var reader = new StreamReader(path);
            var buffer = new char[Longest + 2];
            var text = new string(buffer, 0, reader.ReadBlock(buffer)).Trim();
            return IsUsable(text) ? text : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return null;
        }
    }
}
