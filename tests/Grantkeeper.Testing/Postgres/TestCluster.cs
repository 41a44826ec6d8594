using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Grantkeeper.Encryption;
using Grantkeeper.Launcher.Postgres;
using Grantkeeper.Startup;
using Grantkeeper.Storage;
using Npgsql;

namespace Grantkeeper.Testing.Postgres;

/// <summary>
/// A PostgreSQL server for tests. One is shared by a whole test run (<see cref="Shared"/>), each test class takes a
/// database of its own from it; a test that stops or kills its server starts another one (<see cref="Start"/>).
/// </summary>
public sealed class TestCluster : IAsyncDisposable
{
    private const string FolderPrefix = "gk-tests-";

    /// <summary>The wrapping key of template and tests: 32 zero bytes.</summary>
    public static readonly Secret Key = new(Convert.ToBase64String(new byte[32]));

    private static readonly Lock Gate = new();
    private static Task<TestCluster>? s_shared;

    private readonly PrivateCluster _cluster;
    private readonly PrivateClusterOptions _options;
    private readonly string _binaries;
    private readonly Lazy<Task<string>> _template;
    private int _databases;

    private TestCluster(PrivateCluster cluster, PrivateClusterOptions options, string binaries)
    {
        _cluster = cluster;
        _options = options;
        _binaries = binaries;
        _template = new(MakeTemplate);
    }

    /// <summary>The loopback port that the server listens on.</summary>
    public int Port => _cluster.Port;

    /// <summary>The server of this test run, started on first use. Never stop or kill it.</summary>
    public static Task<TestCluster> Shared()
    {
        lock (Gate)
            return s_shared ??= Start();
    }

    /// <summary>Ends the shared server, if it was ever used; the test assembly's fixture calls this.</summary>
    public static async Task EndShared()
    {
        Task<TestCluster>? shared;
        lock (Gate)
            (shared, s_shared) = (s_shared, null);
        if (shared is not null)
            await (await shared).DisposeAsync();
    }

    /// <summary>A server of one's own, for a test that stops, kills or restarts it.</summary>
    /// <param name="settings">Further lines of <c>postgresql.conf</c>.</param>
    public static async Task<TestCluster> Start(params (string Name, string Value)[] settings)
    {
        await SweepAbandoned();
        var binaries = "";
        var options = new PrivateClusterOptions
        {
            DataPath = Directory.CreateTempSubdirectory($"{FolderPrefix}{Environment.ProcessId}-").FullName,
            Fast = true,
            Settings = new Dictionary<string, string>(settings.Select(pair => KeyValuePair.Create(pair.Name, pair.Value))) { ["max_connections"] = "500" },
            Variable = name => name == "DEPLOY_ENV" ? null : Environment.GetEnvironmentVariable(name),
            BinariesFound = found => binaries = found.Folder,
        };
        return new TestCluster(await PrivateCluster.Start(options), options, binaries);
    }

    /// <summary>An empty database.</summary>
    public async Task<TestDatabase> NewDatabase()
    {
        var database = new TestDatabase(this, NextName());
        await _cluster.CreateDatabase(database.Name);
        return database;
    }

    /// <summary>A database with this release's tables and no rows; a copy of one that is migrated once, so it takes milliseconds.</summary>
    public async Task<TestDatabase> NewMigratedDatabase()
    {
        var template = await _template.Value;
        var database = new TestDatabase(this, NextName());
        await ExecuteAsSuperuser("postgres", $"CREATE DATABASE {database.Name} OWNER grantkeeper TEMPLATE {template}");
        return database;
    }

    /// <summary>Runs SQL behind row-level security; the first value of the first row, null if there is none.</summary>
    public Task<object?> ExecuteAsSuperuser(TestDatabase database, string sql) => ExecuteAsSuperuser(database.Name, sql);

