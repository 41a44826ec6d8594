namespace Grantkeeper.Client;

/// <summary>Which tokens a list tells of.</summary>
public sealed record TokenFilter
{
    /// <summary>Those of one user; null: of all users, for administrators.</summary>
    public string? UserId { get; init; }

    /// <summary>Those at one provider; null: at all.</summary>
    public string? Provider { get; init; }

    /// <summary>Only good ones that end within this, above 0 and 365 days at most; null: all, ended ones too.</summary>
    public TimeSpan? ExpiringWithin { get; init; }

    /// <summary>How many a page holds, 1 to 200; null: the server's default, 50.</summary>
    public int? PageSize { get; init; }
}
