using Grantkeeper.Dashboard.Pages;
using Grantkeeper.Dashboard.Session;
using Grantkeeper.Errors;
using Grantkeeper.Http;
using Grantkeeper.Identity;
using Grantkeeper.Storage;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection;

namespace Grantkeeper.Dashboard;

/// <summary>How pages answer: rendered on the server, one script of our own for the copy buttons, nothing cached, framed or told to the next site.</summary>
internal static class PageResult
{
    private static readonly Failure NotSignedIn = new(ErrorCatalogue.Identity.Unauthenticated with { Title = "Not signed in" }, "You are not signed in, or your session has ended.");

    public static IResult Page<T>(HttpContext http, object parameters, int status = StatusCodes.Status200OK) where T : IComponent
    {
        Protect(http.Response);
        return new RazorComponentResult<T>(parameters) { StatusCode = status };
    }

    /// <summary>Runs a page for a signed-in operator; a form must carry its antiforgery token.</summary>
    public static async Task<IResult> ForOperator(HttpContext http, Func<Caller, Task<IResult>> page)
    {
        try
        {
            if (http.RequestServices.GetRequiredService<Readiness>().Failure is { } notReady)
                return Refusal(http, notReady);
            if (await OperatorSession.Of(http) is not { } caller)
                return Page<SignInPage>(http, new { Refusal = NotSignedIn, OffersKey = true, To = HttpMethods.IsGet(http.Request.Method) ? $"{http.Request.Path}{http.Request.QueryString}" : null }, NotSignedIn.Code.Status);
            if (HttpMethods.IsPost(http.Request.Method) && !await http.RequestServices.GetRequiredService<IAntiforgery>().IsRequestValidAsync(http))
                return Refusal(http, new Failure(ErrorCatalogue.Requests.Malformed, "The form is too old or comes from elsewhere."), "Open the page again and repeat the step.");
            http.Features.Set(caller);
            return await page(caller);
        }
        catch (StorageUnavailableException)
        {
            return Refusal(http, new Failure(ErrorCatalogue.Storage.Unavailable));
        }
    }

    /// <summary>Runs a form that nobody has to be signed in for; it must carry its antiforgery token all the same.</summary>
    public static async Task<IResult> ForStranger(HttpContext http, string remedy, Func<Task<IResult>> page)
    {
        try
        {
            if (http.RequestServices.GetRequiredService<Readiness>().Failure is { } notReady)
                return Refusal(http, notReady);
            return await http.RequestServices.GetRequiredService<IAntiforgery>().IsRequestValidAsync(http)
                ? await page()
                : Refusal(http, new Failure(ErrorCatalogue.Requests.Malformed, "The form is too old or comes from elsewhere."), remedy);
        }
        catch (StorageUnavailableException)
        {
            return Refusal(http, new Failure(ErrorCatalogue.Storage.Unavailable));
        }
    }

    public static IResult Refusal(HttpContext http, Failure failure, string? remedy = null)
    {
        Answers.SayWhen(http, failure);
        return Page<SignInPage>(http, new { Refusal = failure, Remedy = remedy }, failure.Code.Status);
    }

    public static IResult SeeOther(HttpContext http, string address)
    {
        Protect(http.Response);
        http.Response.Headers.Location = address;
        return Results.StatusCode(StatusCodes.Status303SeeOther);
    }

    public static void Protect(HttpResponse response)
    {
        response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'";
        // As the antiforgery service writes it; anything else it overrides with a warning.
        response.Headers.CacheControl = "no-cache, no-store";
        response.Headers.Pragma = "no-cache";
        response.Headers["Referrer-Policy"] = "no-referrer";
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers["Cross-Origin-Opener-Policy"] = "same-origin";
    }
}
