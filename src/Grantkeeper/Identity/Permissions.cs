namespace Grantkeeper.Identity;

/// <summary>What a caller may do.</summary>
public static class Permissions
{
    /// <summary>See integrations, accounts and statuses.</summary>
    public const string Read = "oauth:read";

    /// <summary>Start and finish connections.</summary>
    public const string Connect = "oauth:connect";

    /// <summary>Force a refresh.</summary>
    public const string Refresh = "oauth:refresh";

    /// <summary>Disconnect.</summary>
    public const string Revoke = "oauth:revoke";

    /// <summary>Read the audit log.</summary>
    public const string Audit = "oauth:audit";

    /// <summary>Everything across users, keys and providers.</summary>
    public const string Admin = "oauth:admin";

    /// <summary>Read access tokens; back ends only.</summary>
    public const string TokenRead = "oauth:token:read";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [Read, Connect, Refresh, Revoke, Audit, Admin, TokenRead];
}
