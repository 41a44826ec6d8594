using Grantkeeper.Dashboard.Pages;
using Grantkeeper.Dashboard.Session;
using Grantkeeper.Errors;
using Grantkeeper.Http;
using Grantkeeper.Identity;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Grantkeeper.Dashboard;

/// <summary>Signing in with a one-time link, and out. The link shows a button and consumes nothing: scanners open links too.</summary>
internal static class SessionEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/", (HttpContext http) => PageResult.SeeOther(http, "/accounts")).ExcludeFromDescription();
        routes.MapGet("/sign-in/{handle}", (HttpContext http) => PageResult.Page<SignInPage>(http, new { })).ExcludeFromDescription();
        routes.MapPost("/sign-in/{handle}", SignIn).ExcludeFromDescription();
        routes.MapPost("/sign-out", (Delegate)SignOut).ExcludeFromDescription();
    }

    private static Task<IResult> SignOut(HttpContext http) => PageResult.ForOperator(http, async _ =>
    {
        await http.SignOutAsync(OperatorSession.Scheme);
        return PageResult.SeeOther(http, "/accounts");
    });

    private static async Task<IResult> SignIn(HttpContext http, string handle, SignInLinks links, IAntiforgery antiforgery)
    {
        if (!await antiforgery.IsRequestValidAsync(http))
            return PageResult.Refusal(http, new Failure(ErrorCatalogue.Requests.Malformed, "The form is too old or comes from elsewhere."), "Open the link again.");
        if (!await links.Redeem(http.Features.Get<SecretAddress>()?.Handle ?? handle, http.RequestAborted))
            return PageResult.Refusal(http, new Failure(ErrorCatalogue.Identity.SignInLinkInvalid));
        await OperatorSession.Begin(http);
        return PageResult.SeeOther(http, "/accounts");
    }
}
