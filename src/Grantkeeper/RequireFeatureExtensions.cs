using Grantkeeper.Consents;
using Grantkeeper.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Grantkeeper;

/// <summary>Gates an application's own endpoints by what its users have granted (R184).</summary>
public static class RequireFeatureExtensions
{
    /// <summary>
    /// Lets a signed-in user through who has unlocked the feature. Everybody else gets a problem: 401
    /// <c>identity.unauthenticated</c> without a user, 403 <c>consents.insufficient_scope</c> with the missing scopes and
    /// <c>unlock_url</c> when the feature is locked. The user is the claim <c>Grantkeeper:Identity:UserIdClaim</c> of the
    /// application's own sign-in.
    /// </summary>
    /// <typeparam name="TBuilder">The kind of endpoint, or group of endpoints.</typeparam>
    /// <param name="builder">The endpoint.</param>
    /// <param name="key">The feature's key, for example <c>calendar.read</c>.</param>
    public static TBuilder RequireFeature<TBuilder>(this TBuilder builder, string key) where TBuilder : IEndpointConventionBuilder =>
        builder.AddEndpointFilter(async (context, next) =>
        {
            var http = context.HttpContext;
            var refused = await http.RequestServices.GetRequiredService<FeatureGate>().Refusal(http.User, key, http.RequestAborted);
            return refused is null ? await next(context) : Answers.Problem(refused);
        });

    /// <summary>
    /// The same as a requirement of an authorization policy, for controllers and pages with <c>[Authorize(Policy = "…")]</c>. A
    /// stranger is led to the application's own sign-in; a signed-in user whose feature is locked gets the same problem.
    /// </summary>
    /// <param name="policy">The policy.</param>
    /// <param name="key">The feature's key, for example <c>calendar.read</c>.</param>
    public static AuthorizationPolicyBuilder RequireFeature(this AuthorizationPolicyBuilder policy, string key)
    {
        ArgumentNullException.ThrowIfNull(policy);
        return policy.RequireAuthenticatedUser().AddRequirements(new UnlockedFeature(key));
    }
}
