using System.Text.Json.Nodes;
using Grantkeeper.Sandbox.OAuth;

namespace Grantkeeper.Sandbox.Http;

/// <summary>What a machine gets to read. It is complete before the first byte leaves, so that a fault can still lose it.</summary>
internal sealed record Answer(int Status, string ContentType, string Body)
{
    private readonly List<KeyValuePair<string, string>> headers = [];

    /// <summary>A JSON document.</summary>
    public static Answer Json(JsonNode body, int status = StatusCodes.Status200OK) => new(status, "application/json", body.ToJsonString());

    /// <summary>An OAuth error; a failed client authentication names the scheme to use (RFC 6749, 5.2).</summary>
    public static Answer Refused(OAuthRefusal refusal)
    {
        var answer = Json(new JsonObject { ["error"] = refusal.Error, ["error_description"] = refusal.Description }, refusal.Status);
        return refusal.Status == StatusCodes.Status401Unauthorized
            ? answer.With("WWW-Authenticate", "Basic realm=\"sandbox\", charset=\"UTF-8\"")
            : answer;
    }

    /// <summary>Adds a header.</summary>
    public Answer With(string name, string value)
    {
        headers.Add(KeyValuePair.Create(name, value));
        return this;
    }

    /// <summary>Sends it; nothing that the sandbox answers may be cached.</summary>
    public Task WriteTo(HttpContext http)
    {
        http.Response.StatusCode = Status;
        http.Response.ContentType = ContentType;
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers.Pragma = "no-cache";
        http.Response.Headers.XContentTypeOptions = "nosniff";
        foreach (var (name, value) in headers) http.Response.Headers[name] = value;
        return http.Response.WriteAsync(Body, http.RequestAborted);
    }
}
