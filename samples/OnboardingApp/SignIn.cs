using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http.HttpResults;
using OnboardingApp.Pages;

namespace OnboardingApp;

/// <summary>The application's own users: two invented ones without a password. Yours has a real sign-in here.</summary>
internal static class SignIn
{
    public static readonly IReadOnlyList<string> People = ["dana", "eli"];

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/", (ClaimsPrincipal user) => user.Id is null
            ? (IResult)new RazorComponentResult<WelcomePage>()
            : Results.LocalRedirect(user.IsOnboarded ? "/home" : "/onboarding"));
        routes.MapPost("/sign-in/{person}", async (HttpContext http, string person) =>
        {
            if (!People.Contains(person))
                return Results.NotFound();
            await Remember(http, person, isOnboarded: false);
            return Results.LocalRedirect("/");
        });
        routes.MapPost("/sign-out", async (HttpContext http) =>
        {
            await http.SignOutAsync();
            return Results.LocalRedirect("/");
        });
    }

    /// <summary>Starts the session, or writes into it that the onboarding is done; yours would keep that with the user.</summary>
    public static Task Remember(HttpContext http, string person, bool isOnboarded) => http.SignInAsync(new ClaimsPrincipal(new ClaimsIdentity(
        [new Claim("sub", person), new Claim(Session.Onboarded, isOnboarded ? "true" : "false")], "demo")));
}
