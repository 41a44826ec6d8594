namespace Grantkeeper.Sandbox.Grants;

/// <summary>What a code is bound to.</summary>
/// <param name="ClientId">The only client that may redeem it.</param>
/// <param name="RedirectUri">The address it was sent to.</param>
/// <param name="CodeChallenge">The challenge whose verifier must come with it.</param>
/// <param name="Nonce">The value to repeat in the ID token.</param>
/// <param name="Subject">Who consented.</param>
/// <param name="Scopes">To what.</param>
internal sealed record AuthorizationCode(
    string ClientId, string RedirectUri, string CodeChallenge, string? Nonce, string Subject, IReadOnlyList<string> Scopes);
