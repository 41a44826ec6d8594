using Grantkeeper.Identity;

namespace Grantkeeper.Connect;

/// <summary>One row of <c>connect_sessions</c>, without its secrets.</summary>
internal sealed record ConnectSession
{
    public required string UserId { get; init; }

    public required Guid Id { get; init; }

    public string? Actor { get; init; }

    /// <summary>The keys of the providers that it offers; empty means all.</summary>
    public IReadOnlyList<string> Providers { get; init; } = [];

    /// <summary>The keys of the features that it is for; empty: its connections ask for each provider's default.</summary>
    public IReadOnlyList<string> Features { get; init; } = [];

    /// <summary>The user's role, which limits what may be asked for; null: none does.</summary>
    public string? Role { get; init; }

    public Guid? IntegrationId { get; init; }

    /// <summary>Where the hosted page leads back to.</summary>
    public required string ReturnTo { get; init; }

    public string? OpenerOrigin { get; init; }

    public required bool Confirm { get; init; }

    public string? Language { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset ExpiresAt { get; init; }

    public DateTimeOffset? RedeemedAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>open, expired or ended.</summary>
    public string StatusAt(DateTimeOffset now) => EndedAt is not null ? "ended" : ExpiresAt <= now ? "expired" : "open";

    /// <summary>The session as the caller of an operation.</summary>
    public Caller AsCaller() => new($"session:{Id}", Granted)
    {
        User = UserId, Actor = Actor, Roles = Role is null ? null : [Role], Session = new SessionLimits(Id, Providers, Confirm, OpenerOrigin, IntegrationId) { Features = Features },
    };

    private static readonly HashSet<string> Granted = [Permissions.Read, Permissions.Connect, Permissions.Revoke];
}
