namespace Grantkeeper.Identity;

/// <summary>The roles that a user's token may name (R194), and what each allows.</summary>
internal static class Roles
{
    /// <summary>Its own accounts: see, connect, refresh, disconnect.</summary>
    public const string User = "user";

    /// <summary>The same; what a product sells on top is a matter of scopes.</summary>
    public const string Premium = "premium";

    /// <summary>Everybody's accounts, the audit log, keys and providers. Never an access token: those are for API keys.</summary>
    public const string Administrator = "administrator";

    private static readonly string[] OfUser = [Permissions.Read, Permissions.Connect, Permissions.Refresh, Permissions.Revoke];
    private static readonly string[] OfAdministrator = [.. OfUser, Permissions.Audit, Permissions.Admin];

    /// <summary>What roles allow together; unknown ones allow nothing.</summary>
    public static HashSet<string> Allow(IEnumerable<string> roles) => [.. roles.SelectMany(role => role switch
    {
        User or Premium => OfUser,
        Administrator => OfAdministrator,
        _ => [],
    })];
}
