using Grantkeeper.Audit;
using Grantkeeper.Dashboard.Pages;
using Grantkeeper.Dashboard.Session;
using Grantkeeper.Encryption;
using Grantkeeper.Errors;
using Grantkeeper.Http;
using Grantkeeper.Identity;
using Grantkeeper.Storage;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Grantkeeper.Dashboard;

/// <summary>
/// Signing in, with a one-time link or an administrator's key, and out; <see cref="OperatorSignInEndpoints"/> has the third way. The link shows a button and consumes nothing:
/// scanners open links too.
/// </summary>
internal static class SessionEndpoints
{
    private const string Home = "/accounts";

    /// <summary>How a sign-in at the identity provider is called in the audit log.</summary>
    public const string ByProvider = "provider";

    /// <summary>Where a sign-in may lead on to: pages, never an operation, another site or a one-time address.</summary>
    private static readonly string[] Onwards = ["/accounts?", "/integrations/", "/providers?", "/connect/integrations/"];

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/", (HttpContext http) => PageResult.SeeOther(http, Home)).ExcludeFromDescription();
        routes.MapGet("/sign-in", (HttpContext http) => PageResult.Page<SignInPage>(http, new { OffersKey = true })).ExcludeFromDescription();
        routes.MapPost("/sign-in", (Delegate)SignInWithKey).ExcludeFromDescription();
        routes.MapGet("/sign-in/{handle}", (HttpContext http) => PageResult.Page<SignInPage>(http, new { })).ExcludeFromDescription();
        routes.MapPost("/sign-in/{handle}", SignInWithLink).ExcludeFromDescription();
        routes.MapPost("/sign-out", (Delegate)SignOut).ExcludeFromDescription();
    }

    private static Task<IResult> SignOut(HttpContext http) => PageResult.ForOperator(http, async _ =>
    {
        await http.SignOutAsync(OperatorSession.Scheme);
        return PageResult.SeeOther(http, "/sign-in");
    });

    private static Task<IResult> SignInWithLink(HttpContext http, string handle, SignInLinks links, Database database, AuditLog audit) => PageResult.ForStranger(http, "Open the link again.", async () =>
    {
        if (!await links.Redeem(http.Features.Get<SecretAddress>()?.Handle ?? handle, http.RequestAborted))
            return PageResult.Refusal(http, new Failure(ErrorCatalogue.Identity.SignInLinkInvalid));
        await OperatorSession.Begin(http, null);
        await Record(http, database, audit, "link", null);
        return PageResult.SeeOther(http, Home);
    });

    private static Task<IResult> SignInWithKey(HttpContext http, ApiKeys keys, SignInLimit limit, Database database, AuditLog audit) => PageResult.ForStranger(http, "Open the page again and repeat the step.", async () =>
    {
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        if (limit.Count(http.Connection.RemoteIpAddress) is { } wait)
            return PageResult.Refusal(http, new Failure(ErrorCatalogue.Identity.TooManyAttempts) { RetryAfter = wait });
        if (!(await keys.Verify(form["key"].ToString().Trim(), http.RequestAborted)).TryGet(out var caller, out var failure) || !caller.IsAdministrator)
        {
            failure ??= new Failure(ErrorCatalogue.Identity.PermissionMissing, $"These pages ask for {Permissions.Admin}.");
            await Record(http, database, audit, failure.Code.Code, caller?.Id);
            return PageResult.Refusal(http, failure);
        }

        limit.Clear(http.Connection.RemoteIpAddress);
        await OperatorSession.Begin(http, caller);
        await Record(http, database, audit, "key", caller.Id);
        return PageResult.SeeOther(http, Onward(form["to"].ToString()));
    });

    internal static string Onward(string to) =>
        to.Length <= 2000 && !to.Any(c => c is '\\' or <= ' ' or >= '\u007f') && Onwards.Any(page => to.StartsWith(page, StringComparison.Ordinal)) && !to.Contains("..", StringComparison.Ordinal) ? to : Home;

    internal static Task Record(HttpContext http, Database database, AuditLog audit, string code, string? caller) => audit.Write(
        database.ForUser(SecretBox.SystemOwner),
        new AuditEvent(AuditAction.SignIn, SecretBox.SystemOwner, http.Source() with { Caller = caller }) { Code = code, Success = code is "link" or "key" or ByProvider }, CancellationToken.None);
}
