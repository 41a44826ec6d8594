using Grantkeeper.Sandbox.Control;
using Grantkeeper.Sandbox.Grants;
using Grantkeeper.Sandbox.Http;
using Grantkeeper.Sandbox.Interactions;
using Grantkeeper.Sandbox.OAuth;
using Grantkeeper.Sandbox.Pages;
using Grantkeeper.Sandbox.People;
using Microsoft.AspNetCore.WebUtilities;

namespace Grantkeeper.Sandbox.Platforms;

/// <summary>From an application's question to a person's answer.</summary>
internal sealed class AuthorizeEndpoints(Profile profile, SandboxState state, Issuer issuer)
{
    private static readonly OAuthRefusal TooOld = OAuthRefusal.InvalidRequest(
        "This page is no longer open: it is too old, was answered already, or belongs to another browser.");

    /// <summary>The authorization endpoint, by GET or by POST.</summary>
    public async Task Start(HttpContext http)
    {
        state.Counters.Add(Counter.Authorize);

        // 1. Check the request; only with a checked address does a refusal go back to the application.
        var form = HttpMethods.IsPost(http.Request.Method) ? await RequestForm.ReadBody(http.Request) : RequestForm.ReadQuery(http.Request);
        var reading = AuthorizationReading.Read(form, state.Clients, profile);
        if (reading.Request is not { } request)
        {
            await (reading.Target is null ? ErrorPage.Send(http, reading.Refusal!) : SendBack(http, reading.Target, reading.Refusal!));
            return;
        }

        // 2. Tests, and applications that must not disturb anybody, are answered at once.
        var hint = LoginHint.Read(request.LoginHint);
        var known = state.Browsers.WhoIs(http.Request);
        if (request.Prompt.Contains("none")) await AnswerSilently(http, request, known, hint);
        else if (hint.Auto || state.AutoConsent) await AnswerAutomatically(http, request, hint.Person ?? known ?? Everybody.All[0], hint);

        // 3. Everybody else sees pages.
        else await BeginPages(http, request, hint.Person ?? known);
    }

    /// <summary>Shows the accounts.</summary>
    public Task ShowLogin(HttpContext http) => state.Browsers.Find(http.Request, http.Request.Query["interaction"]) is { } interaction
        ? LoginPage.Send(http, profile, interaction)
        : ErrorPage.Send(http, TooOld);

    /// <summary>Takes the chosen account.</summary>
    public async Task Login(HttpContext http)
    {
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        if (state.Browsers.Find(http.Request, form) is not { } interaction || Everybody.Find(form["person"]) is not { } person)
        {
            await ErrorPage.Send(http, TooOld);
            return;
        }

        state.Browsers.Choose(interaction, person);
        See(http, Page("consent", interaction));
    }

    /// <summary>Goes back to the accounts.</summary>
    public async Task SwitchAccount(HttpContext http)
    {
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        if (state.Browsers.Find(http.Request, form) is { } interaction) See(http, Page("login", interaction));
        else await ErrorPage.Send(http, TooOld);
    }

    /// <summary>Shows the question.</summary>
    public Task ShowConsent(HttpContext http) =>
        state.Browsers.Find(http.Request, http.Request.Query["interaction"]) is { Person: { } person } interaction
            ? ConsentPage.Send(http, profile, interaction, person, profile.Describe(interaction.Request.Scopes))
            : ErrorPage.Send(http, TooOld);

    /// <summary>Takes the answer.</summary>
    public async Task Consent(HttpContext http)
    {
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        if (state.Browsers.Find(http.Request, form) is not { Person: { } person } interaction || !state.Browsers.End(interaction))
        {
            await ErrorPage.Send(http, TooOld);
            return;
        }

        var granted = interaction.Request.Scopes.Where(scope => scope == "openid" || form["scope"].Contains(scope)).ToList();
        if (form["decision"] == "allow" && (granted.Count > 0 || profile.Scopes.Count == 0)) await SendCode(http, interaction.Request, person, granted);
        else await SendBack(http, interaction.Request.Target, Denied());
    }

    private static OAuthRefusal Denied() => new("access_denied", "The person did not allow it.");

    private string Page(string name, Interaction interaction) => $"{profile.Prefix}/authorize/{name}?interaction={interaction.Id}";

    private static void See(HttpContext http, string location)
    {
        http.Response.StatusCode = StatusCodes.Status303SeeOther;
        http.Response.Headers.Location = location;
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers["Referrer-Policy"] = "no-referrer";
    }

    private Task AnswerSilently(HttpContext http, AuthorizationRequest request, Person? known, LoginHint hint)
    {
        if (known is null || (hint.Person is not null && hint.Person != known))
            return SendBack(http, request.Target, new("login_required", "Nobody suitable is signed in."));
        return state.Grants.Covers(request.Client.ClientId, known.Subject, request.Scopes)
            ? SendCode(http, request, known, request.Scopes)
            : SendBack(http, request.Target, new("consent_required", "The person has not granted all of this yet."));
    }

    private Task AnswerAutomatically(HttpContext http, AuthorizationRequest request, Person person, LoginHint hint)
    {
        if (hint.Deny) return SendBack(http, request.Target, Denied());
        var last = hint.Partial ? request.Scopes.LastOrDefault(scope => scope != "openid") : null;
        IReadOnlyList<string> granted = [.. request.Scopes.Where(scope => scope != last)];
        return granted.Count > 0 || profile.Scopes.Count == 0 ? SendCode(http, request, person, granted) : SendBack(http, request.Target, Denied());
    }

    private Task BeginPages(HttpContext http, AuthorizationRequest request, Person? person)
    {
        var choose = person is null || request.Prompt.Contains("login") || request.Prompt.Contains("select_account");
        var interaction = state.Browsers.Begin(http, request, person);
        if (!choose) state.Browsers.Choose(interaction, person!);
        See(http, Page(choose ? "login" : "consent", interaction));
        return Task.CompletedTask;
    }

    private Task SendCode(HttpContext http, AuthorizationRequest request, Person person, IReadOnlyList<string> granted)
    {
        var code = state.Grants.IssueCode(new AuthorizationCode(
            request.Client.ClientId, request.Target.RedirectUri, request.CodeChallenge, request.Nonce, person.Subject, granted,
            request.Offline && (profile.Prefix.Length > 0 || granted.Contains("offline_access")), profile.CodeLifetime));
        return Deliver(http, request.Target, new Dictionary<string, string>(profile.CallbackExtras(person)) { ["code"] = code });
    }

    private Task SendBack(HttpContext http, CallbackTarget target, OAuthRefusal refusal) => Deliver(http, target, new Dictionary<string, string>
    {
        ["error"] = refusal.Error,
        ["error_description"] = refusal.Description,
    });

    private Task Deliver(HttpContext http, CallbackTarget target, Dictionary<string, string> parameters)
    {
        if (target.State is not null) parameters["state"] = target.State;
        if (profile.SendsIss) parameters["iss"] = issuer.Origin + profile.Prefix;
        if (target.FormPost) return FormPostPage.Send(http, target.RedirectUri, parameters);
        See(http, QueryHelpers.AddQueryString(target.RedirectUri, parameters!));
        return Task.CompletedTask;
    }
}
