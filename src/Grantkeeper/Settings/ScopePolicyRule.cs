namespace Grantkeeper.Settings;

/// <summary>One rule of <c>Grantkeeper:Scopes:Policy</c>: scopes that only some roles may ask for.</summary>
/// <param name="Provider">The provider's key; null: every provider.</param>
/// <param name="Scopes">The scopes; empty: those that the provider's catalogue calls sensitive.</param>
/// <param name="Roles">The roles that may ask for them.</param>
internal sealed record ScopePolicyRule(string? Provider, IReadOnlyList<string> Scopes, IReadOnlyList<string> Roles);
