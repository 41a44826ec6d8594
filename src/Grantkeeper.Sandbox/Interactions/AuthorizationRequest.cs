using Grantkeeper.Sandbox.OAuth;

namespace Grantkeeper.Sandbox.Interactions;

/// <summary>A checked request of an application for access to somebody's account.</summary>
internal sealed record AuthorizationRequest(
    ClientRegistration Client,
    CallbackTarget Target,
    IReadOnlyList<string> Scopes,
    string? CodeChallenge,
    string? Nonce,
    IReadOnlyList<string> Prompt,
    string? LoginHint,
    bool Offline);
