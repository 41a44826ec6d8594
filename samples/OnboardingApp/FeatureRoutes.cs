using System.Security.Claims;
using Grantkeeper;
using Grantkeeper.Client;
using Grantkeeper.Client.Contracts;
using Grantkeeper.Connect;
using Grantkeeper.Consents;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http.HttpResults;
using OnboardingApp.Pages;

namespace OnboardingApp;

/// <summary>What the application does for its users, each feature for those who have granted enough.</summary>
internal sealed class FeatureRoutes(IFeatures features, IConnections connections)
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var pages = routes.MapGroup("").RequireAuthorization();
        pages.MapGet("/home", (ClaimsPrincipal user, FeatureRoutes page, CancellationToken cancellation) => page.Home(user, cancellation));
        pages.MapPost("/unlock/{feature}", (string feature, ClaimsPrincipal user, FeatureRoutes page, CancellationToken cancellation) => page.Unlock(feature, user, cancellation));
        pages.MapGet("/figures", (ClaimsPrincipal user, FeatureRoutes page, SearchConsole console, CancellationToken cancellation) =>
            page.Show<FiguresPage>("figures", user, async () => new { Figures = await console.Figures(cancellation) }, cancellation));
        pages.MapGet("/calendar", (ClaimsPrincipal user, FeatureRoutes page, Calendars calendars, CancellationToken cancellation) =>
            page.Show<CalendarPage>("calendar", user, async () => new { Calendars = await calendars.All(cancellation) }, cancellation));

        // For the application's own scripts: a problem with the missing scopes instead of a page.
        pages.MapGet("/api/calendars", async (Calendars calendars, CancellationToken cancellation) =>
        {
            try
            {
                return Results.Ok(await calendars.All(cancellation));
            }
            catch (ConnectedAccountException refusal)
            {
                return Results.Problem(refusal.Problem.Title, statusCode: refusal.Problem.Retryable ? 503 : 409, extensions: new Dictionary<string, object?> { ["code"] = refusal.Code });
            }
        }).RequireFeature("calendar");
    }

    private async Task<IResult> Home(ClaimsPrincipal user, CancellationToken cancellation) => (await features.List(user.Id!, cancellation)).TryGet(out var list, out var failure)
        ? new RazorComponentResult<HomePage>(new { Person = user.Id, list.Features })
        : Trouble.Page(failure);

    #region snippet features.page
    /// <summary>The feature's page, or why it is locked. A grant that the user withdrew at the platform shows when the API is called.</summary>
    private async Task<IResult> Show<TPage>(string key, ClaimsPrincipal user, Func<Task<object>> read, CancellationToken cancellation) where TPage : IComponent
    {
        if (!(await features.Find(key, user.Id!, cancellation)).TryGet(out var feature, out var failure))
            return Trouble.Page(failure);
        if (!feature.Active)
            return Locked(feature);
        try
        {
            return new RazorComponentResult<TPage>(await read());
        }
        catch (ConnectedAccountException refusal) when (!refusal.Problem.Retryable)
        {
            return (await features.Find(key, user.Id!, cancellation)).TryGet(out var now, out failure) ? Locked(now) : Trouble.Page(failure);
        }
        catch (Exception exception) when (exception is ConnectedAccountException or HttpRequestException)
        {
            return Trouble.Page("The platform does not answer", "Nothing is lost. Try again in a moment.", StatusCodes.Status503ServiceUnavailable);
        }
    }

    /// <summary>Asks for what is missing, at the account that lacks it: a further permission, a first connection, or a withdrawn one again.</summary>
    private async Task<IResult> Unlock(string key, ClaimsPrincipal user, CancellationToken cancellation)
    {
        if (!(await features.Find(key, user.Id!, cancellation)).TryGet(out var feature, out var failure))
            return Trouble.Page(failure);
        var request = new InitiateRequest { Provider = feature.Requires.Provider, Features = [key], IntegrationId = feature.IntegrationId, UserId = user.Id, ReturnTo = $"/{key}" };
        return (await connections.Start(request, cancellation)).TryGet(out var connection, out failure) ? Results.Redirect(connection.AuthorizationUrl) : Trouble.Page(failure);
    }
    #endregion

    private static RazorComponentResult<LockedPage> Locked(FeatureEntry feature) => new(new { Feature = feature }) { StatusCode = StatusCodes.Status403Forbidden };
}
