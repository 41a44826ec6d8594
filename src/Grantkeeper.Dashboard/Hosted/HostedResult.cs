using System.Security.Cryptography;
using Grantkeeper.Connect;
using Grantkeeper.Errors;
using Grantkeeper.Http;
using Grantkeeper.Settings;
using Grantkeeper.Storage;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection;

namespace Grantkeeper.Dashboard.Hosted;

/// <summary>How the hosted page answers: rendered on the server, without a script, never stored, framed or told to the next site.</summary>
internal static class HostedResult
{
    /// <summary>Runs a page whose trouble becomes a page too; a form must carry its antiforgery token.</summary>
    public static async Task<IResult> Guarded(HttpContext http, Func<Task<IResult>> page)
    {
        try
        {
            if (http.RequestServices.GetRequiredService<Readiness>().Failure is { } notReady)
                return Refusal(http, notReady);
            if (HttpMethods.IsPost(http.Request.Method) && !await http.RequestServices.GetRequiredService<IAntiforgery>().IsRequestValidAsync(http))
                return Refusal(http, new Failure(ErrorCatalogue.Requests.Malformed));
            return await page();
        }
        catch (StorageUnavailableException)
        {
            return Refusal(http, new Failure(ErrorCatalogue.Storage.Unavailable));
        }
    }

    /// <summary>Runs a page for the browser of a connect session.</summary>
    public static Task<IResult> ForSession(HttpContext http, Func<ConnectSession, Task<IResult>> page) => Guarded(http, async () =>
    {
        if (await HostedSession.Of(http) is not { } session)
            return Refusal(http, new Failure(ErrorCatalogue.Connect.SessionEnded));
        http.Features.Set(session.AsCaller());
        return await page(session);
    });

    public static IResult Page<T>(HttpContext http, ConnectSession? session, Func<HostedFrame, object> parameters, int status = StatusCodes.Status200OK) where T : IComponent
    {
        var options = http.RequestServices.GetRequiredService<GrantkeeperOptions>();
        PageLanguage.Remember(http, options);
        var back = session is null ? options.FrontendUrl : new Uri(session.ReturnTo);
        var frame = new HostedFrame(PageLanguage.Of(http, session?.Language), options, back, Convert.ToBase64String(RandomNumberGenerator.GetBytes(16)));
        PageResult.Protect(http.Response);
        var logo = options.Brand.LogoUrl is { } address ? $" {address.GetLeftPart(UriPartial.Authority)}" : "";
        http.Response.Headers.ContentSecurityPolicy =
            $"default-src 'none'; style-src 'self' 'nonce-{frame.Nonce}'; img-src 'self' data:{logo}; base-uri 'none'; frame-ancestors 'none'";
        http.Response.Headers.XFrameOptions = "DENY";
        return new RazorComponentResult<T>(parameters(frame)) { StatusCode = status };
    }

    public static IResult Refusal(HttpContext http, Failure failure, ConnectSession? session = null)
    {
        Answers.SayWhen(http, failure);
        var trace = Answers.TraceId(http);
        return Page<HostedRefusal>(http, session, frame => new { Frame = frame, failure.Code, TraceId = trace, HasSession = session is not null }, failure.Code.Status);
    }
}
