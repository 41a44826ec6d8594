using Grantkeeper.Errors;
using Grantkeeper.Http;
using Grantkeeper.Settings;
using Grantkeeper.Storage;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Http;

namespace Grantkeeper.Consents;

/// <summary>Whether the application's signed-in user has unlocked a feature.</summary>
internal sealed class FeatureGate(IFeatures features, GrantkeeperOptions options)
{
    /// <summary>
    /// Null when the user has. Failures: <c>identity.unauthenticated</c> without a user, those of
    /// <see cref="IFeatures.Require"/>, <c>storage.unavailable</c>.
    /// </summary>
    public async Task<Failure?> Refusal(System.Security.Claims.ClaimsPrincipal person, string key, CancellationToken cancellation)
    {
        if (person.Identity?.IsAuthenticated != true || person.FindFirst(options.UserIdClaim)?.Value is not { } user)
            return new Failure(ErrorCatalogue.Identity.Unauthenticated, "Nobody is signed in to the application.");
        try
        {
            return (await features.Require(key, user, cancellation)).TryGet(out _, out var failure) ? null : failure;
        }
        catch (StorageUnavailableException)
        {
            return new Failure(ErrorCatalogue.Storage.Unavailable);
        }
    }
}

/// <summary>What a policy of the application asks for: that the user has unlocked a feature.</summary>
internal sealed record UnlockedFeature(string Feature) : IAuthorizationRequirement;

/// <summary>Why a policy was not met.</summary>
internal sealed class FeatureRefused(IAuthorizationHandler handler, Failure failure) : AuthorizationFailureReason(handler, failure.Message)
{
    public Failure Failure { get; } = failure;
}

/// <summary>Judges <see cref="UnlockedFeature"/> for ASP.NET Core's authorization.</summary>
internal sealed class FeatureAuthorization(FeatureGate gate) : AuthorizationHandler<UnlockedFeature>
{
    protected override async Task HandleRequirementAsync(AuthorizationHandlerContext context, UnlockedFeature requirement)
    {
        var cancellation = (context.Resource as HttpContext)?.RequestAborted ?? CancellationToken.None;
        if (await gate.Refusal(context.User, requirement.Feature, cancellation) is { } failure)
            context.Fail(new FeatureRefused(this, failure));
        else
            context.Succeed(requirement);
    }
}

/// <summary>
/// Lets a refused policy answer with the problem that says what is missing, instead of a bare 403. Everything else is left to
/// <paramref name="otherwise"/>, which is what the application would have without Grantkeeper.
/// </summary>
internal sealed class FeatureRefusals(IAuthorizationMiddlewareResultHandler otherwise) : IAuthorizationMiddlewareResultHandler
{
    public Task HandleAsync(RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult)
    {
        // A stranger is led to the application's own sign-in first.
        var refused = authorizeResult.Forbidden ? authorizeResult.AuthorizationFailure?.FailureReasons.OfType<FeatureRefused>().FirstOrDefault() : null;
        return refused is null ? otherwise.HandleAsync(next, context, policy, authorizeResult) : Answers.Problem(refused.Failure).ExecuteAsync(context);
    }
}
