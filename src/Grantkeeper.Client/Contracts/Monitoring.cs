namespace Grantkeeper.Client.Contracts;

/// <summary>Body of <c>POST /api/v1/oauth/monitoring/refresh-expired</c>.</summary>
/// <param name="UserId">Whose tokens; null: everybody's, for administrators.</param>
/// <param name="Provider">At one provider; null: at all.</param>
/// <param name="BufferHours">How soon they end, 0 to 168 hours. Default: 1.</param>
public sealed record RefreshExpiredRequest(string? UserId, string? Provider, double? BufferHours);

/// <summary>What became of one token.</summary>
/// <param name="Provider">The provider's key.</param>
/// <param name="IntegrationId">The integration.</param>
/// <param name="UserId">Whose it is.</param>
/// <param name="Success">True when there is a newer token.</param>
/// <param name="RefreshedAt">When it was renewed; null when it was not.</param>
/// <param name="ExpiresAt">When the token that is stored now ends.</param>
/// <param name="Error">Why it was not renewed.</param>
public sealed record RefreshExpiredResult(string Provider, Guid IntegrationId, string UserId, bool Success, DateTimeOffset? RefreshedAt, DateTimeOffset? ExpiresAt, ErrorEntry? Error);

/// <summary>Answer of <c>POST /api/v1/oauth/monitoring/refresh-expired</c>.</summary>
/// <param name="TotalTokens">How many were tried, 200 at most: those that end first.</param>
/// <param name="Succeeded">How many of them were renewed.</param>
/// <param name="Failed">How many were not.</param>
/// <param name="RefreshResults">One by one, in the order in which they ended.</param>
/// <param name="HasMore">True when more of them wait; call again.</param>
/// <param name="RefreshCompletedAt">When the last one had its result.</param>
public sealed record RefreshExpiredAnswer(int TotalTokens, int Succeeded, int Failed, IReadOnlyList<RefreshExpiredResult> RefreshResults, bool HasMore, DateTimeOffset RefreshCompletedAt);

/// <summary>Answer of <c>POST /api/v1/oauth/admin/cleanup</c>: how much was removed, at most 10,000 of each. Audit rows are never among it.</summary>
/// <param name="Tokens">Access tokens that ended thirty days ago and have nothing to renew them.</param>
/// <param name="States">Connect flows that ended a day ago.</param>
/// <param name="ConnectSessions">Connect sessions that ended a day ago.</param>
/// <param name="RefreshAttempts">Refresh attempts older than thirty days.</param>
/// <param name="Deliveries">Deliveries to providers that were finished thirty days ago.</param>
/// <param name="SignInLinks">Sign-in links that ended a day ago.</param>
/// <param name="SupersededAnswers">Answers of providers that came too late and were never needed for thirty days.</param>
/// <param name="ProviderHours">Hourly figures of providers older than ninety days.</param>
/// <param name="Total">All of them.</param>
public sealed record CleanupAnswer(int Tokens, int States, int ConnectSessions, int RefreshAttempts, int Deliveries, int SignInLinks, int SupersededAnswers, int ProviderHours, int Total);
