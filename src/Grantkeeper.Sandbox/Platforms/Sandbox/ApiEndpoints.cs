using System.Globalization;
using System.Text.Json.Nodes;
using Grantkeeper.Sandbox.Control;
using Grantkeeper.Sandbox.Faults;
using Grantkeeper.Sandbox.Grants;
using Grantkeeper.Sandbox.Http;
using Grantkeeper.Sandbox.OAuth;
using Grantkeeper.Sandbox.People;

namespace Grantkeeper.Sandbox.Platforms.Sandbox;

/// <summary>
/// An API that is worth a token: an account, its calendar and its files. Alice has several of everything, Bob one,
/// Carol nothing. Lists are paged by <c>limit</c> and <c>cursor</c>.
/// </summary>
internal sealed class ApiEndpoints(SandboxState state, Issuer issuer)
{
    private const int LargestPage = 50;

    private static readonly string[] Events = ["Stand-up", "Lunch with Bob", "Quarterly review", "Dentist", "Train to Hamburg"];
    private static readonly string[] Files = ["Budget.ods", "Holiday.jpg", "Notes.md"];

    /// <summary>The account itself; any access token will do.</summary>
    public Task Me(HttpContext http) => Call(http, (token, grant) =>
    {
        var account = IdToken.Claims(grant.Subject, token.Scopes);
        account["id"] = grant.Subject;
        account["scopes"] = ScopeList.Join(token.Scopes);
        if (token.Scopes.Contains("profile")) account["picture"] = issuer.At($"/people/{grant.Subject}.svg");
        return account;
    });

    /// <summary>The events of the coming days.</summary>
    public Task CalendarEvents(HttpContext http) => Call(http, (_, grant) =>
    {
        var tomorrow = state.Clock.GetUtcNow().Date.AddDays(1);
        return Page(http, Owned(Events, grant.Subject), (title, index) => new JsonObject
        {
            ["id"] = $"event-{grant.Subject}-{index}",
            ["title"] = title,
            ["starts_at"] = tomorrow.AddDays(index).AddHours(9).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
            ["minutes"] = 60,
        });
    }, "calendar.readonly", "calendar.write");

    /// <summary>The files.</summary>
    public Task FileList(HttpContext http) => Call(http, (_, grant) => Page(http, Owned(Files, grant.Subject), (name, index) => new JsonObject
    {
        ["id"] = $"file-{grant.Subject}-{index}",
        ["name"] = name,
        ["bytes"] = (index + 1) * 1024,
    }), "files.readonly");

    private static string[] Owned(string[] all, string subject) =>
        subject == Everybody.All[0].Subject ? all : subject == Everybody.All[1].Subject ? all[..1] : [];

    private static JsonObject Page(HttpContext http, string[] all, Func<string, int, JsonObject> item)
    {
        var limit = Math.Clamp(Number(http.Request.Query["limit"], LargestPage), 1, LargestPage);
        var start = Math.Clamp(Number(http.Request.Query["cursor"], 0), 0, all.Length);
        var end = Math.Min(start + limit, all.Length);
        return new JsonObject
        {
            ["items"] = new JsonArray([.. Enumerable.Range(start, end - start).Select(index => item(all[index], index))]),
            ["next_cursor"] = end < all.Length ? end.ToString() : null,
        };
    }

    private static int Number(string? text, int otherwise) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : otherwise;

    private Task Call(HttpContext http, Func<AccessToken, Grant, JsonObject> body, params string[] anyOf)
    {
        state.Counters.Add(Counter.ApiCalls);
        return FaultGate.Pass(http, state, FaultEndpoint.Api, _ =>
        {
            var (token, grant, refusal) = BearerAccess.Check(http.Request, state.Grants, anyOf);
            return token is null || grant is null ? refusal! : Answer.Json(body(token, grant));
        });
    }
}
