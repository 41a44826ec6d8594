using Grantkeeper.Audit;
using Grantkeeper.Dashboard.Session;
using Grantkeeper.Errors;
using Grantkeeper.Http;
using Grantkeeper.Identity;
using Grantkeeper.OAuth;
using Grantkeeper.Settings;
using Grantkeeper.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.WebUtilities;

namespace Grantkeeper.Dashboard;

/// <summary>Signing in at the product's identity provider. The browser keeps the attempt in a sealed cookie; nothing is stored here.</summary>
internal static class OperatorSignInEndpoints
{
    private const string TryAgain = "Open the sign-in page and try again.";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/sign-in/provider", Begin).ExcludeFromDescription();
        routes.MapGet("/sign-in/callback", Complete).ExcludeFromDescription();
    }

    private static Task<IResult> Begin(HttpContext http, OperatorSignIn signIn, AttemptCookie cookie, SignInLimit limit, GrantkeeperOptions options) => PageResult.ForStranger(http, TryAgain, async () =>
    {
        if (options.Oidc is null)
            return PageResult.Refusal(http, new Failure(ErrorCatalogue.Requests.NotFound));
        if (limit.Count(http.Connection.RemoteIpAddress) is { } wait)
            return PageResult.Refusal(http, new Failure(ErrorCatalogue.Identity.TooManyAttempts) { RetryAfter = wait });
        if (!(await signIn.Start(http.RequestAborted)).TryGet(out var started, out var failure))
            return PageResult.Refusal(http, failure);
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        cookie.Keep(http, started.Attempt, SessionEndpoints.Onward(form["to"].ToString()));
        return PageResult.SeeOther(http, started.Url.Reveal());
    });

    private static async Task<IResult> Complete(HttpContext http, OperatorSignIn signIn, AttemptCookie cookie, SignInLimit limit, Database database, AuditLog audit, GrantkeeperOptions options, Readiness readiness)
    {
        if (options.Oidc is null)
            return PageResult.Refusal(http, new Failure(ErrorCatalogue.Requests.NotFound));
        if (readiness.Failure is { } notReady)
            return PageResult.Refusal(http, notReady);
        try
        {
            var query = QueryHelpers.ParseQuery(http.Features.Get<SecretAddress>()?.Query);
            var answer = AuthorizationResponse.Read(query.SelectMany(parameter => parameter.Value.Select(value => KeyValuePair.Create(parameter.Key, value))));
            // Once: whatever becomes of it, this attempt is over.
            var (attempt, to) = cookie.Take(http);
            if (!(await signIn.Finish(attempt, answer, http.RequestAborted)).TryGet(out var person, out var failure))
            {
                // Nobody who has begun nothing fills the log.
                if (attempt is not null)
                    await SessionEndpoints.Record(http, database, audit, failure.Code.Code, null);
                return PageResult.Refusal(http, failure, failure.Code == ErrorCatalogue.Identity.SignInRefused ? TryAgain : null);
            }

            limit.Clear(http.Connection.RemoteIpAddress);
            await OperatorSession.BeginAs(http, person);
            await SessionEndpoints.Record(http, database, audit, SessionEndpoints.ByProvider, TokenCallers.IdOf(person));
            return PageResult.SeeOther(http, to);
        }
        catch (StorageUnavailableException)
        {
            return PageResult.Refusal(http, new Failure(ErrorCatalogue.Storage.Unavailable));
        }
    }
}
