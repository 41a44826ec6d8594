using System.Text.Json.Nodes;
using Grantkeeper.Sandbox.Control;
using Grantkeeper.Sandbox.Faults;
using Grantkeeper.Sandbox.Grants;
using Grantkeeper.Sandbox.Http;
using Grantkeeper.Sandbox.OAuth;
using Grantkeeper.Sandbox.People;

namespace Grantkeeper.Sandbox.Platforms;

/// <summary>The APIs behind the tokens: who somebody is, and what they own. Each answers and refuses in its platform's own shape.</summary>
internal sealed partial class PlatformApis(SandboxState state, Issuer issuer)
{
    private const int SmallPage = 2;

    /// <summary>Google's: userinfo, calendars, Search Console, YouTube.</summary>
    public void MapGoogle(IEndpointRouteBuilder routes)
    {
        MapGoogleFigures(routes);
        Get(routes, "/v1/userinfo", ["openid"], GoogleRefusal, (_, token, person) => IdToken.Claims(person.Subject, token.Scopes));
        Get(routes, "/calendar/v3/users/me/calendarList", Google("calendar.readonly", "calendar.events"), GoogleRefusal, (http, _, person) =>
        {
            var (page, next) = PlatformData.Page(
                PlatformData.Of(person, n => new JsonObject { ["kind"] = "calendar#calendarListEntry", ["id"] = n == 1 ? person.Email : $"calendar{n}@group.calendar.example.com", ["summary"] = n == 1 ? person.Name : $"Calendar {n}", ["timeZone"] = "Europe/Berlin", ["accessRole"] = n == 5 ? "freeBusyReader" : "owner" }),
                http.Request.Query["pageToken"], SmallPage);
            return With(new JsonObject { ["kind"] = "calendar#calendarList", ["items"] = page }, "nextPageToken", next);
        });
        Get(routes, "/webmasters/v3/sites", Google("webmasters.readonly", "webmasters"), GoogleRefusal, (_, _, person) =>
        {
            var sites = PlatformData.Of(person, n => new JsonObject { ["siteUrl"] = SearchSite(n).Url, ["permissionLevel"] = SearchSite(n).Permission });
            // An account without sites has no list at all.
            return sites.Count == 0 ? [] : new JsonObject { ["siteEntry"] = new JsonArray([.. sites]) };
        });
        Get(routes, "/youtube/v3/channels", Google("youtube.readonly", "youtube", "youtube.force-ssl"), GoogleRefusal, (_, _, person) => new JsonObject
        {
            ["kind"] = "youtube#channelListResponse",
            ["pageInfo"] = new JsonObject { ["totalResults"] = 1, ["resultsPerPage"] = 5 },
            ["items"] = new JsonArray(new JsonObject
            {
                ["kind"] = "youtube#channel", ["id"] = $"UC{person.Subject}0000000000000000",
                ["snippet"] = new JsonObject { ["title"] = $"{person.Name}'s videos", ["customUrl"] = $"@{person.Subject}", ["thumbnails"] = new JsonObject { ["default"] = new JsonObject { ["url"] = issuer.At($"/people/{person.Subject}.svg") } } },
                ["statistics"] = new JsonObject { ["viewCount"] = "120345", ["subscriberCount"] = "830", ["videoCount"] = "54" },
            }),
        });
    }

    /// <summary>Microsoft Graph's: userinfo, me, calendars.</summary>
    public void MapMicrosoft(IEndpointRouteBuilder routes)
    {
        Get(routes, "/oidc/userinfo", ["openid"], GraphRefusal, (_, token, person) => IdToken.Claims(person.Subject, token.Scopes));
        Get(routes, "/v1.0/me", ["User.Read"], GraphRefusal, (_, _, person) => new JsonObject { ["displayName"] = person.Name, ["mail"] = null, ["userPrincipalName"] = person.Email, ["id"] = Profiles.ObjectId(person) });
        Get(routes, "/v1.0/me/calendars", ["Calendars.Read", "Calendars.ReadWrite"], GraphRefusal, (http, _, person) =>
        {
            var (page, next) = PlatformData.Page(
                PlatformData.Of(person, n => new JsonObject { ["id"] = $"AAMkAGI2TGuLAAA{n}=", ["name"] = n == 1 ? "Calendar" : $"Calendar {n}", ["canEdit"] = n != 5, ["isDefaultCalendar"] = n == 1 }), http.Request.Query["$skip"], SmallPage);
            return With(new JsonObject { ["value"] = page }, "@odata.nextLink", next is null ? null : issuer.At($"/microsoft/v1.0/me/calendars?$skip={next}"));
        });
    }

