using System.Text.Json.Serialization;

namespace Grantkeeper.Client.Contracts;

/// <summary>Answer of <c>GET /api/v1/oauth/onboarding/validate</c>: whether the step "connect a platform" is done.</summary>
public sealed record OnboardingValidation
{
    /// <summary>Whether at least one platform is usable.</summary>
    public required bool Valid { get; init; }

    /// <summary>Why not; left out when it is valid. A plain text, as the step's first users read it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Error { get; init; }

    /// <summary>The usable platforms.</summary>
    public required IReadOnlyList<OnboardingPlatform> ConnectedPlatforms { get; init; }

    /// <summary>How many platforms are connected, for people; left out when it is not valid.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Message { get; init; }
}

/// <summary>A platform that counts.</summary>
/// <param name="Platform">The provider's key.</param>
/// <param name="DisplayName">Its name.</param>
/// <param name="Details">What the platform's status says: integration_id, status, account, scopes.</param>
public sealed record OnboardingPlatform(string Platform, string DisplayName, IReadOnlyDictionary<string, object?> Details);

/// <summary>Answer of <c>GET /api/v1/oauth/onboarding/summary</c>: everything that a user has connected.</summary>
/// <param name="TotalPlatforms">Providers at which the user has an account that is not disconnected, each once.</param>
/// <param name="ConnectedPlatforms">How many of them their status calls connected.</param>
/// <param name="TokenCount">How many of the user's accounts have tokens here.</param>
/// <param name="Platforms">Those that are connected.</param>
public sealed record OnboardingSummary(int TotalPlatforms, int ConnectedPlatforms, int TokenCount, IReadOnlyList<ConnectedPlatform> Platforms);

/// <summary>A connected platform.</summary>
/// <param name="Provider">Its key.</param>
/// <param name="DisplayName">Its name.</param>
/// <param name="ConnectedAt">When the primary account was connected.</param>
/// <param name="ExpiresAt">When its access token ends; null when the provider does not say.</param>
public sealed record ConnectedPlatform(string Provider, string DisplayName, DateTimeOffset? ConnectedAt, DateTimeOffset? ExpiresAt);

/// <summary>Body of <c>POST /api/v1/oauth/onboarding/complete</c>.</summary>
/// <param name="UserId">Whose onboarding; a key names one.</param>
/// <param name="Prerequisites">
/// What the application has to have before, and whether it has, for example <c>{"api_keys": true, "persona": false}</c>; at most
/// 32 names of 1 to 60 characters. Names of the setting <c>Onboarding:Prerequisites</c> that are left out count as missing.
/// </param>
public sealed record CompleteOnboardingRequest(string? UserId, IReadOnlyDictionary<string, bool>? Prerequisites);

/// <summary>Answer of <c>POST /api/v1/oauth/onboarding/complete</c>. The second time it tells of the first.</summary>
/// <param name="Completed">Always true; what is not complete is refused.</param>
/// <param name="UserId">Whose onboarding.</param>
/// <param name="CompletedAt">When it was completed first.</param>
/// <param name="ConnectedPlatforms">The keys of the platforms that were usable then.</param>
/// <param name="Prerequisites">What was asked for, in the order of the setting, then of the body.</param>
/// <param name="Monitoring">What watches over these platforms from now on: one schedule for each that is still connected.</param>
public sealed record OnboardingCompletion(
    bool Completed, string UserId, DateTimeOffset CompletedAt, IReadOnlyList<string> ConnectedPlatforms, IReadOnlyList<OnboardingPrerequisite> Prerequisites, IReadOnlyList<OnboardingMonitoring> Monitoring);

/// <summary>Something that the application has to have before.</summary>
/// <param name="Name">Its name, for example <c>api_keys</c>.</param>
/// <param name="Satisfied">Whether the application said that it has it.</param>
public sealed record OnboardingPrerequisite(string Name, bool Satisfied);

/// <summary>The schedule of a platform's primary account.</summary>
/// <param name="Platform">The provider's key.</param>
/// <param name="IntegrationId">The account's integration.</param>
/// <param name="NextRefreshAt">When it is renewed next; null when its token does not end or cannot be renewed.</param>
public sealed record OnboardingMonitoring(string Platform, Guid IntegrationId, DateTimeOffset? NextRefreshAt);
