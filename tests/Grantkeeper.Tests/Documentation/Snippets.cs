using System.Text.RegularExpressions;

namespace Grantkeeper.Tests.Documentation;

/// <summary>
/// Code in the documents is code that is compiled: in the source it stands between <c>#region snippet NAME</c> and
/// <c>#endregion</c>, in the document below <c>&lt;!-- snippet NAME --&gt;</c>. The source is the original.
/// </summary>
internal static partial class Snippets
{
    /// <summary>The snippets of C# files by name, without their common indentation.</summary>
    /// <exception cref="InvalidOperationException">A name is used twice, or a region has no end.</exception>
    public static IReadOnlyDictionary<string, string> Read(IEnumerable<(string Path, string[] Lines)> files)
    {
        var snippets = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (path, lines) in files)
        {
            for (var i = 0; i < lines.Length; i++)
            {
                if (Start().Match(lines[i]) is not { Success: true } start)
                    continue;
                var end = Array.FindIndex(lines, i, line => line.Trim() == "#endregion");
                if (end < 0)
                    throw new InvalidOperationException($"{path}:{i + 1} has no #endregion");
                if (!snippets.TryAdd(start.Groups["name"].Value, Dedent(lines[(i + 1)..end])))
                    throw new InvalidOperationException($"{path}:{i + 1} repeats the name {start.Groups["name"].Value}");
            }
        }

        return snippets;
    }

    /// <summary>The document with every marked block replaced by its snippet.</summary>
    public static string Fill(string document, IReadOnlyDictionary<string, string> snippets) => Block().Replace(document, block =>
        snippets.TryGetValue(block.Groups["name"].Value, out var text) ? $"{block.Groups["marker"].Value}```csharp\n{text}```" : block.Value);

    /// <summary>What is wrong with a document: unknown names, and C# without a marker beside C# that has one.</summary>
    public static IEnumerable<string> Faults(string document, IReadOnlyDictionary<string, string> snippets)
    {
        foreach (var name in Marker().Matches(document).Select(marker => marker.Groups["name"].Value).Where(name => !snippets.ContainsKey(name)))
            yield return $"names the snippet {name}, which no source holds";
        var marked = Block().Count(document);
        if (Marker().Count(document) is var markers && markers != marked)
            yield return $"has {markers} snippet markers, but {marked} of them with a csharp block right below";
        if (marked > 0 && CSharp().Count(document) is var all && all != marked)
            yield return $"has {all} csharp blocks, {all - marked} of them without a marker";
    }

    private static string Dedent(string[] lines)
    {
        var indent = lines.Where(line => line.Trim().Length > 0).Select(line => line.Length - line.TrimStart().Length).DefaultIfEmpty().Min();
        return string.Concat(lines.Select(line => (line.Length >= indent ? line[indent..] : "").TrimEnd() + "\n"));
    }

    [GeneratedRegex(@"^\s*#region snippet (?<name>[\w.-]+)\s*$")]
    private static partial Regex Start();

    [GeneratedRegex("^<!-- snippet (?<name>[\\w.-]+) -->$", RegexOptions.Multiline)]
    private static partial Regex Marker();

    [GeneratedRegex("(?<marker>^<!-- snippet (?<name>[\\w.-]+) -->\n+)```csharp\n.*?(?<=\n)```(?=\n|$)", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Block();

    [GeneratedRegex("^```csharp$", RegexOptions.Multiline)]
    private static partial Regex CSharp();
}
