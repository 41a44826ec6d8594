namespace Grantkeeper.Tests.Documentation;

/// <summary>Texts that are written from the code: a test compares them, UPDATE_DOCS=1 writes them.</summary>
internal static class GeneratedText
{
    public static bool Update => Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1";

    /// <summary>The whole file.</summary>
    public static void Compare(string path, string text)
    {
        var file = Path.Combine(SourceTree.Root, path);
        if (Update)
            File.WriteAllText(file, text);
        File.ReadAllText(file).ReplaceLineEndings("\n").ShouldBe(text, $"{path}: run with UPDATE_DOCS=1");
    }

    /// <summary>What stands between two comments of a page: <c>generated: name</c> and <c>end of generated: name</c>.</summary>
    public static void CompareSection(string path, string name, string text)
    {
        var file = Path.Combine(SourceTree.Root, path);
        var (begin, end) = ($"<!-- generated: {name} -->\n", $"<!-- end of generated: {name} -->");
        var page = File.ReadAllText(file).ReplaceLineEndings("\n");
        var from = page.IndexOf(begin, StringComparison.Ordinal);
        var to = page.IndexOf(end, StringComparison.Ordinal);
        (from >= 0 && to > from).ShouldBeTrue($"{path} holds no place for {name}");
        from += begin.Length;
        if (Update)
            File.WriteAllText(file, page[..from] + text + page[to..]);
        File.ReadAllText(file).ReplaceLineEndings("\n").ShouldContain(begin + text + end, Case.Sensitive, $"{path}: run with UPDATE_DOCS=1");
    }
}
