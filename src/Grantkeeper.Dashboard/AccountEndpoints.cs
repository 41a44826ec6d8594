using System.Text;
using Grantkeeper.Administration;
using Grantkeeper.Connect;
using Grantkeeper.Dashboard.Pages;
using Grantkeeper.Errors;
using Grantkeeper.Http;
using Grantkeeper.Identity;
using Grantkeeper.Links;
using Grantkeeper.Providers;
using Grantkeeper.Resources;
using Grantkeeper.Settings;
using Grantkeeper.Tokens;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.WebUtilities;

namespace Grantkeeper.Dashboard;

/// <summary>The accounts page: it calls the slices in process, the same ones as the API.</summary>
internal static class AccountEndpoints
{
    /// <summary>Whom the page acts for until the operator says otherwise.</summary>
    private const string FirstUser = "demo";

    /// <summary>Remembers, while the browser is at the provider, which flow it will come back from. Tells nothing secret.</summary>
    private const string FlowCookie = "gk-page-flow";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/accounts", Show).ExcludeFromDescription();
        routes.MapPost("/accounts/connect", Connect).ExcludeFromDescription();
        routes.MapGet("/accounts/returned", Returned).ExcludeFromDescription();
        routes.MapPost("/accounts/disconnect", Disconnect).ExcludeFromDescription();
        routes.MapPost("/accounts/run", Run).ExcludeFromDescription();
        routes.MapPost("/accounts/resources", Opened).ExcludeFromDescription();
        routes.MapPost("/accounts/break", Break).ExcludeFromDescription();
    }

    private static Task<IResult> Show(
        HttpContext http, AccountsReader reader, FlowStore flows, ProviderCatalogue catalogue, [FromQuery(Name = "user_id")] string? userId, string? revocation, string? flow, string? broken, string? changed) => PageResult.ForOperator(http, async _ =>
    {
        if (!http.Caller().UserOf(userId ?? FirstUser).TryGet(out var user, out var failure))
            return PageResult.Refusal(http, failure);
        var notice = revocation is not null ? OfRevocation(revocation)
            : AccountChangeEndpoints.NoticeOf(changed) is { } change ? change
            : PersonEndpoints.NoticeOf(changed) is { } person ? person
            : AccidentOf(broken) is { } accident ? OfAccident(accident)
            : Guid.TryParse(flow, out var id) && await flows.Find(id, user, http.RequestAborted) is { } finished ? OfFlow(finished, catalogue)
            : null;
        return PageResult.Page<AccountsPage>(http, new { Model = await reader.Read(user, notice, null, http.RequestAborted) });
    });

    /// <summary>Calls the provider's account endpoint with a fresh token, as a back end would, and shows the answer.</summary>
    private static Task<IResult> Run(HttpContext http, AccountCall call, AccountsReader reader) => ForIntegration(http, async (user, id) =>
    {
        var answer = await call.Run(id, user, http.Source(), http.RequestAborted);
        return answer.Failure is { } failure && failure.Code == ErrorCatalogue.Integrations.NotFound
            ? PageResult.Refusal(http, failure)
            : PageResult.Page<AccountsPage>(http, new { Model = await reader.Read(user, null, (id, RunAnswer.Of(answer)), http.RequestAborted) });
    });

    /// <summary>Asks the provider what the account opens.</summary>
    private static Task<IResult> Opened(HttpContext http, IResourceReader resources, ITokenVault vault, AccountsReader reader) => ForIntegration(http, async (user, id) =>
    {
        if (await vault.Find(id, user, http.RequestAborted) is not { } row)
            return PageResult.Refusal(http, new Failure(ErrorCatalogue.Integrations.NotFound));
        var answer = RunAnswer.Of(await resources.Read(row, http.Source(), http.RequestAborted));
        return PageResult.Page<AccountsPage>(http, new { Model = await reader.Read(user, null, (id, answer), http.RequestAborted) });
    });

    /// <summary>Breaks the sandbox on purpose; without a sandbox there is nothing to find here.</summary>
    private static Task<IResult> Break(HttpContext http, SandboxControls controls) => ForIntegration(http, async (user, id) =>
    {
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        if (AccidentOf(form["accident"]) is not { } accident)
            return PageResult.Refusal(http, new Failure(ErrorCatalogue.Requests.Malformed, "The form names nothing that can be broken."));
        return (await controls.Break(id, user, accident, http.Source(), http.RequestAborted)).TryGet(out _, out var failure)
            ? PageResult.SeeOther(http, $"/accounts?user_id={Uri.EscapeDataString(user)}&broken={Words.Of(accident)}#notice")
            : PageResult.Refusal(http, failure);
    });

    internal static Task<IResult> ForIntegration(HttpContext http, Func<string, Guid, Task<IResult>> page) => PageResult.ForOperator(http, async _ =>
    {
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        if (!http.Caller().UserOf(form["user_id"]).TryGet(out var user, out var failure))
            return PageResult.Refusal(http, failure);
        return Guid.TryParse(form["integration_id"], out var id) ? await page(user, id) : PageResult.Refusal(http, new Failure(ErrorCatalogue.Integrations.NotFound));
    });

    private static Task<IResult> Connect(HttpContext http, ConnectFlow connect, ConnectLinks links, GrantkeeperOptions options) => PageResult.ForOperator(http, async _ =>
    {
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        if (!http.Caller().UserOf(form["user_id"]).TryGet(out var user, out var failure))
            return PageResult.Refusal(http, failure);
        var started = await connect.Start(
            new StartRequest
            {
                Provider = form["provider"].ToString(),
                UserId = user,
                ReconnectIntegrationId = Guid.TryParse(form["integration_id"], out var id) ? id : null,
                // The operator's own browser opens the link in the next moment; it is shown to nobody.
                Completion = Completion.Direct,
                ReturnTo = OwnPages.AreReturnedTo(options) ? "/accounts/returned" : null,
            },
            http.Source(), http.RequestAborted);
        if (!started.TryGet(out var flow, out failure))
            return PageResult.Refusal(http, failure);
        http.Response.Cookies.Append(FlowCookie, $"{flow.FlowId}.{WebEncoders.Base64UrlEncode(Encoding.UTF8.GetBytes(user))}", Cookie(options, TimeSpan.FromSeconds(flow.ExpiresIn)));
        return PageResult.SeeOther(http, links.Start(flow.StartHandle.Reveal()));
    });

    /// <summary>Back from the provider. What happened stands in the flow, not in what the browser brings.</summary>
    private static Task<IResult> Returned(HttpContext http, GrantkeeperOptions options) => PageResult.ForOperator(http, _ =>
    {
        var parts = (http.Request.Cookies[FlowCookie] ?? "").Split('.');
        http.Response.Cookies.Delete(FlowCookie, Cookie(options, null));
        return Task.FromResult(PageResult.SeeOther(http, parts.Length == 2 && Guid.TryParse(parts[0], out var id) && UserIn(parts[1]) is { } user
            ? $"/accounts?user_id={Uri.EscapeDataString(user)}&flow={id}"
            : "/accounts"));
    });

    private static Task<IResult> Disconnect(HttpContext http, DisconnectFlow disconnect) => ForIntegration(http, async (user, id) =>
        (await disconnect.Disconnect(id, user, "operator", http.Source(), http.RequestAborted)).TryGet(out var done, out var failure)
            ? PageResult.SeeOther(http, $"/accounts?user_id={Uri.EscapeDataString(user)}&revocation={done.ProviderRevocation}")
            : PageResult.Refusal(http, failure));

    private static Notice OfRevocation(string word) => word switch
    {
        Revocations.Confirmed => new("Disconnected. The provider confirmed that the grant is gone.", true),
        Revocations.Pending => new("Disconnected. The provider has not answered yet and is asked again until it does.", true),
        Revocations.Withheld => new("Disconnected. The provider was not told, because that would end another connected account too.", true),
        Revocations.Unsupported => new("Disconnected. The provider offers no way to revoke a grant; the user can remove the app in the account's settings there.", true),
        _ => new("Disconnected here. The provider refused the revocation; the user can remove the app in the account's settings there.", false),
    };

    private static SandboxAccident? AccidentOf(string? word) => Enum.GetValues<SandboxAccident>().Where(accident => Words.Of(accident) == word).Select(accident => (SandboxAccident?)accident).FirstOrDefault();

    private static Notice OfAccident(SandboxAccident accident) => accident switch
    {
        SandboxAccident.Expire => new("The access token has ended. Press Run: the next read renews it.", true),
        SandboxAccident.Revoke => new("The person has withdrawn everything at the sandbox; Grantkeeper was not told. Press Run to see it find out.", true),
        SandboxAccident.Down => new("The sandbox answers everything with 503 until you bring it up again. Expire the token and press Run.", true),
        SandboxAccident.Up => new("The sandbox works again; every switch is off.", true),
        _ => new("The sandbox will carry out the next refresh and lose its answer. The access token has ended, so press Run, and once more after a second.", true),
    };

    private static Notice? OfFlow(PendingFlow flow, ProviderCatalogue catalogue)
    {
        var name = catalogue.Find(flow.Provider)?.DisplayName ?? flow.Provider;
        if (flow.Status == FlowStatus.Completed)
            return new Notice($"{name} is connected.", true);
        return flow.ErrorCode is not null && ErrorCatalogue.Find(flow.ErrorCode) is { } code
            ? new Notice($"{name} was not connected: {code.Cause}", false)
            : null;
    }

    private static string? UserIn(string text)
    {
        try
        {
            return UserIds.Parse(Encoding.UTF8.GetString(WebEncoders.Base64UrlDecode(text))).TryGet(out var user, out _) ? user : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static CookieOptions Cookie(GrantkeeperOptions options, TimeSpan? lifetime) => new()
    {
        HttpOnly = true, SameSite = SameSiteMode.Lax, Path = "/accounts", MaxAge = lifetime, Secure = options.PublicUrl.Scheme == Uri.UriSchemeHttps,
    };
}
