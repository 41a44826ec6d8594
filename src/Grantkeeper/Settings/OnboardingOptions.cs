namespace Grantkeeper.Settings;

/// <summary><c>Grantkeeper:Onboarding</c>: when the step "connect a platform" is done.</summary>
internal sealed record OnboardingOptions
{
    /// <summary>Keys of the providers that count; at least one of them has to be usable. Default: gsc, bing, wordpress, wix.</summary>
    public IReadOnlyList<string> Platforms { get; init; } = ["gsc", "bing", "wordpress", "wix"];

    /// <summary>What the application has to say that it has, in this order, before the onboarding is complete. Default: nothing.</summary>
    public IReadOnlyList<string> Prerequisites { get; init; } = [];
}
