using Npgsql;

namespace Grantkeeper.Launcher.Postgres;

/// <summary>How many migrations a private database has seen.</summary>
internal static class AppliedMigrations
{
    /// <summary>Counts them; 0 for a database that no server has opened yet.</summary>
    public static async Task<long> Count(PrivateCluster cluster, string database, CancellationToken cancellation)
    {
        await using var connection = new NpgsqlConnection(cluster.SuperuserConnectionString(database));
        await connection.OpenAsync(cancellation);
        await using var command = new NpgsqlCommand("SELECT count(*) FROM grantkeeper_migrations", connection);
        try
        {
            return (long)(await command.ExecuteScalarAsync(cancellation))!;
        }
        catch (PostgresException missing) when (missing.SqlState == PostgresErrorCodes.UndefinedTable)
        {
            return 0;
        }
    }
}
