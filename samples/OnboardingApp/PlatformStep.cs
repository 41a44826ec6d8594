using System.Security.Claims;
using Grantkeeper.Client.Contracts;
using Grantkeeper.Connect;
using Grantkeeper.Errors;
using Grantkeeper.Onboarding;
using Grantkeeper.Registry;
using Microsoft.AspNetCore.Http.HttpResults;
using OnboardingApp.Pages;

namespace OnboardingApp;

/// <summary>Step 5 of the onboarding: the user connects at least one platform.</summary>
internal sealed class PlatformStep(IOnboarding onboarding, IConnections connections, IIntegrationRegistry registry, IConfiguration configuration)
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var step = routes.MapGroup("/onboarding").RequireAuthorization();
        step.MapGet("", (ClaimsPrincipal user, PlatformStep page, CancellationToken cancellation) => page.Show(user, null, cancellation));
        step.MapPost("/connect/{platform}", (string platform, ClaimsPrincipal user, PlatformStep page, CancellationToken cancellation) => page.Connect(platform, user, cancellation));
        step.MapPost("/complete", (HttpContext http, PlatformStep page, CancellationToken cancellation) => page.Complete(http, cancellation));
    }

    #region snippet onboarding.step
    private async Task<IResult> Show(ClaimsPrincipal user, Failure? refusal, CancellationToken cancellation)
    {
        var keys = configuration.GetSection("Grantkeeper:Onboarding:Platforms").Get<string[]>()!;
        return (await onboarding.Validate(user.Id!, cancellation)).TryGet(out var validation, out var failure)
            ? new RazorComponentResult<StepPage>(new { Platforms = keys.Select(key => registry.Get(key).Value).ToList(), Validation = validation, Refusal = refusal })
            : Trouble.Page(failure);
    }

    private async Task<IResult> Connect(string platform, ClaimsPrincipal user, CancellationToken cancellation) =>
        (await connections.Start(new InitiateRequest { Provider = platform, UserId = user.Id, ReturnTo = "/onboarding" }, cancellation)).TryGet(out var connection, out var failure)
            ? Results.Redirect(connection.AuthorizationUrl)
            : Trouble.Page(failure);

    private async Task<IResult> Complete(HttpContext http, CancellationToken cancellation)
    {
        // What the steps before this one were for. Grantkeeper takes the application's word for it, and asks the platforms itself.
        var request = new CompleteOnboardingRequest(http.User.Id, new Dictionary<string, bool> { ["profile"] = true });
        if (!(await onboarding.Complete(request, cancellation)).TryGet(out _, out var refusal))
            return await Show(http.User, refusal, cancellation);
        await SignIn.Remember(http, http.User.Id!, isOnboarded: true);
        return Results.LocalRedirect("/home");
    }
    #endregion
}
