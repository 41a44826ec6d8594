using System.Collections.Concurrent;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Grantkeeper.Testing.Peers;

namespace Grantkeeper.IntegrationTests.Client;

/// <summary>
/// Keeps the first exchange of each operation that went well, without what is secret or of this run alone: the examples of the
/// OpenAPI document.
/// </summary>
internal sealed partial class ExampleRecorder(IReadOnlyList<string> operations)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private const string OurIds = "0199d4a2";

    private readonly List<(string Operation, Regex Path)> _operations = [.. operations.Select(operation => (operation, new Regex($"^{Placeholder().Replace(Regex.Escape(operation).Replace("}", "\\}", StringComparison.Ordinal), "[^/]+")}$")))];
    private readonly ConcurrentDictionary<string, JsonObject> _exchanges = new();

    private static string File => Path.Combine(Checkout.Root, "src", "Grantkeeper.Server", "api-examples.json");

    /// <summary>Compares with what is published: the same members of the same kinds. UPDATE_DOCS=1 publishes what was recorded.</summary>
    public async Task Compare()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var recorded = new JsonObject(_exchanges.OrderBy(exchange => exchange.Key, StringComparer.Ordinal).Select(exchange => KeyValuePair.Create(exchange.Key, (JsonNode?)exchange.Value)));
        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1")
            await System.IO.File.WriteAllTextAsync(File, recorded.ToJsonString(Indented).ReplaceLineEndings("\n") + "\n", cancellation);
        var published = JsonNode.Parse(await System.IO.File.ReadAllTextAsync(File, cancellation))!.AsObject();
        published.Select(example => example.Key).ShouldBe(recorded.Select(exchange => exchange.Key), "run with UPDATE_DOCS=1");
        foreach (var (operation, exchange) in recorded)
            Differences(published[operation], exchange, operation).ShouldBeEmpty("run with UPDATE_DOCS=1");
    }

    /// <summary>Takes an exchange.</summary>
    public async Task Take(HttpRequestMessage request, string? sent, HttpResponseMessage response, CancellationToken cancellation)
    {
        var call = $"{request.Method} {request.RequestUri!.AbsolutePath}";
        if (!response.IsSuccessStatusCode || response.Content.Headers.ContentType?.MediaType != "application/json" || _operations.Find(known => known.Path.IsMatch(call)).Operation is not { } operation || _exchanges.ContainsKey(operation))
            return;
        await response.Content.LoadIntoBufferAsync(cancellation);
        var exchange = new JsonObject();
        var names = new Dictionary<string, string>();
        if (sent is { Length: > 0 })
            exchange["request"] = Cleaned(JsonNode.Parse(sent), "", names);
        exchange["status"] = (int)response.StatusCode;
        exchange["answer"] = Cleaned(JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellation)), "", names);
        _exchanges.TryAdd(operation, exchange);
    }

    /// <summary>The first entry of each list, and of every value only what it looks like.</summary>
    private static JsonNode? Cleaned(JsonNode? node, string name, Dictionary<string, string> names) => node switch
    {
        JsonObject map => new JsonObject(map.Select(member => KeyValuePair.Create(member.Key, Cleaned(member.Value, member.Key, names)))),
        JsonArray { Count: > 0 } list when list[0] is JsonObject => new JsonArray(Cleaned(list[0], name, names)),
        JsonArray list => new JsonArray([.. list.Select(item => Cleaned(item, name, names))]),
        JsonValue value when value.GetValueKind() == JsonValueKind.String => Cleaned((string)value!, name, names),
        _ => node?.DeepClone(),
    };

    private static string Cleaned(string text, string name, Dictionary<string, string> names)
    {
        text = Moment().Replace(text, name is "expires_at" or "access_token_expires_at" ? "2026-03-01T10:00:00.000Z" : "2026-03-01T09:00:00.000Z");
        text = Origin().Replace(text, match => $"https{match.Groups[1].Value}{(match.Groups[2].Value == "localhost" ? "connect" : "provider")}.example.com");
        text = Id().Replace(text, match => names.TryGetValue(match.Value, out var known) ? known : names[match.Value] = $"{OurIds}-7c1e-7b70-8f5e-3d1c2b4a{5968 + names.Count}");
        return Random().Replace(text, match => match.Value.StartsWith(OurIds, StringComparison.Ordinal) ? match.Value : match.Value[..6] + "…");
    }

    private static IEnumerable<string> Differences(JsonNode? published, JsonNode? recorded, string where) => (published, recorded) switch
    {
        (null, _) or (_, null) => [],
        (JsonObject one, JsonObject other) => one.Select(member => member.Key).Except(other.Select(member => member.Key)).Select(key => $"{where}.{key} is no longer there")
            .Concat(other.SelectMany(member => one.ContainsKey(member.Key) ? Differences(one[member.Key], member.Value, $"{where}.{member.Key}") : [$"{where}.{member.Key} is new"])),
        (JsonArray one, JsonArray other) => one.Count > 0 && other.Count > 0 ? Differences(one[0], other[0], where + "[]") : [],
        _ => KindOf(published) == KindOf(recorded) ? [] : [$"{where} is {KindOf(recorded)} and was {KindOf(published)}"],
    };

    private static JsonValueKind KindOf(JsonNode node) => node.GetValueKind() == JsonValueKind.False ? JsonValueKind.True : node.GetValueKind();

    [GeneratedRegex(@"\\\{[^}]+\}")]
    private static partial Regex Placeholder();

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")]
    private static partial Regex Moment();

    [GeneratedRegex(@"https?(://|%3A%2F%2F)(localhost|127\.0\.0\.1)(:|%3A)\d+")]
    private static partial Regex Origin();

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")]
    private static partial Regex Id();

    // Tokens, handles, states, challenges, trace ids; and our ids, which are kept.
    [GeneratedRegex("[A-Za-z0-9_.-]*(?=[A-Za-z_.-]*[0-9])(?=[0-9_.-]*[A-Za-z])[A-Za-z0-9_-]{30,}[A-Za-z0-9_.-]*")]
    private static partial Regex Random();
}
