using Grantkeeper.Errors;

namespace Grantkeeper.Storage;

/// <summary>Refuses to serve when the role that queries run under could look past row-level security.</summary>
internal static class RoleCheck
{
    private sealed record Role(bool IsUnsafe, bool IsPrivateCluster);

    public static async Task<Result<Done>> Run(Database database, bool production, CancellationToken cancellation)
    {
        var role = await database.AsService(ServiceReason.Deployment).Read(
            """
            SELECT r.rolsuper OR r.rolbypassrls OR pg_has_role(current_user, 'grantkeeper_owner', 'MEMBER')
                   OR EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid AND c.relname LIKE 'oauth\_%'),
                   coalesce(current_setting('gk.private_cluster', true), '') = 'on'
            FROM pg_roles r WHERE r.rolname = current_user
            """,
            row => new Role(row.GetBoolean(0), row.GetBoolean(1)), cancellation);
        if (role is null or { IsUnsafe: true })
            return new Failure(ErrorCatalogue.Storage.RoleUnsafe);
        if (role.IsPrivateCluster && production)
            return new Failure(ErrorCatalogue.Storage.PrivateClusterInProduction);
        return default(Done);
    }
}
