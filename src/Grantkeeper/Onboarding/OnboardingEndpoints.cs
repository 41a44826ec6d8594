using Grantkeeper.Client.Contracts;
using Grantkeeper.Http;
using Grantkeeper.Identity;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Grantkeeper.Onboarding;

/// <summary>The step "connect a platform" over HTTP.</summary>
internal static class OnboardingEndpoints
{
    private const string Path = "/api/v1/oauth/onboarding";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.Api<OnboardingValidation>("GET", Path + "/validate", Permissions.Read, "Whether a user has at least one usable platform; what has expired is renewed", Validate);
        routes.Api<OnboardingSummary>("GET", Path + "/summary", Permissions.Read, "Everything that a user has connected", Summary);
        routes.Api<OnboardingCompletion>("POST", Path + "/complete", Permissions.Connect, "Completes a user's onboarding after asking the platforms themselves; twice is harmless", Complete)
            .Accepts<CompleteOnboardingRequest>("application/json").Limited();
    }

    private static async Task<IResult> Validate(HttpContext http, OnboardingStep step, [FromQuery(Name = "user_id")] string? userId) =>
        http.Caller().UserOf(userId).TryGet(out var user, out var failure) ? Answers.Json(await step.Validate(user, http.Source(), http.RequestAborted)) : Answers.Problem(failure);

    private static async Task<IResult> Summary(HttpContext http, OnboardingStep step, [FromQuery(Name = "user_id")] string? userId) =>
        http.Caller().UserOf(userId).TryGet(out var user, out var failure) ? Answers.Json(await step.SummaryOf(user, http.RequestAborted)) : Answers.Problem(failure);

    private static async Task<IResult> Complete(HttpContext http, OnboardingStep step)
    {
        if (!(await http.Body<CompleteOnboardingRequest>()).TryGet(out var body, out var failure) || !http.Caller().UserOf(body.UserId).TryGet(out var user, out failure))
            return Answers.Problem(failure);
        // It asks providers and may renew, so it counts as a refresh.
        if (await http.Limited(LimitedOperation.Refresh, user) is { } limited)
            return Answers.Problem(limited);
        return (await step.Complete(user, body, http.Source(), http.RequestAborted)).TryGet(out var answer, out failure) ? Answers.Json(answer) : Answers.Problem(failure);
    }
}
