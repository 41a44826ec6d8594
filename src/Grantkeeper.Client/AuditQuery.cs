namespace Grantkeeper.Client;

/// <summary>Which rows of the audit log; a member that is null narrows nothing.</summary>
public sealed record AuditQuery
{
    /// <summary>Of one user; null: of all, for keys with <c>oauth:audit</c>.</summary>
    public string? UserId { get; init; }

    /// <summary>At one provider.</summary>
    public string? Provider { get; init; }

    /// <summary>One action, for example <c>connect</c>.</summary>
    public string? Action { get; init; }

    /// <summary>What ended well, or what did not.</summary>
    public bool? Success { get; init; }

    /// <summary>About one integration.</summary>
    public Guid? IntegrationId { get; init; }

    /// <summary>By one person or agent.</summary>
    public string? Actor { get; init; }

    /// <summary>By one key, session or user.</summary>
    public string? Caller { get; init; }

    /// <summary>Not before this time.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Before this time.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>How many a page holds, 1 to 200; null: the server's default, 50. An export has no pages.</summary>
    public int? PageSize { get; init; }
}
