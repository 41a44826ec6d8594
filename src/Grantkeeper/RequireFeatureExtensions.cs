using Grantkeeper.Consents;
using Grantkeeper.Errors;
using Grantkeeper.Http;
using Grantkeeper.Settings;
using Grantkeeper.Storage;
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
        builder.AddEndpointFilter(async (context, next) => await Refusal(context.HttpContext, key) is { } refused ? Answers.Problem(refused) : await next(context));

    private static async Task<Failure?> Refusal(HttpContext http, string key)
    {
        var options = http.RequestServices.GetRequiredService<GrantkeeperOptions>();
        if (http.User.Identity?.IsAuthenticated != true || http.User.FindFirst(options.UserIdClaim)?.Value is not { } user)
            return new Failure(ErrorCatalogue.Identity.Unauthenticated, "Nobody is signed in to the application.");
        try
        {
            return (await http.RequestServices.GetRequiredService<IFeatures>().Require(key, user, http.RequestAborted)).TryGet(out _, out var failure) ? null : failure;
        }
        catch (StorageUnavailableException)
        {
            return new Failure(ErrorCatalogue.Storage.Unavailable);
        }
    }
}
