using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Grantkeeper.Sandbox.Faults;
using Grantkeeper.Sandbox.Http;
using Grantkeeper.Sandbox.OAuth;
using Grantkeeper.Sandbox.People;

namespace Grantkeeper.Sandbox.Control;

/// <summary>The switches for scripts, under one prefix, as JSON. Pages of other origins may not use them.</summary>
internal sealed class ControlEndpoints(SandboxState state, Issuer issuer)
{
    private const int MostHeld = 10_000;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectRequiredConstructorParameters = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) },
    };

    /// <summary>Mounts every path.</summary>
    /// <param name="routes">Where.</param>
    /// <param name="prefix">What the paths start with.</param>
    public void Map(IEndpointRouteBuilder routes, string prefix)
    {
        routes.MapGet($"{prefix}/stats", Guarded(_ => Answers(Stats())));
        routes.MapGet($"{prefix}/grants", Guarded(_ => Answers(Grants())));
        routes.MapGet($"{prefix}/grants/{{id}}", Guarded(http => Answers(GrantOf((string)http.Request.RouteValues["id"]!))));
        routes.MapGet($"{prefix}/held", Guarded(Held));
        routes.MapPost($"{prefix}/held/release", Guarded(Release));
        routes.MapGet($"{prefix}/faults", Guarded(_ => Answers(Faults())));
        routes.MapPost($"{prefix}/faults", Guarded(AddFault));
        routes.MapDelete($"{prefix}/faults", Guarded(_ => Answers(ClearFaults())));
        routes.MapPost($"{prefix}/expire-all", Guarded(_ => Answers(Counted("expired", state.Grants.ExpireAccessTokens()))));
        routes.MapPost($"{prefix}/revoke-user/{{sub}}", Guarded(http => Answers(RevokeUser((string)http.Request.RouteValues["sub"]!))));
        routes.MapPost($"{prefix}/clock", Guarded(AdvanceClock));
        routes.MapPost($"{prefix}/settings", Guarded(ChangeSettings));
        routes.MapPost($"{prefix}/reset", Guarded(_ => Answers(Reset())));
    }

    private static Task<Answer> Answers(Answer answer) => Task.FromResult(answer);

    private static Answer Refuse(string description) => Answer.Refused(OAuthRefusal.InvalidRequest(description));

    private static Answer Counted(string name, int count) => Answer.Json(new JsonObject { [name] = count });

    /// <summary>The body as JSON, or the refusal to send.</summary>
    internal static async Task<(T? Body, Answer? Refusal)> Read<T>(HttpContext http) where T : class
    {
        if (!http.Request.HasJsonContentType()) return (null, Refuse("The body must be JSON, with content type application/json."));
        try
        {
            return await JsonSerializer.DeserializeAsync<T>(http.Request.Body, Json, http.RequestAborted) is { } body
                ? (body, null)
                : (null, Refuse("The body is null."));
        }
        catch (JsonException fault)
        {
            return (null, Refuse($"The body is not understood at {fault.Path ?? "its start"}."));
        }
    }

    /// <summary>An operation that pages of other origins may not use.</summary>
    internal RequestDelegate Guarded(Func<HttpContext, Task<Answer>> handle) => async http =>
    {
        var origin = http.Request.Headers.Origin.ToString();
        var answer = origin.Length > 0 && origin != issuer.Origin
            ? Answer.Json(new JsonObject { ["error"] = "forbidden_origin" }, StatusCodes.Status403Forbidden)
            : await handle(http);
        await answer.WriteTo(http);
    };

    private Answer Stats()
    {
        var body = new JsonObject();
        foreach (var (name, value) in state.Counters.Figures()) body[name] = value;
        body["code_exchanges_by_code"] = new JsonObject(
            state.Counters.ExchangesByCode().Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)JsonValue.Create(pair.Value))));
        body["grants_live"] = state.Grants.All.Count(grant => grant.IsLive);
        body["now"] = state.Clock.GetUtcNow().UtcDateTime.ToString("O");
        return Answer.Json(body);
    }

    private Answer Grants() => Answer.Json(JsonSerializer.SerializeToNode(new { Grants = state.Grants.All }, Json)!);

    private Answer GrantOf(string id) => state.Grants.Find(id) is { } grant
        ? Answer.Json(JsonSerializer.SerializeToNode(grant, Json)!)
        : Answer.Json(new JsonObject { ["error"] = "unknown_grant" }, StatusCodes.Status404NotFound);

    private async Task<Answer> Held(HttpContext http)
    {
        var text = http.Request.Query["at_least"].ToString();
        var atLeast = 0;
        if (text.Length > 0 && !(int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out atLeast) && atLeast <= MostHeld))
            return Refuse($"at_least must be between 0 and {MostHeld}.");
        await state.Held.WaitFor(atLeast, http.RequestAborted);
        return Counted("held", state.Held.Count);
    }

    private async Task<Answer> Release(HttpContext http)
    {
        var (request, refusal) = await Read<ReleaseRequest>(http);
        return request is null ? refusal! : Counted("released", await state.Held.Release(request.Deliver));
    }

    private Answer Faults() => Answer.Json(JsonSerializer.SerializeToNode(new { Faults = state.Faults.Pending }, Json)!);

    private async Task<Answer> AddFault(HttpContext http)
    {
        var (fault, refusal) = await Read<Fault>(http);
        if (fault is null) return refusal!;
        if (fault.Objection() is { } objection) return Refuse(objection);
        state.Faults.Add(fault);
        return Faults();
    }

    private Answer ClearFaults()
    {
        state.Faults.Clear();
        return Faults();
    }

    private Answer RevokeUser(string subject) => Everybody.Find(subject) is null
        ? Answer.Json(new JsonObject { ["error"] = "unknown_person" }, StatusCodes.Status404NotFound)
        : Counted("revoked", state.Grants.RevokeUser(subject));

    private async Task<Answer> AdvanceClock(HttpContext http)
    {
        var (request, refusal) = await Read<ClockRequest>(http);
        if (request is null) return refusal!;
        if (request.AdvanceSeconds is < 0 or > ClockRequest.Most) return Refuse($"advance_seconds must be between 0 and {ClockRequest.Most}.");
        state.Clock.Advance(TimeSpan.FromSeconds(request.AdvanceSeconds));
        return Stats();
    }

    private async Task<Answer> ChangeSettings(HttpContext http)
    {
        var (request, refusal) = await Read<SettingsRequest>(http);
        if (request is null) return refusal!;
        if (request is { AccessTokenSeconds: null, Testing: null }) return Refuse("access_token_seconds or testing is needed.");
        if (request.AccessTokenSeconds is < 1 or > SettingsRequest.Most)
            return Refuse($"access_token_seconds must be between 1 and {SettingsRequest.Most}.");
        if (request.AccessTokenSeconds is { } seconds) state.AccessTokenLifetime = TimeSpan.FromSeconds(seconds);
        state.IsTesting = request.Testing ?? state.IsTesting;
        return Answer.Json(new JsonObject { ["access_token_seconds"] = (int)state.AccessTokenLifetime.TotalSeconds, ["testing"] = state.IsTesting });
    }

    private Answer Reset()
    {
        state.Reset();
        return Stats();
    }

    private sealed record ReleaseRequest(bool Deliver);

    private sealed record ClockRequest(long AdvanceSeconds)
    {
        public const long Most = 10L * 365 * 24 * 60 * 60;
    }

    private sealed record SettingsRequest(int? AccessTokenSeconds = null, bool? Testing = null)
    {
        public const int Most = 86_400;
    }
}
