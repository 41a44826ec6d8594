using Grantkeeper.OAuth;

namespace Grantkeeper.Providers;

/// <summary>What may have ended a grant that its provider refuses.</summary>
internal enum LikelyEnd
{
    /// <summary>Its age says nothing.</summary>
    Unknown,

    /// <summary>It was given for a limited time, which was over.</summary>
    ConsentOver,

    /// <summary>It had the age at which grants of a client on trial end.</summary>
    Trial,

    /// <summary>It was not used for as long as the provider keeps an unused one.</summary>
    Idle,
}

/// <summary>Limits that a provider sets to grants and tells nobody when they are reached.</summary>
/// <param name="LifetimeMember">The member of the token answer that says how many seconds the consent lasts; null when none does.</param>
/// <param name="PerAccount">How many refresh tokens of one account and client live at once, a further one ending the oldest; null when that is not limited.</param>
/// <param name="Trial">How long a refresh token lives while the client is on trial; null when there is no such state.</param>
/// <param name="TrialName">What the provider calls that state.</param>
internal sealed record GrantLimits(string? LifetimeMember, int? PerAccount, TimeSpan? Trial, string? TrialName)
{
    public static readonly GrantLimits None = new(null, null, null, null);

    /// <summary>From this share of a limit on it is said to be near.</summary>
    private const double Near = 0.8;

    /// <summary>Clocks and the time between consent and answer differ by less.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromHours(1);

    /// <summary>A refusal shows with the next refresh, which may come this much later.</summary>
    private static readonly TimeSpan Later = TimeSpan.FromDays(2);

    /// <summary>The count from which on a warning is due; null without a limit.</summary>
    public int? NearCount => PerAccount is { } most ? (int)Math.Ceiling(most * Near) : null;

    /// <summary>When the consent ends; null when the answer brought no refresh token or says nothing.</summary>
    public DateTimeOffset? ConsentEnd(TokenResponse answer, DateTimeOffset sentAt) =>
        LifetimeMember is { } member && !answer.RefreshToken.IsEmpty && answer.LifetimeOf(member) is { } lifetime ? sentAt + lifetime : null;

    /// <summary>True when a consent was given exactly as long as clients on trial get one.</summary>
    public bool IsTrial(DateTimeOffset consentedAt, DateTimeOffset? endsAt) => Trial is { } trial && endsAt is { } end && (end - consentedAt - trial).Duration() <= Margin;

    /// <summary>True when a refresh token has not been used for so long that its end is near.</summary>
    public static bool IsIdle(TimeSpan? idle, DateTimeOffset lastUsedAt, DateTimeOffset now) => idle is { } limit && now - lastUsedAt >= limit * Near;

    /// <summary>What the age of a refused grant says.</summary>
    /// <param name="idle">After how long without use the provider ends one.</param>
    /// <param name="consentedAt">When the user consented.</param>
    /// <param name="endsAt">When the consent ends, as far as the provider said.</param>
    /// <param name="lastUsedAt">When its refresh token was last used with success.</param>
    /// <param name="refusedAt">When the provider refused it.</param>
    public LikelyEnd EndOf(TimeSpan? idle, DateTimeOffset consentedAt, DateTimeOffset? endsAt, DateTimeOffset? lastUsedAt, DateTimeOffset refusedAt)
    {
        var age = refusedAt - consentedAt;
        if (Trial is { } trial && (IsTrial(consentedAt, endsAt) ? age >= trial - Margin : age >= trial - Margin && age <= trial + Later))
            return LikelyEnd.Trial;
        if (endsAt is { } end && refusedAt >= end - Margin)
            return LikelyEnd.ConsentOver;
        return idle is { } limit && refusedAt - (lastUsedAt ?? consentedAt) >= limit ? LikelyEnd.Idle : LikelyEnd.Unknown;
    }
}
