using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Grantkeeper.Errors;
using Npgsql;

namespace Grantkeeper.Storage;

/// <summary>A step in C# that belongs to a numbered migration and runs in its transaction, after its SQL.</summary>
internal interface IMigrationStep
{
    string Source { get; }

    int Version { get; }

    Task Apply(NpgsqlConnection connection, CancellationToken cancellation);
}

/// <summary>
/// Brings a database to this release's shape: numbered SQL files, in order, under an advisory lock, with the checksum of
/// what ran. All of a run is one transaction, so a refusal leaves nothing behind. Runs as the login role of the migration
/// URL and owns nothing itself: tables belong to <c>grantkeeper_owner</c>.
/// </summary>
internal static class Migrator
{
    public const string UserData = "user_data";
    public const string Platform = "platform";

    private const long LockKey = 0x6772616E746B6565; // "grantkee"

    private const string Roles = """
        DO $roles$
        DECLARE
            name text;
            is_new boolean;
        BEGIN
            FOREACH name IN ARRAY ARRAY['grantkeeper_owner', 'grantkeeper_app'] LOOP
                is_new := false;
                IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
                    BEGIN
                        EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS', name);
                        is_new := true;
                    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
                    END;
                END IF;
                -- From PostgreSQL 16 on, who makes a role is a member of it and yet may not act as it.
                IF is_new OR NOT pg_has_role(current_user, name, 'MEMBER') THEN
                    EXECUTE format('GRANT %I TO %I', name, current_user);
                END IF;
            END LOOP;
            IF NOT has_schema_privilege('grantkeeper_owner', current_schema(), 'CREATE') THEN
                EXECUTE format('GRANT USAGE, CREATE ON SCHEMA %I TO grantkeeper_owner', current_schema());
            END IF;
            IF NOT has_schema_privilege('grantkeeper_app', current_schema(), 'USAGE') THEN
                EXECUTE format('GRANT USAGE ON SCHEMA %I TO grantkeeper_app', current_schema());
            END IF;
        END
        $roles$
        """;

    private const string TakeOver = """
        DO $own$
        DECLARE name text;
        BEGIN
            FOREACH name IN ARRAY ARRAY['oauth_integrations', 'oauth_tokens', 'oauth_scopes', 'oauth_consents', 'oauth_audit_log', 'oauth_state', 'oauth_audit_logs', 'oauth_states'] LOOP
                IF EXISTS (SELECT FROM pg_class WHERE oid = to_regclass(name) AND pg_get_userbyid(relowner) <> 'grantkeeper_owner') THEN
                    EXECUTE format('ALTER TABLE %I OWNER TO grantkeeper_owner', name);
                END IF;
            END LOOP;
        END
        $own$
        """;

    /// <summary>Applies what is missing. Failures: <c>storage.unavailable</c>, <c>roles_missing</c>, <c>migration_changed</c>, <c>schema_newer</c>, <c>layout_unknown</c>.</summary>
    public static async Task<Result<Done>> Migrate(string connectionString, string source, IReadOnlyList<IMigrationStep> steps, CancellationToken cancellation)
    {
        try
        {
            await using var connection = new NpgsqlConnection(connectionString);
            await connection.OpenAsync(cancellation);
            await Execute(connection, $"SELECT pg_advisory_lock({LockKey})", cancellation);
            await using var transaction = await connection.BeginTransactionAsync(cancellation);
            if (await Prepare(connection, cancellation) is { } refused)
                return refused;
            var applied = await ApplyMissing(connection, source, steps, cancellation);
            if (applied.IsSuccess)
                await transaction.CommitAsync(cancellation);
            return applied;
        }
        catch (PostgresException exception) when (exception.SqlState == "GK001")
        {
            return new Failure(ErrorCatalogue.Storage.LayoutUnknown);
        }
        catch (Exception exception) when (StorageUnavailableException.Explains(exception, cancellation))
        {
            return exception is PostgresException postgres
                ? new Failure(ErrorCatalogue.Storage.Unavailable, $"PostgreSQL refused: {postgres.MessageText} (SQLSTATE {postgres.SqlState}).")
                : new Failure(ErrorCatalogue.Storage.Unavailable);
        }
    }

