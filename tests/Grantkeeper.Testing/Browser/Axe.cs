using System.Text.Json;
using Grantkeeper.Testing.Peers;
using Microsoft.Playwright;

namespace Grantkeeper.Testing.Browser;

/// <summary>Judges a page with axe-core, the pinned one of <c>tests/peers/axe</c>.</summary>
public static class Axe
{
    private static readonly Lazy<Task<string>> Source = new(Load);

    /// <summary>The serious and critical issues of a page as it is shown now, one line each; a test expects none.</summary>
    public static async Task<IReadOnlyList<string>> Issues(IPage page)
    {
        await page.EvaluateAsync($"() => {{ {await Source.Value} }}");
        var issues = await page.EvaluateAsync<JsonElement>("""
            async () => (await axe.run(document, { resultTypes: ['violations'] })).violations
              .filter(violation => violation.impact === 'serious' || violation.impact === 'critical')
              .flatMap(violation => violation.nodes.map(node => `${violation.impact} ${violation.id}: ${node.target.join(' ')} · ${node.failureSummary}`))
            """);
        return [.. issues.EnumerateArray().Select(issue => issue.GetString()!)];
    }

    private static async Task<string> Load()
    {
        var folder = Checkout.Peer("axe");
        await NodePackages.Prepare(folder);
        return await File.ReadAllTextAsync(Path.Combine(folder, "node_modules", "axe-core", "axe.min.js"));
    }
}
