namespace Grantkeeper.Tests.Documentation;

/// <summary>The documents show what compiles; UPDATE_DOCS=1 writes the marked blocks anew.</summary>
[Trait("category", "documentation")]
public sealed class SnippetsTests
{
    private static readonly string[] Folders = ["samples", "tests/Grantkeeper.Tests", "tests/Grantkeeper.IntegrationTests"];

    private static IEnumerable<string> Documents() => Directory.EnumerateFiles(SourceTree.Root, "*.md")
        .Concat(new[] { "docs", "src", "samples" }.SelectMany(folder => Directory.EnumerateFiles(Path.Combine(SourceTree.Root, folder), "*.md", SearchOption.AllDirectories)));

    [Fact]
    public void Code_in_the_documents_is_code_that_compiles()
    {
        var snippets = Snippets.Read(Folders.Select(folder => Path.Combine(SourceTree.Root, folder)).Where(Directory.Exists).SelectMany(SourceTree.Files)
            // This test's own examples are none.
            .Where(file => !file.Path.EndsWith("SnippetsTests.cs", StringComparison.Ordinal)));
        foreach (var file in Documents())
        {
            var text = File.ReadAllText(file).ReplaceLineEndings("\n");
            var filled = Snippets.Fill(text, snippets);
            if (filled != text && Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1")
                File.WriteAllText(file, text = filled);
            Snippets.Faults(text, snippets).ShouldBeEmpty(file);
            text.ShouldBe(filled, $"{file} differs from the source: run with UPDATE_DOCS=1");
        }
    }

    [Fact]
    public void A_block_is_replaced_by_its_region_without_the_indentation()
    {
        var snippets = Snippets.Read([("a.cs", ["    #region snippet one", "        if (x)", "", "            y();", "    #endregion"])]);
        Snippets.Fill("Text\n\n<!-- snippet one -->\n```csharp\nold\n```\n\nMore\n", snippets)
            .ShouldBe("Text\n\n<!-- snippet one -->\n```csharp\nif (x)\n\n    y();\n```\n\nMore\n");
    }

    [Theory]
    [InlineData("<!-- snippet two -->\n```csharp\nx\n```\n", "which no source holds")]
    [InlineData("<!-- snippet one -->\nText\n", "with a csharp block right below")]
    [InlineData("<!-- snippet one -->\n```csharp\nx\n```\n\n```csharp\ny\n```\n", "1 of them without a marker")]
    public void Faults_of_a_document_are_named(string document, string fault) =>
        string.Join('\n', Snippets.Faults(document, new Dictionary<string, string> { ["one"] = "x\n" })).ShouldContain(fault);

    [Fact]
    public void A_name_stands_for_one_region()
    {
        string[] region = ["#region snippet one", "x", "#endregion"];
        Should.Throw<InvalidOperationException>(() => Snippets.Read([("a.cs", region), ("b.cs", region)])).Message.ShouldBe("b.cs:1 repeats the name one");
        Should.Throw<InvalidOperationException>(() => Snippets.Read([("a.cs", region[..2])])).Message.ShouldBe("a.cs:1 has no #endregion");
    }
}
