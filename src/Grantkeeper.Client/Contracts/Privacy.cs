namespace Grantkeeper.Client.Contracts;

/// <summary>Answer of <c>DELETE /api/v1/oauth/admin/users/{user_id}</c>.</summary>
/// <param name="UserId">The user, or owner, that is no more.</param>
/// <param name="Disconnected">How many live integrations were ended; 0 when the user had none or is erased already.</param>
/// <param name="ProviderRevocations">What became of them at their providers.</param>
/// <param name="RowsRemoved">How many rows were removed in all. The audit log stays.</param>
public sealed record ErasedUser(string UserId, int Disconnected, RevocationCounts ProviderRevocations, int RowsRemoved);

/// <summary>How many revocations ended in which way.</summary>
/// <param name="Confirmed">The provider has ended the grant.</param>
/// <param name="Pending">The provider did not answer; it is asked again for seven days.</param>
/// <param name="Unsupported">The provider offers no revocation; the user can remove the access in the account's settings there.</param>
/// <param name="Failed">The provider refused, or there was no readable token to send.</param>
/// <param name="Withheld">Not sent, since it would have ended the grant of another user with the same account.</param>
public sealed record RevocationCounts(int Confirmed, int Pending, int Unsupported, int Failed, int Withheld);

/// <summary>Answer of <c>GET /api/v1/oauth/admin/users/{user_id}/export</c>: everything that is kept about a user, but for secrets.</summary>
/// <param name="UserId">The user or owner.</param>
/// <param name="ExportedAt">When the export began.</param>
/// <param name="Integrations">The accounts, disconnected ones included.</param>
/// <param name="Tokens">What is known of each integration's tokens; never a token.</param>
/// <param name="Consents">What was asked for and granted, ended ones included.</param>
/// <param name="Flows">Connects of the last day, finished or not.</param>
/// <param name="ConnectSessions">Sessions of the connect page of the last day.</param>
/// <param name="RefreshAttempts">Renewals of the last thirty days.</param>
/// <param name="ProviderDeliveries">What providers were told, of the last thirty days.</param>
/// <param name="BulkOperations">Work over many of the user's integrations.</param>
/// <param name="OnboardingCompletions">At most one: when the onboarding was completed, and with what.</param>
/// <param name="Audit">The user's rows of the audit log, oldest first.</param>
public sealed record UserExport(
    string UserId, DateTimeOffset ExportedAt, IReadOnlyList<ExportedIntegration> Integrations, IReadOnlyList<ExportedToken> Tokens, IReadOnlyList<ConsentEntry> Consents,
    IReadOnlyList<ExportedFlow> Flows, IReadOnlyList<ExportedSession> ConnectSessions, IReadOnlyList<ExportedAttempt> RefreshAttempts, IReadOnlyList<ExportedDelivery> ProviderDeliveries,
    IReadOnlyList<BulkEntry> BulkOperations, IReadOnlyList<ExportedOnboarding> OnboardingCompletions, IReadOnlyList<AuditEntry> Audit);

/// <summary>An integration, with what its own route does not tell.</summary>
/// <param name="Integration">As <c>GET /api/v1/oauth/integrations/{id}</c> answers it.</param>
/// <param name="ProviderSubject">The provider's id of the person behind the account, where it differs from the account's.</param>
/// <param name="ProviderMetadata">What an earlier system kept of the provider's answers about the account; never a token.</param>
/// <param name="ConnectedAt">When it was last connected.</param>
/// <param name="RevokedAt">When it was disconnected; null while it is live.</param>
public sealed record ExportedIntegration(IntegrationEntry Integration, string? ProviderSubject, IReadOnlyDictionary<string, object?> ProviderMetadata, DateTimeOffset? ConnectedAt, DateTimeOffset? RevokedAt);

/// <summary>What is known of an integration's tokens.</summary>
/// <param name="IntegrationId">The integration.</param>
/// <param name="Generation">How many there have been.</param>
/// <param name="HasRefreshToken">Whether it can be renewed.</param>
/// <param name="ExpiresAt">When the access token ends; null when unknown.</param>
/// <param name="CreatedAt">When the first was stored.</param>
/// <param name="LastRefreshedAt">When it was last renewed.</param>
/// <param name="LastUsedAt">When it was last handed out.</param>
/// <param name="UsageCount">How often it was handed out.</param>
public sealed record ExportedToken(Guid IntegrationId, long Generation, bool HasRefreshToken, DateTimeOffset? ExpiresAt, DateTimeOffset CreatedAt, DateTimeOffset? LastRefreshedAt, DateTimeOffset? LastUsedAt, long UsageCount);

/// <summary>A connect.</summary>
/// <param name="Id">The flow's id.</param>
/// <param name="Provider">The provider's key.</param>
/// <param name="Scopes">What was asked for.</param>
/// <param name="Status">How far it came.</param>
/// <param name="Actor">Who acted, if the caller named somebody.</param>
/// <param name="ReturnTo">Where the browser went on to.</param>
/// <param name="IpAddress">Where it was started from.</param>
/// <param name="UserAgent">The program that started it.</param>
/// <param name="CreatedAt">When it was started.</param>
public sealed record ExportedFlow(Guid Id, string Provider, IReadOnlyList<string> Scopes, string Status, string? Actor, string? ReturnTo, string? IpAddress, string? UserAgent, DateTimeOffset CreatedAt);

/// <summary>A session of the connect page.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Actor">Who acted, if the caller named somebody.</param>
/// <param name="CreatedBy">The key or user that made it.</param>
/// <param name="Providers">What it was for; empty: every provider.</param>
/// <param name="ReturnTo">Where the browser went on to.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="EndedAt">When it was ended, if it was.</param>
public sealed record ExportedSession(Guid Id, string? Actor, string CreatedBy, IReadOnlyList<string> Providers, string ReturnTo, DateTimeOffset CreatedAt, DateTimeOffset? EndedAt);

/// <summary>A renewal that was tried.</summary>
/// <param name="IntegrationId">The integration.</param>
/// <param name="Class">How it ended: <c>refreshed</c>, or the kind of failure, for example <c>transient</c> or <c>rejected</c>.</param>
/// <param name="Code">The provider's or our word for it.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="DurationMs">How long it took, in milliseconds.</param>
public sealed record ExportedAttempt(Guid IntegrationId, string Class, string? Code, DateTimeOffset StartedAt, int DurationMs);

/// <summary>Something that a provider was told.</summary>
/// <param name="Kind">What, for example <c>revocation</c>.</param>
/// <param name="Provider">The provider's key.</param>
/// <param name="IntegrationId">The integration.</param>
/// <param name="Outcome">How it ended; null while it waits.</param>
/// <param name="CreatedAt">When it was decided.</param>
/// <param name="FinishedAt">When it was over; null while it waits.</param>
public sealed record ExportedDelivery(string Kind, string? Provider, Guid? IntegrationId, string? Outcome, DateTimeOffset CreatedAt, DateTimeOffset? FinishedAt);

/// <summary>The onboarding's completion.</summary>
/// <param name="Platforms">The platforms that were connected then.</param>
/// <param name="CompletedAt">When.</param>
public sealed record ExportedOnboarding(IReadOnlyList<string> Platforms, DateTimeOffset CompletedAt);
