namespace Grantkeeper.Sandbox.Interactions;

/// <summary>Where and how the answer of an authorization request goes back.</summary>
/// <param name="RedirectUri">The checked address.</param>
/// <param name="State">The value to repeat.</param>
/// <param name="FormPost">Whether as a form instead of a query.</param>
internal sealed record CallbackTarget(string RedirectUri, string? State, bool FormPost);
