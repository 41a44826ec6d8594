using Grantkeeper.Providers;
using Grantkeeper.Tokens;

namespace Grantkeeper.Monitoring;

/// <summary>Sentences about what may have ended a grant, told from its age and what its provider states. Pure.</summary>
internal static class LikelyCauses
{
    /// <summary>A sentence; null when the age of the grant says nothing.</summary>
    public static string? Of(Provider? provider, GrantRow grant, TimelineFacts facts, DateTimeOffset refusedAt)
    {
        if (provider is null || facts.ConsentedAt is not { } consentedAt)
            return null;
        var (limits, idle, name) = (provider.Manifest.GrantLimits, provider.Manifest.RefreshTokenIdle, provider.DisplayName);
        var used = grant.Tokens?.LastRefreshedAt;
        return limits.EndOf(idle, consentedAt, facts.ConsentEndsAt, used > consentedAt ? used : null, refusedAt) switch
        {
            LikelyEnd.Trial => $"That was {(refusedAt - consentedAt).TotalDays:0} days after the consent: {name} ends grants after {limits.Trial!.Value.Days} days while our client is on trial there ({limits.TrialName}).",
            LikelyEnd.ConsentOver => "The user had given the consent for a limited time, which was over.",
            LikelyEnd.Idle => $"The refresh token had not been used for {idle!.Value.Days} days, and {name} ends one then.",
            _ => null,
        };
    }
}
