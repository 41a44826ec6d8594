using System.Globalization;
using System.Net.Sockets;
using Grantkeeper.Client.Contracts;
using Grantkeeper.Encryption;
using Grantkeeper.Errors;
using Grantkeeper.Settings;
using Grantkeeper.Storage;
using Npgsql;

namespace Grantkeeper.Diagnostics;

/// <summary>
/// Looks at one database over connections of its own: reachable, recent enough, migrated, its role safe, its keys open,
/// its clock right. Each step needs the one before; what cannot be looked at is said.
/// </summary>
internal sealed class DatabaseChecks(GrantkeeperOptions options, TimeProvider time)
{
    private const string Reachable = "database";
    private const string Migrations = "migrations";
    private const string Roles = "database_roles";
    private const string Key = "encryption_key";
    private const int OldestVersion = 15;
    private const int PatienceSeconds = 5;

    /// <summary>The findings, and whether the application could work with the database now.</summary>
    public async Task<(List<DiagnosticFinding> Findings, bool IsUsable)> Of(string source, string url, string? migrationUrl, CancellationToken cancellation)
    {
        var findings = new List<DiagnosticFinding>();
        try
        {
            await using (var connection = await Open(AsLogin(url), cancellation))
                findings.AddRange(await LookAt(source, connection, cancellation));
            await using (var connection = await Open(AsLogin(migrationUrl ?? url), cancellation))
                findings.Add(await LookAtMigrations(source, connection, cancellation));
        }
        catch (Exception exception) when (IsDatabaseTrouble(exception, cancellation))
        {
            findings.Add(Trouble(source, url, exception));
            foreach (var check in Following(source).Except(findings.Select(finding => finding.Check)))
                findings.Add(Finding.NotLookedAt(check, source, "The database could not be reached."));
            return (findings, false);
        }

        if (findings[^1].Verdict != Finding.Ok)
        {
            findings.Add(Finding.NotLookedAt(Roles, source, "The tables are not those of this release yet."));
            if (source == Migrator.UserData)
                findings.Add(Finding.NotLookedAt(Key, source, "The tables are not those of this release yet."));
            return (findings, false);
        }

        var asApplication = await LookAsApplication(source, url, cancellation);
        findings.AddRange(asApplication);
        return (findings, asApplication.TrueForAll(finding => finding.Verdict == Finding.Ok));
    }

    /// <summary>The application's view of a database, for a few statements: no pool is filled.</summary>
    public static NpgsqlDataSource Source(string url)
    {
        var connection = DatabaseUrl.ForApplication(DatabaseUrl.Parse(url).Value);
        (connection.MinPoolSize, connection.MaxPoolSize, connection.Timeout) = (0, 2, PatienceSeconds);
        return new NpgsqlDataSourceBuilder(connection.ConnectionString).Build();
    }

    private static IEnumerable<string> Following(string source) =>
        source == Migrator.UserData ? [ClockSkew.Check, Migrations, Roles, Key] : [Migrations, Roles];

