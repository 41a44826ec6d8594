using Grantkeeper.Client.Contracts;
using Grantkeeper.Consents;
using Grantkeeper.Errors;
using Grantkeeper.Http;
using Grantkeeper.Identity;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Grantkeeper.Connect;

/// <summary>Unlocking a feature: asking its user for what is missing, at the integration that lacks least (R175).</summary>
internal static class UnlockEndpoints
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.SessionApi<UnlockAnswer>("POST", "/api/v1/oauth/features/{key}/unlock", Permissions.Connect, "Starts a connection for what a feature is missing; what is granted stays, whatever becomes of it", Unlock)
            .Accepts<UnlockRequest>("application/json").Limited();

    private static async Task<IResult> Unlock(HttpContext http, FeatureStates states, Connections connections, string key)
    {
        if (!(await http.Body<UnlockRequest>()).TryGet(out var body, out var failure) || !http.Caller().UserOf(body.UserId).TryGet(out var user, out failure)
            || !(await states.Find(key, user, http.RequestAborted)).TryGet(out var feature, out failure))
            return Answers.Problem(failure);
        if (await http.Limited(LimitedOperation.Connect, user) is { } limited)
            return Answers.Problem(limited);
        if (feature.Active)
            return Answers.Problem(new Failure(ErrorCatalogue.Consents.FeatureActive));
        var request = new InitiateRequest
        {
            Provider = feature.Requires.Provider, Features = [key], IntegrationId = feature.IntegrationId, UserId = user, Role = body.Role,
            ReturnTo = body.ReturnTo, Confirm = body.Confirm, LoginHint = body.LoginHint, OpenerOrigin = body.OpenerOrigin, Popup = body.Popup, Actor = body.Actor,
        };
        if (!(await connections.Start(request, http.Caller(), http.Source(body.Actor), http.RequestAborted)).TryGet(out var started, out failure))
            return Answers.Problem(failure);
        return Answers.Json(new UnlockAnswer
        {
            AuthorizationUrl = started.AuthorizationUrl, FlowId = started.FlowId, Missing = feature.Missing, ExpiresIn = started.ExpiresIn, TrustedOrigins = started.TrustedOrigins,
        });
    }
}