    /// <summary>Notion's: the bot, and the search that lists what was shared with it.</summary>
    public void MapNotion(IEndpointRouteBuilder routes)
    {
        Get(routes, "/v1/users/me", [], NotionRefusal, (_, _, person) => new JsonObject { ["object"] = "user", ["id"] = Profiles.ObjectId(person), ["name"] = "Sandbox integration", ["type"] = "bot" });
        routes.MapPost("/v1/search", async http =>
        {
            var form = await RequestForm.ReadJson(http.Request);
            await Answered(http, [], NotionRefusal, (_, _, person) =>
            {
                var (page, next) = PlatformData.Page(
                    PlatformData.Of(person, n => new JsonObject
                    {
                        ["object"] = "page", ["id"] = $"59833787-2cf9-4fdf-8782-e53db20768a{n}", ["url"] = $"https://www.notion.so/Page-{n}", ["in_trash"] = false,
                        ["properties"] = new JsonObject { ["title"] = new JsonObject { ["type"] = "title", ["title"] = new JsonArray(new JsonObject { ["plain_text"] = n == 1 ? "Home" : $"Page {n}" }) } },
                    }),
                    form["start_cursor"], SmallPage);
                return new JsonObject { ["object"] = "list", ["results"] = page, ["next_cursor"] = next, ["has_more"] = next is not null };
            });
        });
    }

    /// <summary>Bing's: sites in a wrapper, with secrets of the owner beside them.</summary>
    public void MapBing(IEndpointRouteBuilder routes)
    {
        MapBingFigures(routes);
        Get(routes, "/webmaster/api.svc/json/GetUserSites", ["webmaster.read", "webmaster.manage"], BingRefusal, (_, _, person) => new JsonObject
        {
            ["d"] = new JsonArray([.. PlatformData.Of(person, n => new JsonObject
            {
                ["__type"] = "Site:#Microsoft.Bing.Webmaster.Api", ["AuthenticationCode"] = "258CAD36B9EEE22F1CFDEB4C239D26BB", ["DnsVerificationCode"] = "258cad36b9eee22f1cfdeb4c239d26bb.example.com",
                ["IsVerified"] = n != 5, ["Url"] = $"https://site{n}.example.com/",
            })]),
        });
    }

    /// <summary>WordPress.com's: me and my sites.</summary>
    public void MapWordPress(IEndpointRouteBuilder routes)
    {
        MapWordPressFigures(routes);
        Get(routes, "/rest/v1.1/me", [], WordPressRefusal, (_, token, person) => new JsonObject
        {
            ["ID"] = 55511 + person.Subject.Length, ["display_name"] = person.Name, ["username"] = person.Subject, ["email"] = person.Email, ["avatar_URL"] = issuer.At($"/people/{person.Subject}.svg"),
            ["token_site_id"] = token.Scopes.Contains("global") ? JsonValue.Create(false) : JsonValue.Create(PlatformData.BlogOf(person)),
            ["token_scope"] = new JsonArray([.. token.Scopes.Select(scope => JsonValue.Create(scope))]),
        });
        Get(routes, "/rest/v1.1/me/sites", ["sites", "global"], WordPressRefusal, (_, _, person) => new JsonObject
        {
            ["sites"] = new JsonArray([.. PlatformData.Of(person, n => new JsonObject
            {
                ["ID"] = PlatformData.BlogOf(person) + n, ["name"] = n == 1 ? $"{person.Name}'s blog" : $"Blog {n}", ["URL"] = $"https://{person.Subject}{n}.wordpress.com",
                ["jetpack"] = false, ["capabilities"] = new JsonObject { ["view_stats"] = n != 5, ["manage_options"] = n != 5 },
            })]),
        });
        Get(routes, "/userinfo", ["openid"], WordPressRefusal, (_, token, person) => IdToken.Claims(person.Subject, token.Scopes));
    }

