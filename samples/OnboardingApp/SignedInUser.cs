using System.Security.Claims;
using Grantkeeper.Client;

namespace OnboardingApp;

/// <summary>The user of the current request: whose accounts the API clients go through.</summary>
internal sealed class SignedInUser(IHttpContextAccessor accessor) : IConnectedAccountUser
{
    public string? UserId => accessor.HttpContext?.User.Id;
}

/// <summary>What this application reads from its own session.</summary>
internal static class Session
{
    public const string Onboarded = "onboarded";

    extension(ClaimsPrincipal user)
    {
        public string? Id => user.FindFirstValue("sub");

        public bool IsOnboarded => user.HasClaim(Onboarded, "true");
    }
}
