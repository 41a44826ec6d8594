using System.Text.Json;
using Grantkeeper.Sandbox.OAuth;

namespace Grantkeeper.Sandbox.Http;

/// <summary>The parameters of a request, each of which may be given once (RFC 6749, 3.1 and 3.2). An empty one counts as missing.</summary>
internal sealed class RequestForm
{
    private const string FormType = "application/x-www-form-urlencoded";

    private readonly Dictionary<string, string> values = new(StringComparer.Ordinal);

    private RequestForm()
    {
    }

    /// <summary>What is wrong with it as a whole.</summary>
    public OAuthRefusal? Refusal { get; private init; }

    /// <summary>A parameter's value, or null.</summary>
    public string? this[string name] => values.GetValueOrDefault(name);

    /// <summary>Reads the body of a POST, which must be a URL-encoded form.</summary>
    public static async Task<RequestForm> ReadBody(HttpRequest request)
    {
        if (request.ContentType?.Split(';')[0].Trim().Equals(FormType, StringComparison.OrdinalIgnoreCase) != true)
            return new RequestForm { Refusal = OAuthRefusal.InvalidRequest($"The body must be a form of type {FormType}.") };
        try
        {
            return From((await request.ReadFormAsync(request.HttpContext.RequestAborted)).Select(pair => (pair.Key, pair.Value.ToArray())));
        }
        catch (Exception fault) when (fault is InvalidDataException or BadHttpRequestException)
        {
            return new RequestForm { Refusal = OAuthRefusal.InvalidRequest("The form is not readable.") };
        }
    }

    /// <summary>Reads the body of a POST, which must be a JSON object of texts.</summary>
    public static async Task<RequestForm> ReadJson(HttpRequest request)
    {
        if (!request.HasJsonContentType()) return new RequestForm { Refusal = OAuthRefusal.InvalidRequest("The body must be JSON, with content type application/json.") };
        try
        {
            using var json = await JsonDocument.ParseAsync(request.Body, cancellationToken: request.HttpContext.RequestAborted);
            return json.RootElement.ValueKind == JsonValueKind.Object
                ? From(json.RootElement.EnumerateObject().Where(member => member.Value.ValueKind == JsonValueKind.String).Select(member => (member.Name, (string?[])[member.Value.GetString()])))
                : new RequestForm { Refusal = OAuthRefusal.InvalidRequest("The body must be a JSON object.") };
        }
        catch (Exception fault) when (fault is JsonException or BadHttpRequestException)
        {
            return new RequestForm { Refusal = OAuthRefusal.InvalidRequest("The JSON is not readable.") };
        }
    }

    /// <summary>Reads the query of a GET.</summary>
    public static RequestForm ReadQuery(HttpRequest request) => From(request.Query.Select(pair => (pair.Key, pair.Value.ToArray())));

    /// <summary>The same parameters by the names that the specifications give them; those that go by another name count by that one only.</summary>
    public RequestForm Renamed(IReadOnlyDictionary<string, string> names)
    {
        if (names.Count == 0) return this;
        var form = new RequestForm { Refusal = Refusal };
        foreach (var (name, value) in values.Where(pair => !names.ContainsKey(pair.Key))) form.values[name] = value;
        foreach (var (name, other) in names)
        {
            if (values.TryGetValue(other, out var value)) form.values[name] = value;
        }

        return form;
    }

    private static RequestForm From(IEnumerable<(string Name, string?[] Values)> pairs)
    {
        var all = pairs.ToList();
        var twice = all.FirstOrDefault(pair => pair.Values.Length > 1).Name;
        var form = new RequestForm
        {
            Refusal = twice is null ? null : OAuthRefusal.InvalidRequest("A parameter was given more than once."),
        };
        foreach (var (name, given) in all)
        {
            if (given is [{ Length: > 0 } value]) form.values[name] = value;
        }

        return form;
    }
}
