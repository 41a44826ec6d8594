using Grantkeeper.Client.Contracts;
using Grantkeeper.Errors;

namespace Grantkeeper.Onboarding;

/// <summary>The step "connect a platform" for code that runs in the same process; answers are those of the HTTP API.</summary>
public interface IOnboarding
{
    /// <summary>Whether at least one allowed platform is usable; a token that has ended is renewed. Failure: <c>identity.user_invalid</c>.</summary>
    /// <param name="userId">Whose onboarding.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    Task<Result<OnboardingValidation>> Validate(string userId, CancellationToken cancellation = default);

    /// <summary>Everything that a user has connected. Failure: <c>identity.user_invalid</c>.</summary>
    /// <param name="userId">Whose.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    Task<Result<OnboardingSummary>> Summary(string userId, CancellationToken cancellation = default);

    /// <summary>
    /// Completes the onboarding once, after asking the platforms themselves. Failures: <c>identity.user_invalid</c>,
    /// <c>requests.invalid</c>, <c>onboarding.prerequisites_missing</c>, <c>onboarding.platform_required</c>, and a retryable one
    /// when no platform could be asked.
    /// </summary>
    /// <param name="request">Whose, and what the application has.</param>
    /// <param name="cancellation">Gives up before it is written.</param>
    Task<Result<OnboardingCompletion>> Complete(CompleteOnboardingRequest request, CancellationToken cancellation = default);
}