    private async Task<List<DiagnosticFinding>> LookAt(string source, NpgsqlConnection connection, CancellationToken cancellation)
    {
        var before = time.GetUtcNow();
        await using var command = new NpgsqlCommand("SELECT current_setting('server_version_num')::int, clock_timestamp()", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        await reader.ReadAsync(cancellation);
        var (version, clock) = (reader.GetInt32(0) / 10_000, reader.Time(1));
        var details = new Dictionary<string, object?> { ["host"] = connection.Host, ["port"] = connection.Port, ["database"] = connection.Database, ["server_version"] = version };
        var place = $"PostgreSQL {version.ToString(CultureInfo.InvariantCulture)} at {connection.Host}:{connection.Port}, database {connection.Database}";
        var findings = new List<DiagnosticFinding>
        {
            version >= OldestVersion
                ? Finding.Good(Reachable, source, $"{place}, answers.", details)
                : Finding.Bad(Reachable, source, $"{place}, is too old.", $"Grantkeeper needs PostgreSQL {OldestVersion} or later.", "Upgrade the server, or point the URL at a newer one.", details),
        };
        if (source == Migrator.UserData)
            findings.Add(ClockSkew.Of(source, "the database", clock, before, time.GetUtcNow()));
        return findings;
    }

    private static async Task<DiagnosticFinding> LookAtMigrations(string source, NpgsqlConnection connection, CancellationToken cancellation)
    {
        try
        {
            if (!(await Migrator.Missing(connection, source, cancellation)).TryGet(out var missing, out var failure))
                return Finding.Of(Migrations, source, failure);
            return missing.Count == 0
                ? Finding.Good(Migrations, source, "All migrations of this release have run.")
                : Finding.Doubtful(Migrations, source, $"Not run yet: {string.Join(", ", missing)}.", "The tables are made and changed when the server starts.",
                    "Start the server (grantkeeper serve); the first start makes roles and tables.");
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            return Finding.Of(Migrations, source, new Failure(ErrorCatalogue.Storage.RolesMissing, $"The login may not read which migrations have run: {exception.MessageText}."));
        }
    }

    private async Task<List<DiagnosticFinding>> LookAsApplication(string source, string url, CancellationToken cancellation)
    {
        var findings = new List<DiagnosticFinding>();
        try
        {
            await using var pool = Source(url);
            await using var database = new Database(pool, time);
            var role = await RoleCheck.Run(database, options.Environment == DeployEnvironment.Production, cancellation);
            findings.Add(role.Failure is { } unsafeRole ? Finding.Of(Roles, source, unsafeRole) : Finding.Good(Roles, source, $"Queries run as {DatabaseUrl.ApplicationRole}, which row-level security binds."));
            if (source == Migrator.UserData)
            {
                await using var connection = await pool.OpenConnectionAsync(cancellation);
                findings.Add(await LookAtKey(connection, source, cancellation));
            }
        }
        catch (Exception exception) when (IsDatabaseTrouble(exception, cancellation) || exception is StorageUnavailableException)
        {
            var cause = exception is StorageUnavailableException { InnerException: { } inner } ? inner : exception;
            findings.Add(cause is PostgresException refused
                ? Finding.Of(Roles, source, new Failure(ErrorCatalogue.Storage.RolesMissing, $"PostgreSQL refused the role {DatabaseUrl.ApplicationRole}: {refused.MessageText}."))
                : Trouble(source, url, cause));
            if (source == Migrator.UserData)
                findings.Add(Finding.NotLookedAt(Key, source, $"The role {DatabaseUrl.ApplicationRole} cannot be used."));
        }

        return findings;
    }

    private async Task<DiagnosticFinding> LookAtKey(NpgsqlConnection connection, string source, CancellationToken cancellation)
    {
        if (!LocalKeyWrapper.Read(options.EncryptionKey, options.EncryptionKeyFile).TryGet(out var wrapper, out var unusable))
            return Finding.Of(Key, source, unusable);
        if (!(await KeyRing.Check(connection, wrapper, cancellation)).TryGet(out var count, out var wrong))
            return Finding.Of(Key, source, wrong);
        return Finding.Good(Key, source, count == 0 ? "There is no data key yet; the first start makes one." : $"The encryption key opens {count} data key(s) of the database.");
    }

    private static string AsLogin(string url) => DatabaseUrl.ForMigration(DatabaseUrl.Parse(url).Value).ConnectionString;

    private static async Task<NpgsqlConnection> Open(string connectionString, CancellationToken cancellation)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Timeout = PatienceSeconds, CommandTimeout = PatienceSeconds }.ConnectionString);
        try
        {
            await connection.OpenAsync(cancellation);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private static bool IsDatabaseTrouble(Exception exception, CancellationToken cancellation) =>
        exception is PostgresException || StorageUnavailableException.Explains(exception, cancellation);

    private static DiagnosticFinding Trouble(string source, string url, Exception exception)
    {
        var place = DatabaseUrl.Shown(url);
        var (what, why, remedy) = exception switch
        {
            PostgresException { SqlState: "28P01" or "28000" } postgres => ("PostgreSQL refuses the login.", postgres.MessageText,
                "Check user and password of the URL (special characters percent-encoded) and the server's pg_hba.conf."),
            PostgresException { SqlState: "3D000" } postgres => ("The database does not exist.", postgres.MessageText, "Create it, or correct the last part of the URL."),
            PostgresException { SqlState: "53300" } postgres => ("PostgreSQL has no connection left.", postgres.MessageText, "Raise max_connections: each node takes up to 50 for each database."),
            PostgresException postgres => ("PostgreSQL refuses the connection.", $"{postgres.MessageText} (SQLSTATE {postgres.SqlState})", "Look at PostgreSQL's own log at this moment."),
            { InnerException: SocketException socket } => ("Nothing answers as PostgreSQL.", socket.Message, "Start PostgreSQL, or correct host and port; from a container, localhost is the container itself."),
            { InnerException: TimeoutException } or TimeoutException or OperationCanceledException => ("PostgreSQL does not answer in time.", $"No answer came within {PatienceSeconds} seconds.", "Check host, port and firewalls between this machine and the database."),
            _ => ("PostgreSQL could not be reached.", exception.InnerException?.Message ?? exception.Message, "Check host, port and sslmode of the URL."),
        };
        return Finding.Bad(Reachable, source, $"{place}: {what}", why, remedy);
    }
}
