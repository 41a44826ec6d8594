using Grantkeeper.Client.Contracts;

namespace Grantkeeper.Client;

/// <content>The step "connect a platform" of a product's onboarding.</content>
public sealed partial class GrantkeeperClient
{
    private const string OnboardingPath = "api/v1/oauth/onboarding";

    /// <summary>Whether a user has at least one usable platform; what has expired is renewed. Permission <c>oauth:read</c>.</summary>
    /// <param name="userId">Whose onboarding; null: the caller's own.</param>
    /// <param name="cancellation">Gives up waiting; a renewal that is under way goes on.</param>
    public Task<Answer<OnboardingValidation>> ValidateOnboarding(string? userId = null, CancellationToken cancellation = default) =>
        Get<OnboardingValidation>(At($"{OnboardingPath}/validate", ("user_id", userId)), cancellation);

    /// <summary>Everything that a user has connected; no provider is asked. Permission <c>oauth:read</c>.</summary>
    /// <param name="userId">Whose; null: the caller's own.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<OnboardingSummary>> GetOnboardingSummary(string? userId = null, CancellationToken cancellation = default) =>
        Get<OnboardingSummary>(At($"{OnboardingPath}/summary", ("user_id", userId)), cancellation);

    /// <summary>Completes a user's onboarding after asking the platforms themselves; twice is harmless. Permission <c>oauth:connect</c>.</summary>
    /// <param name="request">Whose, and what the application has.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<OnboardingCompletion>> CompleteOnboarding(CompleteOnboardingRequest request, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Post<OnboardingCompletion>($"{OnboardingPath}/complete", request, cancellation);
    }
}
