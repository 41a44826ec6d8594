using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Grantkeeper.IntegrationTests.Flows;

/// <summary>Reads what the popup page would tell its opener.</summary>
internal static partial class PopupPage
{
    public static JsonNode ResultOf(FlowReply page) => JsonNode.Parse(Result().Match(page.Body).Groups[1].Value)!;

    public static JsonNode MessageOf(FlowReply page) => ResultOf(page)["message"]!;

    public static string? TargetOf(FlowReply page) => (string?)ResultOf(page)["target"];

    [GeneratedRegex("<script id=\"result\" type=\"application/json\"[^>]*>(.*?)</script>", RegexOptions.Singleline)]
    private static partial Regex Result();
}
