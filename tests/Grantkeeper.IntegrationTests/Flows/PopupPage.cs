using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Grantkeeper.IntegrationTests.Flows;

/// <summary>Reads what the popup page would tell its opener.</summary>
internal static partial class PopupPage
{
    public static JsonNode ResultOf(FlowReply page) => JsonNode.Parse(Result().Match(page.Body).Groups[1].Value)!;

    public static JsonNode MessageOf(FlowReply page) => ResultOf(page)["message"]!;

    public static string? TargetOf(FlowReply page) => (string?)ResultOf(page)["target"];

    /// <summary>The code that an error page shows; null on other pages.</summary>
    public static string? CodeOf(FlowReply page) => Code().Match(page.Body) is { Success: true } match ? match.Groups[1].Value : null;

    /// <summary>The hidden fields of the page's form.</summary>
    public static (string Name, string Value)[] FieldsOf(FlowReply page) =>
        [.. Field().Matches(page.Body).Select(match => (WebUtility.HtmlDecode(match.Groups[1].Value), WebUtility.HtmlDecode(match.Groups[2].Value)))];

    [GeneratedRegex("<code>([a-z_.]+) ")]
    private static partial Regex Code();

    [GeneratedRegex("<input type=\"hidden\" name=\"([^\"]*)\" value=\"([^\"]*)\"")]
    private static partial Regex Field();

    [GeneratedRegex("<script id=\"result\" type=\"application/json\"[^>]*>(.*?)</script>", RegexOptions.Singleline)]
    private static partial Regex Result();
}
