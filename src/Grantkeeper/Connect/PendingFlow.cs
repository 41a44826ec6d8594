using Grantkeeper.Encryption;
using Grantkeeper.OAuth;

namespace Grantkeeper.Connect;

/// <summary>Who finishes a flow.</summary>
internal enum Completion
{
    /// <summary>The callback redeems the code.</summary>
    Direct,

    /// <summary>The callback parks the code until the right user confirms with the ticket.</summary>
    Confirm,
}

/// <summary>Where a flow stands.</summary>
internal enum FlowStatus
{
    /// <summary>Waiting for the browser to come back.</summary>
    Started,

    /// <summary>The state is redeemed; the code is being exchanged.</summary>
    Redeemed,

    /// <summary>The code waits for a confirmation.</summary>
    Parked,

    /// <summary>The integration is stored.</summary>
    Completed,

    /// <summary>The user said no.</summary>
    Denied,

    /// <summary>It ended otherwise; the code says how.</summary>
    Failed,
}

/// <summary>Where the browser lands when the callback has been taken.</summary>
internal enum Landing
{
    /// <summary>At return_to, or on the callback page when there is none.</summary>
    Address,

    /// <summary>On the callback page, which tells the page that opened the popup; at return_to only when that page cannot be reached.</summary>
    Popup,

    /// <summary>On the hosted connect page; at return_to when a confirmation is waited for.</summary>
    Page,
}

/// <summary>One row of <c>oauth_state</c>: a connection between its start and its end.</summary>
internal sealed record PendingFlow
{
    public required Guid Id { get; init; }

    public required string UserId { get; init; }

    public string? Actor { get; init; }

    public required string Provider { get; init; }

    public required string StateHash { get; init; }

    public required string HandleHash { get; init; }

    public required ScopeSet Scopes { get; init; }

    public required string RedirectUri { get; init; }

    public Secret CodeVerifier { get; init; }

    public string? CodeChallenge { get; init; }

    public string? NonceHash { get; init; }

    public Secret AuthorizationUrl { get; init; }

    public string? Issuer { get; init; }

    public required Completion Completion { get; init; }

    public FlowStatus Status { get; init; }

    public string? ReturnTo { get; init; }

    public required string OpenerOrigin { get; init; }

    public Landing Landing { get; init; }

    /// <summary>The connect session in which it was started; null for starts by a key or an operator.</summary>
    public Guid? SessionId { get; init; }

    public Guid? ReconnectIntegrationId { get; init; }

    public bool ReplaceAccount { get; init; }

    public string? BindingHash { get; init; }

    public DateTimeOffset ExpiresAt { get; init; }

    public bool IsUsed { get; init; }

    public Guid? IntegrationId { get; init; }

    public string? ErrorCode { get; init; }

    /// <summary>How long a parked code waits for its user.</summary>
    public DateTimeOffset? ParkedUntil { get; init; }

    /// <summary>The code of a parked flow that was just taken out.</summary>
    public Secret ParkedCode { get; init; }
}
