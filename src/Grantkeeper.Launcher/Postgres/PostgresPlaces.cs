namespace Grantkeeper.Launcher.Postgres;

/// <summary>The places where distributions and installers put the server's programs, which are often not on the PATH.</summary>
internal static class PostgresPlaces
{
    /// <summary>Every folder worth a look; it need not exist.</summary>
    public static IEnumerable<string> All(Func<string, string?> variable) => OperatingSystem.IsWindows()
        ? [.. Below(variable("ProgramFiles") is { } files ? Path.Combine(files, "PostgreSQL") : null, "*", "bin"), .. OnPath(variable)]
        : [.. Unix("/"), .. OnPath(variable)];

    /// <summary>Debian, Red Hat, Homebrew on both kinds of Mac, MacPorts, Postgres.app, and a build from source.</summary>
    internal static IEnumerable<string> Unix(string root) =>
    [
        .. Below(Path.Combine(root, "usr/lib/postgresql"), "*", "bin"),
        .. Below(Path.Combine(root, "usr"), "pgsql-*", "bin"),
        .. Below(Path.Combine(root, "opt/homebrew/opt"), "postgresql*", "bin"),
        .. Below(Path.Combine(root, "usr/local/opt"), "postgresql*", "bin"),
        .. Below(Path.Combine(root, "opt/local/lib"), "postgresql*", "bin"),
        .. Below(Path.Combine(root, "Applications/Postgres.app/Contents/Versions"), "*", "bin"),
        Path.Combine(root, "usr/local/pgsql/bin"),
    ];

    private static string[] OnPath(Func<string, string?> variable) =>
        (variable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static IEnumerable<string> Below(string? parent, string pattern, string child) =>
        Directory.Exists(parent) ? Directory.EnumerateDirectories(parent, pattern).Select(folder => Path.Combine(folder, child)) : [];
}
