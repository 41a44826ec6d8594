using Grantkeeper.OAuth;

namespace Grantkeeper.Audit;

/// <summary>Everything that is written to the audit log; the closed list of actions.</summary>
internal enum AuditAction
{
    ConnectStarted,
    Connect,
    ConnectDenied,
    ConnectFailed,
    SubjectMismatch,
    AccountMismatch,
    Refresh,
    RefreshFailed,
    RefreshSuperseded,
    TokenRead,
    TokenRejected,
    Disconnect,
    ProviderRevocation,
    ApiKeyCreated,
    ApiKeyRevoked,
    SignIn,
    ClientChanged,
    ClientRemoved,
    ProviderChanged,
    ProviderRemoved,
    SandboxExpired,
    ConnectSessionCreated,
    ConnectSessionRedeemed,
    ConnectSessionRefused,
    ConnectSessionEnded,
    TokenRemoved,
    IntegrationChanged,
    SwitchedOff,
    SwitchedOn,
    Sync,
    Withdrawn,
    UserForeign,
    ScopeEscalated,
    OnboardingCompleted,
    ScopesChanged,
    BulkStarted,
    BulkCancelled,
    CleanedUp,
    SignInLinkCreated,
    AuditExported,
    UserExported,
    UserErased,
}

/// <summary>Who asked for something, and from where; travels with a flow into its audit rows.</summary>
/// <param name="Caller">The key, session or user that made the request; null for background work.</param>
/// <param name="Actor">The person or agent who acts, when the caller names one.</param>
/// <param name="IpAddress">The address that the request came from.</param>
/// <param name="UserAgent">The client's name for itself, cut to 300 characters.</param>
/// <param name="CorrelationId">The request's trace id.</param>
internal sealed record AuditSource(string? Caller, string? Actor, string? IpAddress, string? UserAgent, string? CorrelationId)
{
    public static readonly AuditSource Background = new(null, null, null, null, null);
}

/// <summary>One row of the audit log. No member may hold a secret or a provider's raw text.</summary>
internal sealed record AuditEvent(AuditAction Action, string UserId, AuditSource Source)
{
    public Guid? IntegrationId { get; init; }

    public string? Provider { get; init; }

    public ScopeSet? Scopes { get; init; }

    public bool Success { get; init; } = true;

    /// <summary>A code of the catalogue, a provider's error word, or a closed word such as <c>confirmed</c>.</summary>
    public string? Code { get; init; }

    public TimeSpan? Duration { get; init; }

    /// <summary>How often it happened; above 1 only for reads, which are counted and written in batches.</summary>
    public int Count { get; init; } = 1;

    public string? Node { get; init; }

    /// <summary>The batch's number on its node; a gap shows reads that a crash kept from being written.</summary>
    public long? NodeSequence { get; init; }
}
