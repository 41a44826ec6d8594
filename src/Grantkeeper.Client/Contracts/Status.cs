namespace Grantkeeper.Client.Contracts;

/// <summary>Answer of <c>GET /api/v1/oauth/status</c>.</summary>
/// <param name="UserId">Whose numbers these are; null: everybody's.</param>
/// <param name="Totals">All integrations.</param>
/// <param name="Providers">The same by provider, in the order of keys; a provider without integrations is missing.</param>
/// <param name="Consents">Consents.</param>
/// <param name="Health">The node that answered: healthy, degraded, unhealthy.</param>
/// <param name="Components">Its components; only administrators see codes and messages.</param>
/// <param name="CheckedAt">When it was counted.</param>
public sealed record StatusSummary(
    string? UserId, StatusTotals Totals, IReadOnlyList<ProviderTotals> Providers, ConsentSummary Consents, string Health, IReadOnlyDictionary<string, HealthComponent> Components, DateTimeOffset CheckedAt);

/// <summary>How many integrations there are, by status as it is shown.</summary>
/// <param name="Total">All of them, disconnected ones included: the sum of the others.</param>
/// <param name="Active">Good.</param>
/// <param name="Pending">Adopted, and not used yet.</param>
/// <param name="Expired">Past their end with nothing to renew them.</param>
/// <param name="Error">Refused by the provider, or frozen.</param>
/// <param name="Inactive">Switched off.</param>
/// <param name="Revoked">Disconnected.</param>
public sealed record StatusTotals(int Total, int Active, int Pending, int Expired, int Error, int Inactive, int Revoked);

/// <summary>The integrations at one provider.</summary>
/// <param name="Provider">The provider's key.</param>
/// <param name="Totals">How many, by status.</param>
public sealed record ProviderTotals(string Provider, StatusTotals Totals);
