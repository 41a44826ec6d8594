using Grantkeeper.Encryption;
using Grantkeeper.OAuth;

namespace Grantkeeper.Connect;

/// <summary>What a start asks for.</summary>
internal sealed record StartRequest
{
    public required string Provider { get; init; }

    public required string UserId { get; init; }

    public ScopeSet Scopes { get; init; } = ScopeSet.Empty;

    public IReadOnlyList<string> Features { get; init; } = [];

    /// <summary>The user's roles; null for callers whom no role limits.</summary>
    public IReadOnlyList<string>? Roles { get; init; }

    public string? RedirectUri { get; init; }

    public string? ReturnTo { get; init; }

    public string? OpenerOrigin { get; init; }

    public string? LoginHint { get; init; }

    public Landing Landing { get; init; }

    public Guid? SessionId { get; init; }

    public Completion Completion { get; init; } = Completion.Confirm;

    public Guid? ReconnectIntegrationId { get; init; }

    public bool ReplaceAccount { get; init; }
}

/// <summary>A started flow: the link for the user's browser and what the caller may know.</summary>
internal sealed record StartedFlow(
    Guid FlowId, Secret StartHandle, Secret State, Secret ProviderUrl, ScopeSet Scopes, string TrustedOrigin, int ExpiresIn);

/// <summary>How a callback or confirmation ended, and where the browser goes from here.</summary>
internal sealed record Completed(PendingFlow? Flow, Guid? IntegrationId, Secret Ticket, Errors.Failure? Failure)
{
    public bool IsParked => !Ticket.IsEmpty;
}

/// <summary>Who stands behind a callback.</summary>
/// <param name="BindingCookie">The cookie of the browser that came back; null for an authenticated call.</param>
/// <param name="SignedInUser">The user whose own session this request carries, or that a back end names.</param>
/// <param name="IsAuthenticatedCall">True when a back end hands the callback's parameters in.</param>
internal sealed record CallbackBearer(string? BindingCookie, string? SignedInUser, bool IsAuthenticatedCall);
