namespace Grantkeeper.Client.Contracts;

/// <summary>Answer of <c>GET /api/v1/oauth/integrations/{id}/timeline</c>: how an integration stands, why, and what happened to it, newest first.</summary>
/// <param name="Integration">The integration.</param>
/// <param name="Verdict">How it stands, in words.</param>
/// <param name="Generation">Counts its tokens; null after a disconnect.</param>
/// <param name="FailureCount">Refreshes that failed since the last success.</param>
/// <param name="LastRefreshedAt">The last success; null when there was none since the consent.</param>
/// <param name="NextAttemptAt">When a refresh is tried next, at the earliest; null when none will be.</param>
/// <param name="LastUsedAt">The last token read, to the minute; null when there was none.</param>
/// <param name="MissingScopes">What was asked for and not granted.</param>
/// <param name="Timeline">A page of entries, newest first.</param>
/// <param name="NextCursor">The next page's cursor; null on the last.</param>
public sealed record TimelineAnswer(
    IntegrationEntry Integration, TimelineVerdict Verdict, long? Generation, int FailureCount, DateTimeOffset? LastRefreshedAt, DateTimeOffset? NextAttemptAt,
    DateTimeOffset? LastUsedAt, IReadOnlyList<string> MissingScopes, IReadOnlyList<TimelineEntry> Timeline, string? NextCursor);

/// <summary>How an integration stands, for people and programs.</summary>
/// <param name="Kind">healthy, unverified, limited, ending, retrying, misconfigured, needs_user, switched_off, disconnected.</param>
/// <param name="Summary">What is the case, one sentence.</param>
/// <param name="Cause">Why, in a sentence or two.</param>
/// <param name="Actor">Who has to act: nobody, user, operator, provider.</param>
/// <param name="Action">What to do.</param>
/// <param name="ReconnectUrl">Where the user connects again; null when that would not help.</param>
public sealed record TimelineVerdict(string Kind, string Summary, string Cause, string Actor, string Action, string? ReconnectUrl);

/// <summary>Something that happened to an integration. Never a token.</summary>
/// <param name="Id">Its id; also its place in the order.</param>
/// <param name="At">When it began.</param>
/// <param name="Kind"><c>attempt</c> (a refresh), <c>consent</c>, or <c>audit</c> (everything else).</param>
/// <param name="Event">A closed word: an attempt's class (refreshed, transient, rejected, misconfigured, unreadable), <c>consent</c>, or the audit action.</param>
/// <param name="Success">Whether it ended well.</param>
/// <param name="Summary">One sentence.</param>
/// <param name="Epoch">Counts the consents.</param>
/// <param name="Generation">The generation that an attempt tried to renew; a success makes the next one.</param>
/// <param name="Code">The provider's error word or a code of the catalogue.</param>
/// <param name="Delivery">Of a failed attempt: whether the provider may have processed the request (not_processed, refused, ambiguous).</param>
/// <param name="DurationMs">How long it took, in milliseconds.</param>
/// <param name="NextAttemptAt">When it was to be tried again, or renewed.</param>
/// <param name="ScopesRequested">Of a consent.</param>
/// <param name="ScopesGranted">Of a consent.</param>
/// <param name="Caller">The key or session that asked.</param>
/// <param name="ActedBy">The person or agent who acted.</param>
/// <param name="EndedAt">Of a consent that ended: when.</param>
/// <param name="EndedReason">And why.</param>
public sealed record TimelineEntry(
    Guid Id, DateTimeOffset At, string Kind, string Event, bool Success, string Summary, int? Epoch, long? Generation, string? Code, string? Delivery, int? DurationMs,
    DateTimeOffset? NextAttemptAt, IReadOnlyList<string> ScopesRequested, IReadOnlyList<string> ScopesGranted, string? Caller, string? ActedBy, DateTimeOffset? EndedAt, string? EndedReason);