    private static string[] Google(params string[] scopes) => [.. scopes.Select(scope => "https://www.googleapis.com/auth/" + scope)];

    private static JsonObject With(JsonObject body, string name, string? value)
    {
        if (value is not null) body[name] = value;
        return body;
    }

    private void Get(IEndpointRouteBuilder routes, string path, string[] anyOf, Func<int, JsonObject> refusal, Func<HttpContext, AccessToken, Person, JsonObject> body) =>
        routes.MapGet(path, http => Answered(http, anyOf, refusal, body));

    private Task Answered(HttpContext http, string[] anyOf, Func<int, JsonObject> refusal, Func<HttpContext, AccessToken, Person, JsonObject> body) =>
        Asked(http, anyOf, refusal, (token, person) => Answer.Json(body(http, token, person)));

    private Task Asked(HttpContext http, string[] anyOf, Func<int, JsonObject> refusal, Func<AccessToken, Person, Answer> answer)
    {
        state.Counters.Add(Counter.UserinfoCalls);
        return FaultGate.Pass(http, state, FaultEndpoint.Userinfo, fault =>
        {
            var (token, grant, refused) = BearerAccess.Check(http.Request, state.Grants, anyOf);
            if (grant is not null && fault == FaultMode.ClaimsChallenge)
                state.Challenges.Begin(grant.Id, state.Clock.GetUtcNow());
            if (grant is not null && state.Challenges.HeaderFor(grant.Id) is { } challenge)
                return Answer.Json(refusal(StatusCodes.Status401Unauthorized), StatusCodes.Status401Unauthorized).With("WWW-Authenticate", challenge);
            return token is null || grant is null
                ? Refused(http.Request, refused!.Status, refusal, anyOf)
                : answer(token, Everybody.Find(grant.Subject) ?? Everybody.All[0]);
        });
    }

    /// <summary>Google's alone names the reason in a challenge; Microsoft Graph and the others say it in the body.</summary>
    private static Answer Refused(HttpRequest request, int status, Func<int, JsonObject> refusal, string[] anyOf)
    {
        if (refusal == WordPressRefusal && status == StatusCodes.Status401Unauthorized)
            return Answer.Json(refusal(status), StatusCodes.Status400BadRequest);
        return refusal == GoogleRefusal ? Answer.Json(refusal(status), status).With("WWW-Authenticate", GoogleChallenge(request, status, anyOf)) : Answer.Json(refusal(status), status);
    }

    private static string GoogleChallenge(HttpRequest request, int status, string[] anyOf)
    {
        const string realm = "Bearer realm=\"https://accounts.google.com/\"";
        if (status == StatusCodes.Status403Forbidden)
            return $"{realm}, error=\"insufficient_scope\", scope=\"{string.Join(' ', anyOf)}\"";
        return request.Headers.Authorization.Count == 0 ? realm : $"{realm}, error=\"invalid_token\"";
    }

    private static JsonObject GoogleRefusal(int status) => new()
    {
        ["error"] = new JsonObject
        {
            ["code"] = status, ["message"] = status == 401 ? "Invalid Credentials" : "Insufficient Permission", ["status"] = status == 401 ? "UNAUTHENTICATED" : "PERMISSION_DENIED",
            ["errors"] = new JsonArray(new JsonObject { ["domain"] = "global", ["reason"] = status == 401 ? "authError" : "insufficientPermissions" }),
        },
    };

    private static JsonObject GraphRefusal(int status) => new() { ["error"] = new JsonObject { ["code"] = status == 401 ? "InvalidAuthenticationToken" : "ErrorAccessDenied", ["message"] = "Access is denied." } };

    private static JsonObject NotionRefusal(int status) => new() { ["object"] = "error", ["status"] = status, ["code"] = status == 401 ? "unauthorized" : "restricted_resource", ["message"] = "API token is invalid." };

    private static JsonObject BingRefusal(int status) => new() { ["ErrorCode"] = status == 401 ? 3 : 14, ["Message"] = status == 401 ? "InvalidApiKey" : "NotAuthorized" };

    /// <summary>It says 400 to a bad token, not 401.</summary>
    private static JsonObject WordPressRefusal(int status) => new() { ["error"] = status == 401 ? "invalid_token" : "unauthorized", ["message"] = "The OAuth2 token is invalid." };
}
