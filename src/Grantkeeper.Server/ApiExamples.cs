using System.Text.Json.Nodes;
using Grantkeeper.Errors;
using Microsoft.OpenApi;

namespace Grantkeeper.Server;

/// <summary>
/// Examples in the OpenAPI document. Bodies and answers are those of a real run, recorded and kept true by a test
/// (<c>api-examples.json</c>); a parameter means the same wherever its name occurs, and is explained once, here.
/// </summary>
internal static class ApiExamples
{
    private const string Json = "application/json";
    private const string Problem = "application/problem+json";

    private static readonly JsonObject Recorded = Read();

    private static readonly Dictionary<string, (string Example, string Description)> Parameters = new()
    {
        ["account_id"] = ("108204268033311374519", "The account's id at the provider. Left out: the primary account."),
        ["action"] = ("connect", "Rows of one action only; docs/audit.md lists them."),
        ["active_only"] = ("true", "Only integrations that can be used. Default false."),
        ["actor"] = ("support-7", "Who acted for the user."),
        ["caller"] = ("key:0199d4a2-7c1e-7b70-8f5e-3d1c2b4a5965", "Whose credential the request had."),
        ["confirm"] = ("true", "Whether the user must confirm in the application before the code is redeemed. Default true."),
        ["cursor"] = ("MDE5OWQ0YTI", "Where the next page begins: next_cursor of the page before."),
        ["expiring_within_hours"] = ("24", "Only tokens that end within these hours; a fraction is allowed."),
        ["features"] = ("calendar.read", "Features to be unlocked, separated by spaces; their scopes are asked for."),
        ["flow_id"] = ("0199d4a2-7c1e-7b70-8f5e-3d1c2b4a5968", "The flow, from the answer that started it."),
        ["format"] = ("csv", "csv or json."),
        ["from"] = ("2026-03-01T00:00:00Z", "Rows from this moment on."),
        ["handle"] = ("q7Jm3nVbT5xk2Rw8Yc1Lz0Hs9Df6Gp4Ae_-XuKoNiMw", "The one-time handle of a start link."),
        ["id"] = ("0199d4a2-7c1e-7b70-8f5e-3d1c2b4a5967", "The id that the answer which made it gave."),
        ["integration_id"] = ("0199d4a2-7c1e-7b70-8f5e-3d1c2b4a5967", "One integration only."),
        ["key"] = ("calendar.read", "The feature's key."),
        ["limit"] = ("50", "How many on a page: 1 to 200."),
        ["login_hint"] = ("ada@example.com", "Which account the provider should offer."),
        ["min_ttl"] = ("60", "How many seconds the token must be good for at least: 0 to 3600. Default 60."),
        ["opener_origin"] = ("https://app.example.com", "The page that opened the popup; it is told how it ended."),
        ["operation_id"] = ("0199d4a2-7c1e-7b70-8f5e-3d1c2b4a5966", "The bulk operation, from the answer that started it."),
        ["provider"] = ("google", "The provider's key."),
        ["reason"] = ("user asked for it", "Why, for the audit log."),
        ["return_to"] = ("https://app.example.com/settings", "Where the browser goes on to afterwards."),
        ["role"] = ("editor", "The user's role in the product; the scope policy says what it may ask for."),
        ["scopes"] = ("openid email", "Scopes, separated by spaces."),
        ["status"] = ("active", "Integrations in one status only."),
        ["success"] = ("false", "Only what succeeded, or only what did not."),
        ["to"] = ("2026-03-02T00:00:00Z", "Rows before this moment."),
        ["user_id"] = ("user_42", "The user, as the application calls it: 1 to 255 characters."),
    };

    private static readonly Dictionary<string, ErrorCode> Problems = new()
    {
        ["401"] = ErrorCatalogue.Identity.Unauthenticated,
        ["403"] = ErrorCatalogue.Identity.PermissionMissing,
        ["404"] = ErrorCatalogue.Integrations.NotFound,
        ["413"] = ErrorCatalogue.Providers.EventTooLarge,
        ["429"] = ErrorCatalogue.Identity.TooManyRequests,
        ["503"] = ErrorCatalogue.Storage.Unavailable,
    };

    /// <summary>Adds them to an operation.</summary>
    public static void Add(OpenApiOperation operation, string method, string path)
    {
        foreach (var parameter in (operation.Parameters ?? []).OfType<OpenApiParameter>())
        {
            if (parameter.Name is { } name && Parameters.TryGetValue(name, out var known))
                (parameter.Example, parameter.Description) = (known.Example, known.Description);
        }

        var recorded = Recorded[$"{method} {path}"];
        if (recorded?["request"] is { } request && operation.RequestBody?.Content?.TryGetValue(Json, out var body) == true)
            body.Example = request.DeepClone();
        foreach (var (status, response) in operation.Responses ?? [])
        {
            if (status == recorded?["status"]?.ToString() && recorded["answer"] is { } answer && response.Content?.TryGetValue(Json, out var media) == true)
                media.Example = answer.DeepClone();
            else if (Problems.TryGetValue(status, out var code) && response.Content?.TryGetValue(Problem, out media) == true)
                media.Example = Of(code);
        }
    }

    private static JsonObject Of(ErrorCode code) => new()
    {
        ["type"] = $"https://connect.example.com/docs/errors/{code.Code}",
        ["title"] = code.Title,
        ["status"] = code.Status,
        ["detail"] = $"{code.Cause} {code.Remedy}",
        ["code"] = code.Code,
        ["retryable"] = code.Retryable,
        ["trace_id"] = "4bf92f3577b34da6a3ce929d0e0e4736",
    };

    private static JsonObject Read()
    {
        using var stream = typeof(ApiExamples).Assembly.GetManifestResourceStream("api-examples.json")!;
        return JsonNode.Parse(stream)!.AsObject();
    }
}