    /// <summary>All rows behind row-level security, each as its values; SQL null is null.</summary>
    public async Task<List<object?[]>> ListAsSuperuser(TestDatabase database, string sql)
    {
        await using var connection = new NpgsqlConnection(_cluster.SuperuserConnectionString(database.Name));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<object?[]>();
        while (await reader.ReadAsync())
            rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(column => reader.IsDBNull(column) ? null : reader.GetValue(column))]);
        return rows;
    }

    /// <summary>
    /// Everything in a database as <c>pg_dump</c> writes it, schema and rows; where there is none of the server's version
    /// (npm's packages have none), a plainer text of tables, owners, columns and rows.
    /// </summary>
    public async Task<string> Dump(TestDatabase database)
    {
        if (DumpProgram() is not { } program)
            return await PlainDump(database);
        var connection = new NpgsqlConnectionStringBuilder(_cluster.SuperuserConnectionString(database.Name));
        var start = new ProcessStartInfo(program)
        {
            ArgumentList = { "--no-password", "--inserts", "--host", "127.0.0.1", "--port", Port.ToString(CultureInfo.InvariantCulture), "--username", connection.Username!, database.Name },
            Environment = { ["PGPASSWORD"] = connection.Password },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        // Newer releases of pg_dump write a random word into every dump.
        return process.ExitCode == 0 ? Regex.Replace(await output, @"\\(un)?restrict \w+", "") : throw new InvalidOperationException($"pg_dump failed: {await errors}");
    }

    /// <summary>Shuts the server down cleanly.</summary>
    public Task Stop() => _cluster.Stop();

    /// <summary>Ends the server as a crash would.</summary>
    public Task Kill() => _cluster.Kill();

    /// <summary>Starts the server again, on the same port.</summary>
    public Task Restart() => _cluster.Restart();

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        await PrivateCluster.Remove(_options);
        Directory.Delete(_options.DataPath, recursive: true);
    }

    internal string UrlOf(string database) => _cluster.UrlOf(database);

    internal string SuperuserUrlOf(string database) => _cluster.SuperuserUrl(database);

    private async Task<object?> ExecuteAsSuperuser(string database, string sql)
    {
        await using var connection = new NpgsqlConnection(_cluster.SuperuserConnectionString(database));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync() is { } value and not DBNull ? value : null;
    }

    private async Task<string> MakeTemplate()
    {
        const string name = "migrated_template";
        await _cluster.CreateDatabase(name);
        var migration = DatabaseUrl.ForMigration(DatabaseUrl.Parse(UrlOf(name)).Value).ConnectionString;
        var wrapper = LocalKeyWrapper.Read(Key, null).Value;
        foreach (var source in (string[])[Migrator.UserData, Migrator.Platform])
        {
            var migrated = await Migrator.Migrate(migration, source, [new SealAdoptedTokens(wrapper)], CancellationToken.None);
            if (migrated.Failure is { } failure)
                throw new InvalidOperationException($"The template database could not be migrated: {failure.Message}");
        }

        return name;
    }

    private string? DumpProgram()
    {
        var beside = Path.Combine(_binaries, OperatingSystem.IsWindows() ? "pg_dump.exe" : "pg_dump");
        return File.Exists(beside) ? beside : null;
    }

    private async Task<string> PlainDump(TestDatabase database)
    {
        var lines = await ListAsSuperuser(database, """
            SELECT c.relname::text, concat_ws(' ', c.relkind, c.relname, pg_get_userbyid(c.relowner), c.relacl, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid)), c.relkind = 'r'
            FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
            WHERE c.relnamespace = 'public'::regnamespace ORDER BY c.relname, a.attnum
            """);
        var text = new StringBuilder().AppendJoin('\n', lines.Select(line => line[1])).Append('\n');
        foreach (var table in lines.Where(line => line[2] is true).Select(line => (string)line[0]!).Distinct())
        {
            foreach (var row in await ListAsSuperuser(database, $"SELECT t::text FROM \"{table}\" t ORDER BY 1"))
                text.Append(CultureInfo.InvariantCulture, $"INSERT INTO public.{table} VALUES {row[0]};\n");
        }

        return text.ToString();
    }

    private string NextName() => $"test_{Interlocked.Increment(ref _databases)}";

    // A test run that was killed leaves its server running.
    private static async Task SweepAbandoned()
    {
        foreach (var folder in Directory.EnumerateDirectories(Path.GetTempPath(), FolderPrefix + "*"))
        {
            var owner = Path.GetFileName(folder)[FolderPrefix.Length..].Split('-')[0];
            if (!int.TryParse(owner, CultureInfo.InvariantCulture, out var processId) || Lives(processId))
                continue;
            try
            {
                await PrivateCluster.Remove(new PrivateClusterOptions { DataPath = folder });
                Directory.Delete(folder, recursive: true);
            }
            catch (Exception exception) when (exception is Launcher.LaunchException or IOException or UnauthorizedAccessException)
            {
                // Another run sweeps it, or it is another user's.
            }
        }
    }

    private static bool Lives(int processId)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
