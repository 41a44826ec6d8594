using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Grantkeeper.Sandbox.Control;
using Grantkeeper.Sandbox.Faults;
using Grantkeeper.Sandbox.Grants;
using Grantkeeper.Sandbox.Http;
using Grantkeeper.Sandbox.OAuth;
using Grantkeeper.Sandbox.People;

namespace Grantkeeper.Sandbox.Platforms;

/// <summary>The APIs of a Wix site, for apps of either kind: one grant opens one site, and the token stands in the header alone.</summary>
internal sealed class WixSite(SandboxState state)
{
    private const string Models = "/analytics/semantic-model/v3/semantic-models";
    private const string Traffic = "cad7fd34-0000-4000-8000-000000000001";
    private const string Referrer = "traffic.referrer_category_name";
    private const string Sessions = "traffic.sessions_count";
    private const string Visitors = "traffic.unique_visitors_count";
    private const int MostFields = 60;
    private const int MostRows = 1_000;

    private static readonly string[] Referrers = ["Search", "Direct", "Social"];

    /// <summary>The id of the installation on a person's site.</summary>
    public static string InstanceOf(Person person) => $"0f8a7c1e-0000-4000-8000-{Convert.ToHexStringLower(Encoding.ASCII.GetBytes(person.Subject.PadRight(6)[..6]))}";

    /// <summary>The name of a person's site.</summary>
    public static string NameOf(Person person) => $"{person.Name.Split(' ')[0]}'s shop";

    /// <summary>The id of a person's site.</summary>
    public static string SiteOf(Person person) => $"c993128b-0000-4000-8000-{person.Subject.Length:d12}";

