using Grantkeeper.Integrations;
using Grantkeeper.Providers;
using Grantkeeper.Tokens;

namespace Grantkeeper.Monitoring;

/// <summary>How an integration stands.</summary>
internal enum VerdictKind
{
    /// <summary>Works and renews itself.</summary>
    Healthy,

    /// <summary>Adopted or imported; not tried yet.</summary>
    Unverified,

    /// <summary>Works, with less than was asked for.</summary>
    Limited,

    /// <summary>Works until its end, which nothing moves.</summary>
    Ending,

    /// <summary>Refreshing fails for now.</summary>
    Retrying,

    /// <summary>The provider refuses our client, or has none.</summary>
    Misconfigured,

    /// <summary>Only its user can bring it back.</summary>
    NeedsUser,

    /// <summary>Switched off here.</summary>
    SwitchedOff,

    /// <summary>A tombstone.</summary>
    Disconnected,
}

/// <summary>Who has to act.</summary>
internal enum VerdictActor
{
    /// <summary>It mends itself, or there is nothing to mend.</summary>
    Nobody,

    /// <summary>The person whose account it is.</summary>
    User,

    /// <summary>Who runs this deployment.</summary>
    Operator,

    /// <summary>The provider.</summary>
    Provider,
}

/// <summary>What is the case, why, who has to act and what to do. Decided from the rows alone: no network, no clock of its own.</summary>
internal sealed record Verdict(VerdictKind Kind, string Summary, string Cause, VerdictActor Actor, string Action)
{
    private const string Reconnect = "Send the user to the reconnect address, or connect the account again here. The integration keeps its id and its settings.";
    private const string Itself = "Nothing. It is tried again by itself after the time of the next try.";

    /// <summary>True when a new consent of the user helps.</summary>
    public bool IsForUser => Actor == VerdictActor.User;

    public static Verdict Of(GrantRow grant, TimelineFacts facts, Provider? provider, DateTimeOffset now)
    {
        var integration = grant.Integration;
        if (integration.Status == IntegrationStatus.Revoked)
            return Disconnected(facts);
        if (integration is { Status: IntegrationStatus.Inactive, ReasonDetail: not null })
            return NeedsUser(integration with { Status = IntegrationStatus.Error }, null) with { Kind = VerdictKind.SwitchedOff, Summary = "The account is switched off, and its user is needed.", Action = $"{Reconnect} That switches it on." };
        if (integration.Status == IntegrationStatus.Inactive)
            return new(VerdictKind.SwitchedOff, "The account is switched off.", "Somebody switched it off here. Its tokens are kept and nobody gets one.", VerdictActor.Operator, "Switch it on again, or disconnect it.");
        if (integration.Status is IntegrationStatus.Error || integration.StatusAt(now) == IntegrationStatus.Expired)
            return NeedsUser(integration, LikelyCauses.Of(provider, grant, facts, facts.LastAttemptAt ?? now));
        if (integration.IsConsentOverAt(now))
            return new(VerdictKind.NeedsUser, "The user's consent has ended.", "A consent is good for as long as Grantkeeper:Consents:Lifetime says. The grant is kept, and no token of it is handed out.", VerdictActor.User, Reconnect);
        if (provider is not { IsConfigured: true })
            return Unconfigured(integration, provider);
        if (grant.Tokens is { FailureCount: > 0 } tokens)
            return Failing(grant, tokens, facts, now);
        return Working(grant, facts, now);
    }

    private static Verdict Disconnected(TimelineFacts facts) => new(
        VerdictKind.Disconnected, "The account was disconnected.",
        facts.Revocation switch
        {
            Revocations.Confirmed => "Its tokens were destroyed here, and the provider confirmed that the grant is gone.",
            Revocations.Pending => "Its tokens were destroyed here. The provider has not answered the revocation yet and is asked again until it does.",
            Revocations.Withheld => "Its tokens were destroyed here. The provider was not told, because that would end another connected account too.",
            Revocations.Failed => "Its tokens were destroyed here. The provider refused the revocation; the user can remove the app in the account's settings there.",
            _ => "Its tokens were destroyed here. The provider was not asked: it offers no way to revoke a grant.",
        },
        VerdictActor.Nobody, "Nothing, unless the user wants the account back: a new consent brings back the same integration.");

