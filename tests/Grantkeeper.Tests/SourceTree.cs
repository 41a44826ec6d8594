using System.Runtime.CompilerServices;

namespace Grantkeeper.Tests;

/// <summary>The repository as it lies on disk, for the tests that read it.</summary>
internal static class SourceTree
{
    public static string Root { get; } = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, "..", ".."));

    public static string Library => Path.Combine(Root, "src", "Grantkeeper");

    public static string Providers => Path.Combine(Root, "providers");

    /// <summary>The C# files under a folder by their path from it, with slashes; build output is left out.</summary>
    public static IEnumerable<(string Path, string[] Lines)> Files(string folder) => Directory
        .EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
        .Select(file => (Path: System.IO.Path.GetRelativePath(folder, file).Replace('\\', '/'), File: file))
        .Where(file => !file.Path.Split('/').Any(part => part is "bin" or "obj"))
        .OrderBy(file => file.Path, StringComparer.Ordinal)
        .Select(file => (file.Path, File.ReadAllLines(file.File)));

    private static string Here([CallerFilePath] string path = "") => path;
}