    /// <summary>Mounts every path.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/apps/v1/instance", http => Answered(http, (_, person) => Answer.Json(new JsonObject
        {
            ["instance"] = new JsonObject { ["instanceId"] = InstanceOf(person), ["appName"] = "Sandbox app", ["permissions"] = new JsonArray("SCOPE.DC.MANAGE-YOUR-APP") },
            ["site"] = new JsonObject { ["siteDisplayName"] = NameOf(person), ["siteId"] = SiteOf(person), ["url"] = $"https://{person.Subject}.wixsite.example/site", ["ownerInfo"] = new JsonObject { ["email"] = person.Email } },
        })));
        routes.MapGet("/site-properties/v4/properties", http => Answered(http, (_, person) => Answer.Json(new JsonObject
        {
            ["properties"] = new JsonObject { ["timeZone"] = "America/New_York", ["siteDisplayName"] = NameOf(person) }, ["version"] = "12",
        })));
        routes.MapGet(Models, http => Answered(http, (_, _) => Answer.Json(new JsonObject { ["semanticModels"] = new JsonArray(Model()) })));
        routes.MapGet(Models + "/{id}", http => Answered(http, (_, _) => (string)http.Request.RouteValues["id"]! == Traffic
            ? Answer.Json(new JsonObject { ["semanticModel"] = Described() })
            : Unknown()));
        routes.MapPost(Models + "/query-data", async http =>
        {
            var asked = await PlatformApis.ReadObject(http);
            await Answered(http, (_, person) => Query(asked, person));
        });
        routes.MapPost("/oauth2/token-info", TokenInfo);
    }

    /// <summary>What a token is; it needs no credential beside the token.</summary>
    private async Task TokenInfo(HttpContext http)
    {
        var form = await RequestForm.ReadJson(http.Request);
        await FaultGate.Pass(http, state, FaultEndpoint.Userinfo, _ =>
        {
            if (form.Refusal is { } unreadable) return Answer.Refused(unreadable);
            if (form["token"] is not { } token) return Answer.Refused(OAuthRefusal.InvalidRequest("token is needed."));
            if (state.Grants.FindAccess(token) is not ({ } access, { } grant)) return Answer.Json(new JsonObject { ["active"] = false });
            var person = Everybody.Find(grant.Subject)!;
            return Answer.Json(new JsonObject
            {
                ["active"] = true, ["subjectType"] = "APP", ["subjectId"] = grant.ClientId, ["exp"] = access.ExpiresAt.ToUnixTimeSeconds(), ["iat"] = access.IssuedAt.ToUnixTimeSeconds(),
                ["clientId"] = grant.ClientId, ["siteId"] = SiteOf(person), ["instanceId"] = InstanceOf(person),
            });
        });
    }

    private static JsonObject Model() => new() { ["id"] = Traffic, ["slug"] = "traffic", ["description"] = "Site traffic", ["keywords"] = new JsonArray("sessions") };

    private static JsonObject Described()
    {
        var model = Model();
        model["dimensions"] = new JsonArray(new JsonObject { ["name"] = Referrer, ["type"] = "STRING", ["sortable"] = true });
        model["measures"] = new JsonArray(
            new JsonObject { ["name"] = Sessions, ["type"] = "NUMBER", ["sortable"] = true }, new JsonObject { ["name"] = Visitors, ["type"] = "NUMBER", ["sortable"] = true });
        return model;
    }

    /// <summary>Figures of an interval, whose end is not part of it; days are those of UTC here.</summary>
    private static Answer Query(JsonObject? asked, Person person)
    {
        if (Text(asked?["semanticModelId"]) != Traffic) return Unknown();
        if (Instant(asked?["interval"]?["start"]) is not { } start || Instant(asked?["interval"]?["end"]) is not { } end || end <= start) return Violation("interval");
        var fields = (asked!["fields"] as JsonArray)?.Select(Text).OfType<string>().ToArray() ?? [];
        if (fields.Length is 0 or > MostFields) return Violation("fields");
        if (fields.FirstOrDefault(field => field is not (Referrer or Sessions or Visitors)) is { } other) return Refused(StatusCodes.Status400BadRequest, "fieldIsInvalid", $"The field {other} does not exist.");
        var limit = Number(asked["paging"]?["limit"], 50);
        var offset = Number(asked["paging"]?["offset"], 0);
        if (limit is < 1 or > MostRows || offset < 0) return Violation("paging");

        var days = Figures.Days(DateOnly.FromDateTime(start.UtcDateTime), DateOnly.FromDateTime(end.UtcDateTime.AddTicks(-1))).ToList();
        int Count(string field, string referrer) => days.Sum(day => Figures.Of($"{person.Subject} {field} {referrer}", day, 300));
        JsonObject Row(string[] referrers) => new()
        {
            ["fields"] = new JsonObject(fields.Where(field => field != Referrer || referrers.Length == 1).Select(field => KeyValuePair.Create(field, (JsonNode?)(field == Referrer
                ? new JsonObject { ["stringValue"] = referrers[0], ["formattedValue"] = referrers[0] }
                : new JsonObject { ["numericValue"] = referrers.Sum(referrer => Count(field, referrer)) })))),
        };
        var rows = fields.Contains(Referrer) ? Referrers.Select(referrer => Row([referrer])).ToList() : [Row(Referrers)];
        var page = rows.Skip(offset).Take(limit).ToList();
        var body = new JsonObject { ["results"] = new JsonArray([.. page]), ["pagingMetadata"] = new JsonObject { ["count"] = page.Count, ["offset"] = offset } };
        if (asked["totalsIncluded"] is JsonValue included && included.TryGetValue<bool>(out var wanted) && wanted) body["totals"] = Row(Referrers);
        return Answer.Json(body);
    }

    private static Answer Unknown() => Refused(StatusCodes.Status404NotFound, "SEMANTIC_MODEL_NOT_FOUND", "There is no such semantic model.");

    private static Answer Refused(int status, string code, string description) => Answer.Json(new JsonObject
    {
        ["message"] = description, ["details"] = new JsonObject { ["applicationError"] = new JsonObject { ["code"] = code, ["description"] = description, ["data"] = new JsonObject() } },
    }, status);

    private static Answer Violation(string field) => Answer.Json(new JsonObject
    {
        ["message"] = $"{field} is missing or wrong",
        ["details"] = new JsonObject { ["validationError"] = new JsonObject { ["fieldViolations"] = new JsonArray(new JsonObject { ["field"] = field, ["description"] = "is missing or wrong" }) } },
    }, StatusCodes.Status400BadRequest);

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    private static int Number(JsonNode? node, int otherwise) => node is null ? otherwise : node is JsonValue value && value.TryGetValue<int>(out var number) ? number : -1;

    private static DateTimeOffset? Instant(JsonNode? node) =>
        DateTimeOffset.TryParse(Text(node), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var instant) ? instant : null;

    /// <summary>An answer to who holds a good token; else the refusal in the shape that it has here.</summary>
    private Task Answered(HttpContext http, Func<Grant, Person, Answer> answer)
    {
        state.Counters.Add(Counter.UserinfoCalls);
        return FaultGate.Pass(http, state, FaultEndpoint.Userinfo, _ => (state.Grants.FindAccess(http.Request.Headers.Authorization.ToString()) is ({ } _, { } grant)
            ? answer(grant, Everybody.Find(grant.Subject)!)
            : Answer.Json(new JsonObject { ["message"] = "UNAUTHENTICATED", ["details"] = new JsonObject() }, StatusCodes.Status401Unauthorized)).With("X-Wix-Request-Id", Opaque.New("")[..12]));
    }
}
