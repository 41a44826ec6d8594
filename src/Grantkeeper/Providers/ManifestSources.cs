using System.Reflection;
using System.Text.Json.Nodes;

namespace Grantkeeper.Providers;

/// <summary>Where a manifest was written.</summary>
internal enum ManifestOrigin
{
    /// <summary>It is shipped with Grantkeeper.</summary>
    Shipped,

    /// <summary>In a class of the application.</summary>
    Class,

    /// <summary>In the operator's folder, on the machine.</summary>
    File,

    /// <summary>In the platform database, over the API.</summary>
    Stored,
}

/// <summary>A manifest as a text.</summary>
/// <param name="Name">The file, for faults.</param>
/// <param name="Yaml">What stands in it.</param>
internal sealed record ManifestText(string Name, string Yaml);

/// <summary>An entry of the platform database.</summary>
/// <param name="Id">Another one after each change.</param>
/// <param name="Provider">The provider's key.</param>
/// <param name="Manifest">The manifest; null: the shipped draft of this key, which somebody has looked through.</param>
/// <param name="UpdatedAt">When it was written.</param>
/// <param name="UpdatedBy">Who wrote it.</param>
internal sealed record StoredManifest(Guid Id, string Provider, string? Manifest, DateTimeOffset UpdatedAt, string UpdatedBy);

/// <summary>Reads manifests where they lie; judges nothing.</summary>
internal static class ManifestSources
{
    /// <summary>The longest manifest, in bytes; the shipped ones have 4,000.</summary>
    public const int Longest = 65536;

    /// <summary>
    /// The shipped manifests, as one JSON text: reading two hundred YAML files at each start would take longer than
    /// everything else together. <c>providers/manifests.json</c> is made of them by the tests, which fail when it is not of
    /// the files that lie beside it.
    /// </summary>
    public static List<(string Key, JsonObject Tree)> Shipped()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("manifests.json")!;
        return [.. JsonNode.Parse(stream)!.AsObject().Select(member => (member.Key, member.Value!.AsObject()))];
    }

    /// <summary>The manifests of a folder, or the one that a path names; what cannot be read is a fault.</summary>
    public static List<ManifestText> Folder(string? path, List<string> faults)
    {
        var texts = new List<ManifestText>();
        try
        {
            var files = File.Exists(path) ? [path]
                : Directory.Exists(path) ? Directory.EnumerateFiles(path, "*.yaml").Concat(Directory.EnumerateFiles(path, "*.yml")).Order(StringComparer.Ordinal)
                : Enumerable.Empty<string>();
            foreach (var file in files)
            {
                if (Read(file, faults) is { } yaml)
                    texts.Add(new ManifestText(Path.GetFileName(file), yaml));
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            faults.Add($"{path}: cannot be read: {exception.Message}");
        }

        return texts;
    }

    private static string? Read(string file, List<string> faults)
    {
        try
        {
            if (new FileInfo(file).Length <= Longest)
                return File.ReadAllText(file);
            faults.Add($"{Path.GetFileName(file)}: is longer than {Longest} bytes");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            faults.Add($"{Path.GetFileName(file)}: cannot be read: {exception.Message}");
        }

        return null;
    }
}
