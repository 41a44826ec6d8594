namespace Grantkeeper.Sandbox.Grants;

/// <summary>What a code is bound to.</summary>
/// <param name="ClientId">The only client that may redeem it.</param>
/// <param name="RedirectUri">The address it was sent to.</param>
/// <param name="CodeChallenge">The challenge whose verifier must come with it; none where the application sent none and the platform asks for none.</param>
/// <param name="Nonce">The value to repeat in the ID token.</param>
/// <param name="Subject">Who consented.</param>
/// <param name="Scopes">To what.</param>
/// <param name="Offline">Whether a refresh token belongs to it.</param>
/// <param name="Lifetime">How long it is good.</param>
internal sealed record AuthorizationCode(
    string ClientId, string RedirectUri, string? CodeChallenge, string? Nonce, string Subject, IReadOnlyList<string> Scopes, bool Offline, TimeSpan Lifetime);
