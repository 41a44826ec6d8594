using System.Globalization;
using System.Text.Json.Nodes;
using Grantkeeper.IntegrationTests.Flows;

namespace Grantkeeper.IntegrationTests.Registry;

/// <summary>The shapes that the API's own description promises, and what an answer lacks of them.</summary>
internal sealed class PublishedSchema(JsonObject schemas)
{
    private static readonly string[] OfProblems = ["type", "title", "status", "detail", "code", "retryable", "trace_id"];

    /// <summary>Reads the description that a node publishes.</summary>
    public static async Task<PublishedSchema> Of(FlowHost host) => new((await host.Get("/openapi/v1.json")).Json["components"]!["schemas"]!.AsObject());

    /// <summary>Every place at which a value is not what its schema says; empty when it is.</summary>
    public List<string> Faults(JsonNode? value, string schema)
    {
        var faults = new List<string>();
        Compare(value, schemas[schema]!.AsObject(), schema, faults);
        return faults;
    }

    /// <summary>The same for a refusal: every member that RFC 9457 and this product promise.</summary>
    public static List<string> FaultsOfProblem(JsonNode? value) => value is not JsonObject problem
        ? ["no problem"]
        : [.. OfProblems.Where(name => problem[name] is null), .. problem["retryable"]?.GetValueKind() is System.Text.Json.JsonValueKind.True or System.Text.Json.JsonValueKind.False ? Array.Empty<string>() : ["retryable"]];

    private void Compare(JsonNode? value, JsonObject schema, string place, List<string> faults)
    {
        if ((string?)schema["$ref"] is { } reference)
        {
            Compare(value, schemas[reference.Split('/')[^1]]!.AsObject(), place, faults);
            return;
        }

        if (schema["oneOf"] is JsonArray choices)
        {
            var tries = choices.Select(choice => { var own = new List<string>(); Compare(value, choice!.AsObject(), place, own); return own; }).ToList();
            if (tries.All(own => own.Count > 0))
                faults.AddRange(tries[^1]);
            return;
        }

        if (!IsOf(value, schema))
        {
            faults.Add($"{place} is {value?.ToJsonString() ?? "null"}, not {schema["type"]?.ToJsonString()} {schema["format"]}");
            return;
        }

        if (value is JsonObject members && schema["properties"] is JsonObject properties)
        {
            faults.AddRange((schema["required"] as JsonArray ?? []).Select(name => (string)name!).Where(name => !members.ContainsKey(name)).Select(name => $"{place}.{name} is missing"));
            faults.AddRange(members.Where(member => !properties.ContainsKey(member.Key)).Select(member => $"{place}.{member.Key} is not described"));
            foreach (var (name, inner) in properties.Where(property => members.ContainsKey(property.Key)))
                Compare(members[name], inner!.AsObject(), $"{place}.{name}", faults);
        }

        if (value is JsonArray items && schema["items"] is JsonObject item)
        {
            for (var place0 = 0; place0 < items.Count; place0++)
                Compare(items[place0], item, $"{place}[{place0}]", faults);
        }
    }

    private static bool IsOf(JsonNode? value, JsonObject schema)
    {
        var types = schema["type"] switch
        {
            JsonArray several => several.Select(type => (string)type!).ToArray(),
            JsonValue one => [(string)one!],
            _ => [],
        };
        var format = (string?)schema["format"];
        // A time without a type may be null: that is how this description says "optional time".
        if (types.Length == 0)
            return format != "date-time" || value is null || IsTime(value);
        if (value is null)
            return types.Contains("null");
        return value.GetValueKind() switch
        {
            System.Text.Json.JsonValueKind.Object => types.Contains("object"),
            System.Text.Json.JsonValueKind.Array => types.Contains("array"),
            System.Text.Json.JsonValueKind.True or System.Text.Json.JsonValueKind.False => types.Contains("boolean"),
            // Numbers may be written as texts by others, never by us.
            System.Text.Json.JsonValueKind.Number => types.Contains("integer") || types.Contains("number"),
            System.Text.Json.JsonValueKind.String => types.Contains("string") && !types.Contains("integer") && !types.Contains("number") && (format != "uuid" || Guid.TryParse((string?)value, out _)),
            _ => false,
        };
    }

    private static bool IsTime(JsonNode value) => value.GetValueKind() == System.Text.Json.JsonValueKind.String
        && DateTimeOffset.TryParse((string?)value, CultureInfo.InvariantCulture, DateTimeStyles.None, out _) && ((string)value!).EndsWith('Z');
}
