using Npgsql;

namespace Grantkeeper.Launcher.Postgres;

/// <summary>The roles that a production database has too; the superuser makes them and databases, and nothing else.</summary>
internal static class ClusterRoles
{
    public const string Superuser = "postgres";

    /// <summary>The role that logs in: a member of the two below, with no rights of its own.</summary>
    public const string Login = "grantkeeper";

    /// <summary>Owns the schema; the migrator acts as it.</summary>
    public const string Owner = "grantkeeper_owner";

    /// <summary>What the application acts as: row-level security applies to it.</summary>
    public const string Application = "grantkeeper_app";

    /// <summary>Makes the roles, or puts them right; it may be repeated.</summary>
    public static async Task Ensure(NpgsqlConnection superuser, string loginKey, CancellationToken cancellation)
    {
        string[] roles = [Owner, Application, Login];
        foreach (var role in roles)
        {
            await Execute(superuser, $"DO $$ BEGIN CREATE ROLE {role}; EXCEPTION WHEN duplicate_object THEN NULL; END $$", cancellation);
            var login = role == Login ? $"LOGIN PASSWORD '{loginKey}'" : "NOLOGIN";
            await Execute(superuser, $"ALTER ROLE {role} NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION {login}", cancellation);
        }

        await Execute(superuser, $"GRANT {Owner}, {Application} TO {Login}", cancellation);
    }

    /// <summary>Runs one statement that is made of constants and checked names only.</summary>
    public static async Task Execute(NpgsqlConnection connection, string statement, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(statement, connection);
        await command.ExecuteNonQueryAsync(cancellation);
    }
}
