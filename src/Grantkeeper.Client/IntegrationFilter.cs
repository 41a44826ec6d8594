namespace Grantkeeper.Client;

/// <summary>Which integrations a list holds.</summary>
public sealed record IntegrationFilter
{
    /// <summary>Those of one user; null: of all users, for administrators.</summary>
    public string? UserId { get; init; }

    /// <summary>Those at one provider; null: at all.</summary>
    public string? Provider { get; init; }

    /// <summary>Active ones only. Default false.</summary>
    public bool ActiveOnly { get; init; }

    /// <summary>How many a page holds, 1 to 200; null: the server's default, 50.</summary>
    public int? PageSize { get; init; }
}