    /// <summary>
    /// The names of the migrations that a start would apply; changes nothing. Failures: <c>storage.migration_changed</c>,
    /// <c>storage.schema_newer</c>. Throws what the driver throws.
    /// </summary>
    public static async Task<Result<List<string>>> Missing(NpgsqlConnection connection, string source, CancellationToken cancellation)
    {
        await using var exists = new NpgsqlCommand("SELECT to_regclass('grantkeeper_migrations') IS NOT NULL", connection);
        var applied = true.Equals(await exists.ExecuteScalarAsync(cancellation)) ? await Applied(connection, source, cancellation) : [];
        if (!Compare(applied, source).TryGet(out var missing, out var failure))
            return failure;
        return missing.ConvertAll(file => $"{source}/{file.Name}");
    }

    private static async Task<Failure?> Prepare(NpgsqlConnection connection, CancellationToken cancellation)
    {
        try
        {
            await Execute(connection, Roles, cancellation);
            await Execute(connection, TakeOver, cancellation);
            await Execute(connection, $"SET LOCAL ROLE {DatabaseUrl.OwnerRole}", cancellation);
        }
        catch (PostgresException exception) when (exception.SqlState is "42501" or "0LP01")
        {
            return new Failure(ErrorCatalogue.Storage.RolesMissing, $"PostgreSQL refused to prepare the roles: {exception.MessageText}.");
        }

        await Execute(connection, """
            CREATE TABLE IF NOT EXISTS grantkeeper_migrations (
                source varchar(20) NOT NULL, version integer NOT NULL, name text NOT NULL,
                checksum char(64) NOT NULL, applied_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (source, version))
            """, cancellation);
        return null;
    }

    private static async Task<Result<Done>> ApplyMissing(NpgsqlConnection connection, string source, IReadOnlyList<IMigrationStep> steps, CancellationToken cancellation)
    {
        if (!Compare(await Applied(connection, source, cancellation), source).TryGet(out var missing, out var failure))
            return failure;
        foreach (var file in missing)
        {
            await Execute(connection, file.Sql, cancellation);
            foreach (var step in steps.Where(step => step.Source == source && step.Version == file.Version))
                await step.Apply(connection, cancellation);
            await using var record = new NpgsqlCommand("INSERT INTO grantkeeper_migrations (source, version, name, checksum) VALUES ($1, $2, $3, $4)", connection)
            {
                Parameters = { new() { Value = source }, new() { Value = file.Version }, new() { Value = file.Name }, new() { Value = file.Checksum } },
            };
            await record.ExecuteNonQueryAsync(cancellation);
        }

        return default(Done);
    }

    /// <summary>The files that have not run yet, in order.</summary>
    private static Result<List<MigrationFile>> Compare(Dictionary<int, string> applied, string source)
    {
        var known = Files(source);
        if (applied.Keys.Except(known.Select(file => file.Version)).Any())
            return new Failure(ErrorCatalogue.Storage.SchemaNewer);
        if (known.FirstOrDefault(file => applied.TryGetValue(file.Version, out var checksum) && checksum != file.Checksum) is { } changed)
            return new Failure(ErrorCatalogue.Storage.MigrationChanged, $"Migration {source}/{changed.Name} ran with another text than this release has.");
        return known.Where(file => !applied.ContainsKey(file.Version)).ToList();
    }

    private static async Task<Dictionary<int, string>> Applied(NpgsqlConnection connection, string source, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand("SELECT version, checksum FROM grantkeeper_migrations WHERE source = $1", connection) { Parameters = { new() { Value = source } } };
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var applied = new Dictionary<int, string>();
        while (await reader.ReadAsync(cancellation))
            applied.Add(reader.GetInt32(0), reader.GetString(1));
        return applied;
    }

    private static async Task Execute(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellation);
    }

    private static List<MigrationFile> Files(string source)
    {
        var assembly = Assembly.GetExecutingAssembly();
        var prefix = $"migrations/{source}/";
        return [.. assembly.GetManifestResourceNames()
            .Where(name => name.Replace('\\', '/').StartsWith(prefix, StringComparison.Ordinal))
            .Select(name => MigrationFile.Read(assembly, name, name[prefix.Length..]))
            .OrderBy(file => file.Version)];
    }

    private sealed record MigrationFile(int Version, string Name, string Sql, string Checksum)
    {
        public static MigrationFile Read(Assembly assembly, string resource, string name)
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
            var sql = reader.ReadToEnd().ReplaceLineEndings("\n");
            return new MigrationFile(int.Parse(name.Split('_')[0]), name, sql, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(sql))));
        }
    }
}
