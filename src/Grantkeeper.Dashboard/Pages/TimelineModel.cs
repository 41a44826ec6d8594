using Grantkeeper.Http;
using Grantkeeper.Integrations;
using Grantkeeper.Monitoring;
using Grantkeeper.Providers;

namespace Grantkeeper.Dashboard.Pages;

/// <summary>What the page of one integration shows.</summary>
public sealed record TimelineModel(
    Guid IntegrationId, string UserId, string Provider, string ProviderName, string Name, string? Email, Person Person, string Tone, string Standing, string Summary, string Cause, string Actor, string Action,
    DateTimeOffset? NextTryAt, bool OffersConnect, string? ConnectTarget, IReadOnlyList<TimelineFact> Facts, IReadOnlyList<ScopeLine> Granted, IReadOnlyList<ScopeLine> Missing,
    IReadOnlyList<TimelineLine> Lines, string? Older, bool IsFirstPage)
{
    internal static TimelineModel Of(Timeline timeline, string? connectTarget, bool isFirstPage)
    {
        var (integration, tokens, verdict) = (timeline.Grant.Integration, timeline.Grant.Tokens, timeline.Verdict);
        var name = integration.AccountName ?? integration.AccountEmail ?? integration.AccountId ?? "Account";
        var isOver = integration.Status == IntegrationStatus.Revoked;
        var canConnect = timeline.Provider is { IsConfigured: true } && (verdict.IsForUser || isOver);
        return new TimelineModel(
            integration.Id, integration.UserId, integration.Provider, timeline.Provider?.DisplayName ?? integration.Provider, name, integration.AccountEmail == name ? null : integration.AccountEmail,
            Person.Of(name, integration.AccountId), ToneOf(verdict.Kind), StandingOf(verdict.Kind), verdict.Summary, verdict.Cause, ActorOf(verdict.Actor), verdict.Action,
            tokens is { FailureCount: > 0 } && integration.IsActive ? tokens.NextRefreshAt : null, canConnect, connectTarget,
            [
                .. Fact("Access token ends", isOver ? null : integration.ExpiresAt),
                .. Fact("Last renewed", tokens?.LastRefreshedAt),
                .. Fact("Last handed out", timeline.Facts.LastUsedAt),
                .. Fact("Last attempt", timeline.Facts.LastAttemptAt),
                .. Fact("Connected", integration.ConnectedAt),
                .. tokens is null ? [] : new[] { new TimelineFact("Token generation", null, $"{tokens.Generation}, consent {tokens.Epoch}"), new TimelineFact("Refresh token", null, RotationOf(timeline)) },
            ],
            isOver ? [] : ScopeLine.Of(integration.Scopes, timeline.Provider), ScopeLine.Of(timeline.Missing, timeline.Provider),
            [.. timeline.Rows.Select(row => TimelineLine.Of(row, timeline.LikelyCause(row)))], timeline.Next is { } next ? Cursor.Of(next) : null, isFirstPage);
    }

    /// <summary>What the provider is said to do with a used refresh token, and what was seen.</summary>
    private static string RotationOf(Timeline timeline)
    {
        var (rotation, facts) = (timeline.Provider?.Manifest.Rotation ?? Rotation.Unknown, timeline.Facts);
        var declared = rotation.Profile switch
        {
            RotationProfile.None => "stays good",
            RotationProfile.Lazy => "good until the new one is used",
            RotationProfile.Grace => $"good for {rotation.Grace.TotalSeconds:0} s after its use",
            _ => "used up at once",
        };
        var count = facts.NewTokens + facts.SameTokens;
        var seen = (count, facts.NewTokens) switch
        {
            (0, _) => "",
            (1, 1) => "; the last refresh brought a new one",
            (1, _) => "; it stayed at the last refresh",
            _ => $"; a new one at {facts.NewTokens} of the last {count} refreshes",
        };
        return declared + seen + (facts.Again == 0 ? "" : $", accepted a second time {facts.Again} times");
    }

    private static TimelineFact[] Fact(string name, DateTimeOffset? at) => at is null ? [] : [new TimelineFact(name, at, null)];

    private static string ToneOf(VerdictKind kind) => kind switch
    {
        VerdictKind.Healthy => "good",
        VerdictKind.NeedsUser or VerdictKind.Misconfigured => "bad",
        _ => "warn",
    };

    private static string StandingOf(VerdictKind kind) => kind switch
    {
        VerdictKind.Healthy => "Works",
        VerdictKind.Unverified => "Not tried yet",
        VerdictKind.Limited => "Works in part",
        VerdictKind.Ending => "Will end",
        VerdictKind.Retrying => "Renewing fails",
        VerdictKind.Misconfigured => "Not configured",
        VerdictKind.NeedsUser => "Needs its user",
        VerdictKind.SwitchedOff => "Switched off",
        _ => "Disconnected",
    };

    private static string ActorOf(VerdictActor actor) => actor switch
    {
        VerdictActor.User => "The user whose account it is.",
        VerdictActor.Operator => "You, who run this Grantkeeper.",
        VerdictActor.Provider => "The provider. Grantkeeper goes on trying.",
        _ => "Nobody.",
    };
}

/// <summary>One figure or time.</summary>
public sealed record TimelineFact(string Name, DateTimeOffset? At, string? Text);

/// <summary>One line of the history.</summary>
public sealed record TimelineLine(DateTimeOffset At, string What, string Tone, string Summary, string Details, IReadOnlyList<string> Asked, IReadOnlyList<string> Granted)
{
    internal static TimelineLine Of(TimelineRow row, string? likelyCause)
    {
        var details = new List<string>();
        if (row.DurationMs is { } took)
            details.Add($"took {took} ms");
        if (row.Kind == Timelines.Attempt && !row.Success && row.NextAttemptAt is { } next)
            details.Add($"next try {Durations.At(next)} at the earliest");
        if (row.Kind == Timelines.AuditRow && row.Code is { } code)
            details.Add(code);
        if (row.Caller is { } caller)
            details.Add($"by {caller}");
        if (row.Actor is { } actor)
            details.Add($"for {actor}");
        var what = row.Kind switch
        {
            Timelines.Attempt => "Refresh",
            Timelines.Consent => "Consent",
            _ => "Event",
        };
        return new TimelineLine(row.At, what, row.Success ? "good" : "bad", TimelineWords.Of(row, likelyCause), string.Join(" · ", details), row.Asked, row.Granted);
    }
}
