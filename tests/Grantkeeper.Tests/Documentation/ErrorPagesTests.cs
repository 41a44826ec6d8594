using System.Runtime.CompilerServices;
using System.Text;
using Grantkeeper.Errors;

namespace Grantkeeper.Tests.Documentation;

/// <summary>The pages in docs/errors are the catalogue; UPDATE_DOCS=1 writes them.</summary>
[Trait("category", "documentation")]
public sealed class ErrorPagesTests
{
    private static readonly string Folder = Path.Combine(Root(), "docs", "errors");

    [Fact]
    public void Every_code_has_its_page_and_every_page_its_code()
    {
        var pages = ErrorCatalogue.All.ToDictionary(code => $"{code.Code}.md", Page);
        pages.Add("README.md", Index());
        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1")
        {
            foreach (var stale in Directory.GetFiles(Folder).Where(file => !pages.ContainsKey(Path.GetFileName(file))))
                File.Delete(stale);
            foreach (var (name, text) in pages)
                File.WriteAllText(Path.Combine(Folder, name), text);
        }

        Directory.GetFiles(Folder).Select(Path.GetFileName).Order().ShouldBe(pages.Keys.Order(), "run with UPDATE_DOCS=1");
        foreach (var (name, text) in pages)
            File.ReadAllText(Path.Combine(Folder, name)).ReplaceLineEndings("\n").ShouldBe(text, $"{name}: run with UPDATE_DOCS=1");
    }

    private static string Page(ErrorCode code) =>
        $"# `{code.Code}`: {code.Title}\n\n{Status(code)}\n\n**What happened.** {code.Cause}\n\n**What to do.** {code.Remedy}\n";

    private static string Index()
    {
        var text = new StringBuilder("# Errors\n\nEvery refusal carries one of these codes. They never change their meaning.\n\n| code | status | |\n| --- | --- | --- |\n");
        foreach (var code in ErrorCatalogue.All)
            text.Append($"| [`{code.Code}`]({code.Code}.md) | {(code.Status == 0 ? "start" : code.Status)} | {code.Title} |\n");
        return text.ToString();
    }

    private static string Status(ErrorCode code) => code.Status == 0
        ? "Stops the start."
        : $"HTTP {code.Status}.{(code.Retryable ? " The same request may succeed later." : "")}";

    private static string Root([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", ".."));
}