    private static Verdict NeedsUser(Integration integration, string? likelyCause)
    {
        var (cause, code) = integration.ReasonDetail switch
        {
            Reasons.AmbiguousRefresh => ("A refresh was carried out by the provider, but its answer was lost on the way. By then the provider had replaced the refresh token, and it does not take the old one any more. Nobody did anything wrong.", ""),
            Reasons.AccountChanged => ("The grant came back for another account than the one that was connected.", ""),
            Reasons.ProviderRevoked => ("The provider said that access was withdrawn there, for example by removing the app. The tokens were destroyed.", ""),
            Reasons.ExpiredWithoutRefresh => ("Its access token has ended, and the provider gave nothing to renew it with.", ""),
            _ when integration.Status is not IntegrationStatus.Error => ("Its access token has ended, and the provider gave nothing to renew it with.", ""),
            Reasons.InvalidGrant when likelyCause is not null => ($"The provider does not accept the grant any more (invalid_grant). {likelyCause}", ""),
            Reasons.InvalidGrant => ("The provider does not accept the grant any more", " (invalid_grant)"),
            { } other => ("The provider does not accept the grant any more", $" ({other})"),
            null => ("The provider refused the grant, and why was not written down", ""),
        };
        if (!cause.EndsWith('.'))
            cause = $"{cause}{code}. That happens when the user withdraws access or changes the password, and when the provider ends a grant for its age or by a rule of the user's organisation.";
        return new(VerdictKind.NeedsUser, "The user has to connect this account again.", cause, VerdictActor.User, Reconnect);
    }

    private static Verdict Unconfigured(Integration integration, Provider? provider) => new(
        VerdictKind.Misconfigured, "The provider is not configured here.",
        provider is null
            ? $"No provider with the key {integration.Provider} is known to this deployment any more. The grant is kept."
            : $"The client registration of {provider.DisplayName} is incomplete. The grant is kept, but it cannot be renewed.",
        VerdictActor.Operator, provider is null ? "Add the provider's manifest again." : "Complete the registration on the providers page.");

    private static Verdict Failing(GrantRow grant, SealedTokens tokens, TimelineFacts facts, DateTimeOffset now)
    {
        var times = tokens.FailureCount == 1 ? "once" : $"{tokens.FailureCount} times in a row";
        var summary = RefreshDecision.MayStillBeServed(grant, now)
            ? $"Renewing failed {times}; the access token in hand is still good and is handed out."
            : $"Renewing failed {times}, and no token can be handed out right now.";
        var word = facts.LastCode is null ? "" : $" ({facts.LastCode})";
        // The intent of an attempt whose end is not known stays open until somebody knows.
        var isLost = tokens.IntentId is not null;
        return facts.LastClass switch
        {
            "misconfigured" => new(
                VerdictKind.Misconfigured, summary, $"The provider refuses our client id, secret or request{word}. The user's grant is kept.",
                VerdictActor.Operator, "Compare client id and secret with the provider's console; secrets expire at some providers. The next read tries again."),
            "unreadable" => new(VerdictKind.Retrying, summary, $"The provider answered with something that is no token response{word}.{(isLost ? " It may have replaced the refresh token already; the next try finds out." : "")}", VerdictActor.Provider, Itself),
            _ when isLost => new(VerdictKind.Retrying, summary, $"A refresh was sent, and no complete answer came back{word}. The provider may have replaced the refresh token already; the next try finds out.", VerdictActor.Provider, Itself),
            _ => new(VerdictKind.Retrying, summary, $"The provider could not be reached, or answered with trouble of its own{word}. The grant itself is good as far as anybody knows.", VerdictActor.Provider, Itself),
        };
    }

    private static Verdict Working(GrantRow grant, TimelineFacts facts, DateTimeOffset now)
    {
        var integration = grant.Integration;
        var isSuspect = grant.Tokens is { } tokens && tokens.SuspectGeneration == tokens.Generation;
        if (isSuspect)
            return new(VerdictKind.Healthy, "The access token is renewed with the next read.", "An API of the provider refused the current token, so it is not handed out again.", VerdictActor.Nobody, "Nothing. If this comes back with every token, look at the scopes that the API asks for.");
        if (integration.Status == IntegrationStatus.Pending)
            return new(VerdictKind.Unverified, "The account was taken over and not tried yet.", "It came from an earlier system. Whether the provider still accepts it shows with the first refresh.", VerdictActor.Nobody, "Nothing, or run a call on the accounts page.");
        if (integration.Scopes.MissingFrom(facts.Asked) is { Count: > 0 } missing)
            return new(VerdictKind.Limited, "The account works, with less than was asked for.", $"The user did not grant {string.Join(", ", missing.ToArray())}.", VerdictActor.User, "If your product needs it, let the user connect again and allow everything.");
        if (!integration.HasRefreshToken && integration.ExpiresAt is not null)
            return new(VerdictKind.Ending, "The account works until its access token ends.", "The provider gave nothing to renew it with.", VerdictActor.Nobody, "The user connects again after its end. Ask for offline access, if the provider knows that.");
        return new(
            VerdictKind.Healthy, "Nothing is broken: the account works.",
            integration.ExpiresAt is null ? "Its access token has no stated end."
                : Expiry.IsPast(integration.ExpiresAt, now) ? "Its access token has ended and is renewed with the next read."
                : "Its access token is fresh and is renewed by itself before it ends.",
            VerdictActor.Nobody, "Nothing.");
    }
}
