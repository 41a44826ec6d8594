using System.Diagnostics;
using System.Text.RegularExpressions;
using Grantkeeper.Launcher.Processes;
using Npgsql;

namespace Grantkeeper.Launcher.Postgres;

/// <summary>
/// A PostgreSQL server of one's own for development, tests and benchmarks. It listens on loopback only, asks everyone
/// for a password, and says of itself <c>gk.private_cluster = on</c>, by which a production server refuses it.
/// <para>A start goes: (1) never in production, (2) one owner per data folder, others attach, (3) binaries,
/// (4) data, (5) adopt the server that a killed owner left, or clear its traces and start one, (6) roles.</para>
/// </summary>
internal sealed partial class PrivateCluster : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly PrivateClusterOptions _options;
    private readonly ClusterFolder _folder;
    private readonly ClusterAccount _account;
    private readonly ClusterKeys _keys;
    private readonly PostgresBinaries? _binaries;
    private readonly FileStream? _lock;
    private bool _disposed;

    private PrivateCluster(
        PrivateClusterOptions options, ClusterFolder folder, ClusterAccount account, ClusterKeys keys, PostgresBinaries? binaries, FileStream? claim)
    {
        _options = options;
        _folder = folder;
        _account = account;
        _keys = keys;
        _binaries = binaries;
        _lock = claim;
    }

    /// <summary>The loopback port that the server listens on.</summary>
    public int Port { get; private set; }

    /// <summary>True when this object started or adopted the server, and so stops it; false when another process owns it.</summary>
    public bool IsOwner => _lock is not null;

    /// <summary>The process id of the running server; null if it is down.</summary>
    public int? ProcessId => Postmaster.Running(_folder)?.ProcessId;

    /// <summary>The server's log.</summary>
    public string LogFile => _folder.Log;

    /// <summary>The server's data directory.</summary>
    public string DataDirectory => _folder.Data;

    /// <summary>Starts the cluster of a data folder, adopts the server that a killed owner left, or attaches to a running owner's.</summary>
    /// <exception cref="LaunchException">It cannot be had; the message says why and what helps.</exception>
    public static async Task<PrivateCluster> Start(PrivateClusterOptions options, CancellationToken cancellation = default)
    {
        // 1. never in production
        if (string.Equals(options.Variable("DEPLOY_ENV"), "production", StringComparison.OrdinalIgnoreCase))
            throw new LaunchException(
                "DEPLOY_ENV is production, and the private PostgreSQL is for development only. Set USER_DATA_DATABASE_URL to your production database.");

        // 2. one owner
        var account = await ClusterAccount.Find(options.Time, cancellation);
        var folder = await ClusterFolder.Open(options.DataPath, account, options.Time, cancellation);
        var started = options.Time.GetTimestamp();
        while (true)
        {
            if (Claim(folder) is { } claim)
                return await Own(options, folder, account, claim, cancellation);
            if (await Attach(options, folder, account, cancellation) is { } attached)
                return attached;
            if (options.Time.GetElapsedTime(started) > Patience)
                throw Failed(folder, "Another process holds the private database but does not get it to answer. Stop that process and start again.");
            await Task.Delay(Pause, options.Time, cancellation);
        }
    }

    /// <summary>The binaries that a cluster of this data folder is started with; fetched if it comes to that.</summary>
    /// <exception cref="LaunchException">They cannot be had; the message says why and what helps.</exception>
    public static async Task<PostgresBinaries> FindBinaries(PrivateClusterOptions options, CancellationToken cancellation = default)
    {
        var account = await ClusterAccount.Find(options.Time, cancellation);
        var folder = await ClusterFolder.Open(options.DataPath, account, options.Time, cancellation);
        return await FindBinaries(options, folder, account, cancellation);
    }

    /// <summary>Deletes the cluster of a data folder; a server that a killed owner left is ended first.</summary>
    /// <exception cref="LaunchException">A living owner holds it.</exception>
    public static async Task Remove(PrivateClusterOptions options, CancellationToken cancellation = default)
    {
        var account = await ClusterAccount.Find(options.Time, cancellation);
        var folder = await ClusterFolder.Open(options.DataPath, account, options.Time, cancellation);
        await using var claim = Claim(folder)
            ?? throw new LaunchException($"The private database of {folder.DataPath} is in use. Stop the ./run that started it first.");
        if (Postmaster.Running(folder) is { } running)
            await End(running, folder, options.Time, cancellation);
        folder.Delete();
    }

    /// <summary>The URL of a database for the application.</summary>
    public string UrlOf(string database) => Url(ClusterRoles.Login, _keys.Login, database);

    /// <summary>The URL of a database for the superuser: for tests that look behind row-level security.</summary>
    public string SuperuserUrl(string database) => Url(ClusterRoles.Superuser, _keys.Superuser, database);

    /// <summary>Npgsql's connection string for the application's role.</summary>
    public string ConnectionString(string database) => ConnectionText(ClusterRoles.Login, _keys.Login, database).ConnectionString;

    /// <summary>Npgsql's connection string for the superuser.</summary>
    public string SuperuserConnectionString(string database) => ConnectionText(ClusterRoles.Superuser, _keys.Superuser, database).ConnectionString;

    /// <summary>Makes a database that the login role owns; one that exists is left as it is.</summary>
    public async Task CreateDatabase(string name, CancellationToken cancellation = default)
    {
        await using var connection = await OpenAsSuperuser(cancellation);
        try
        {
            await ClusterRoles.Execute(connection, $"CREATE DATABASE {Checked(name)} OWNER {ClusterRoles.Login} TEMPLATE template0", cancellation);
        }
        catch (PostgresException exists) when (exists.SqlState is PostgresErrorCodes.DuplicateDatabase or PostgresErrorCodes.UniqueViolation)
        {
            // It is there, which is all that was asked.
        }
    }

    /// <summary>Drops a database, and the connections to it; one that is missing is fine.</summary>
    public async Task DropDatabase(string name, CancellationToken cancellation = default)
    {
        await using var connection = await OpenAsSuperuser(cancellation);
        await ClusterRoles.Execute(connection, $"DROP DATABASE IF EXISTS {Checked(name)} WITH (FORCE)", cancellation);
    }

    /// <summary>Shuts the server down cleanly: connections end, everything is on disk. It waits for the end.</summary>
    public async Task Stop(CancellationToken cancellation = default)
    {
        MustOwn();
        if (Postmaster.Running(_folder) is null)
            return;
        var outcome = await PgCtl(["stop", "-D", _folder.Data, "-m", "fast", "-w", "-t", "60"], cancellation);
        if (!outcome.Succeeded && Postmaster.Running(_folder) is not null)
            throw Failed(_folder, $"The private database did not stop: {outcome.Output} Look for what keeps it busy and stop it again.");
    }

    /// <summary>Ends the server as a crash would, for fault tests, and waits until its processes are gone.</summary>
    public async Task Kill(CancellationToken cancellation = default)
    {
        MustOwn();
        if (Postmaster.Running(_folder) is { } running)
            await End(running, _folder, _options.Time, cancellation);
    }

    /// <summary>Stops the server if it runs, and starts it again on the same port if that is still free.</summary>
    public async Task Restart(CancellationToken cancellation = default)
    {
        await Stop(cancellation);
        await Serve(cancellation);
    }

    /// <summary>An owner stops the server; one that attached leaves it running.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
            return;
        _disposed = true;
        if (_lock is null)
            return;
        try
        {
            await Stop();
        }
        finally
        {
            await _lock.DisposeAsync();
        }
    }

    private static async Task<PrivateCluster> Own(
        PrivateClusterOptions options, ClusterFolder folder, ClusterAccount account, FileStream claim, CancellationToken cancellation)
    {
        try
        {
            // 3. binaries
            var binaries = await FindBinaries(options, folder, account, cancellation);
            options.BinariesFound(binaries);

            // 4. data
            var keys = ClusterKeys.ReadOrCreate(folder.KeyFile, folder.HasData);
            var cluster = new PrivateCluster(options, folder, account, keys, binaries, claim);
            if (!folder.HasData)
                await cluster.Initialize(cancellation);

            // 5. adopt or start
            try
            {
                await cluster.Serve(cancellation);
            }
            catch
            {
                await cluster.DisposeAsync();
                throw;
            }

            return cluster;
        }
        catch
        {
            await claim.DisposeAsync();
            throw;
        }
    }

    // As root they are unpacked beside the data, where the server's user can read them.
    private static Task<PostgresBinaries> FindBinaries(PrivateClusterOptions options, ClusterFolder folder, ClusterAccount account, CancellationToken cancellation) =>
        PostgresBinaries.Find(options, account.Name is null ? folder.DataPath : folder.Home, folder.DataMajor, cancellation);

    private static async Task<PrivateCluster?> Attach(
        PrivateClusterOptions options, ClusterFolder folder, ClusterAccount account, CancellationToken cancellation)
    {
        if (ClusterKeys.Read(folder.KeyFile) is not { } keys || Postmaster.Running(folder) is not { } running)
            return null;
        var cluster = new PrivateCluster(options, folder, account, keys, null, null) { Port = running.Port };

        // The login role comes last, so whoever can be it finds a finished cluster.
        return await cluster.Answers(ClusterRoles.Login, keys.Login, cancellation) is null ? cluster : null;
    }

    private async Task Initialize(CancellationToken cancellation)
    {
        if (Directory.Exists(_folder.UnfinishedData))
            Directory.Delete(_folder.UnfinishedData, recursive: true);
        SecretFile.Write(_folder.PasswordFile, _keys.Superuser + "\n");
        await _folder.HandOver(_folder.PasswordFile, _options.Time, cancellation);
        string[] arguments =
        [
            "--pgdata", _folder.UnfinishedData, "--username", ClusterRoles.Superuser, "--pwfile", _folder.PasswordFile,
            "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", .. _options.Fast ? ["--no-sync"] : Array.Empty<string>(),
        ];
        var outcome = await Run("initdb", arguments, cancellation);
        File.Delete(_folder.PasswordFile);
        if (!outcome.Succeeded)
            throw new LaunchException(
                $"The private database could not be made in {_folder.Home}: {Words.LastLines(outcome.Output, 3)} "
                + "Mend that, or set USER_DATA_DATABASE_URL to a database that you have.");
        await File.WriteAllTextAsync(Path.Combine(_folder.UnfinishedData, "pg_hba.conf"), ClusterConfiguration.Authentication, cancellation);
        Directory.Move(_folder.UnfinishedData, _folder.Data);
    }

    private async Task Serve(CancellationToken cancellation)
    {
        if (Postmaster.Running(_folder) is { } left)
            await Adopt(left, cancellation);
        else
            await Boot(cancellation);

        // 6. roles
        await using var connection = await OpenAsSuperuser(cancellation);
        await ClusterRoles.Ensure(connection, _keys.Login, cancellation);
    }

    private async Task Adopt(Postmaster running, CancellationToken cancellation)
    {
        Port = running.Port;
        ClusterPort.Note(_folder.PortFile, Port);
        await Ready(cancellation);
        await WriteSettings(cancellation);
        await using var connection = await OpenAsSuperuser(cancellation);
        await ClusterRoles.Execute(connection, "SELECT pg_reload_conf()", cancellation);
    }

    // The port may be taken between the choice and the start, and the last children of a killed server need a moment
    // to let go of its memory: both are tried again.
    private async Task Boot(CancellationToken cancellation)
    {
        var started = _options.Time.GetTimestamp();
        while (true)
        {
            File.Delete(_folder.ProcessFile);
            Port = ClusterPort.Choose(_folder.PortFile);
            await WriteSettings(cancellation);
            var outcome = await PgCtl(["start", "-D", _folder.Data, "-l", _folder.Log, "-w", "-t", "60", "-s"], cancellation);
            if (outcome.Succeeded)
                break;
            var log = Words.LastLinesOf(_folder.Log, 8);
            var passing = log.Contains("Address already in use", StringComparison.Ordinal)
                || log.Contains("pre-existing shared memory block", StringComparison.Ordinal);
            if (!passing || _options.Time.GetElapsedTime(started) > Patience)
                throw Failed(_folder, $"The private database did not start: {Words.LastLines(outcome.Output, 2)} Mend what its log says, or start anew with ./run --reset.");
            await Task.Delay(Pause, _options.Time, cancellation);
        }

        await Ready(cancellation);
    }

    private async Task Ready(CancellationToken cancellation)
    {
        var started = _options.Time.GetTimestamp();
        while (await Answers(ClusterRoles.Superuser, _keys.Superuser, cancellation) is { } trouble)
        {
            if (trouble is PostgresException { SqlState: PostgresErrorCodes.InvalidPassword })
                throw Failed(_folder, $"The private database does not accept the password in {_folder.KeyFile}. Put back the file that was there, or start anew with ./run --reset.");
            if (_options.Time.GetElapsedTime(started) > Patience)
                throw Failed(_folder, $"The private database does not answer on 127.0.0.1:{Port}: {trouble.Message} Mend what its log says, or start anew with ./run --reset.");
            await Task.Delay(Pause, _options.Time, cancellation);
        }
    }

    private async Task<Exception?> Answers(string role, string key, CancellationToken cancellation)
    {
        try
        {
            await using var connection = new NpgsqlConnection(ConnectionText(role, key, ClusterRoles.Superuser).ConnectionString);
            await connection.OpenAsync(cancellation);
            return null;
        }
        catch (NpgsqlException trouble)
        {
            return trouble;
        }
    }

    private async Task WriteSettings(CancellationToken cancellation)
    {
        var file = Path.Combine(_folder.Data, "postgresql.conf");
        await File.WriteAllTextAsync(file, ClusterConfiguration.Settings(Port, _options.Fast, _options.Settings), cancellation);
    }

    private Task<ToolOutcome> PgCtl(IEnumerable<string> arguments, CancellationToken cancellation) => Run("pg_ctl", arguments, cancellation);

    private Task<ToolOutcome> Run(string program, IEnumerable<string> arguments, CancellationToken cancellation) =>
        Tool.Run(_account.Command(_binaries!.Program(program), arguments), _folder.Home, _options.Time, cancellation);

    private async Task<NpgsqlConnection> OpenAsSuperuser(CancellationToken cancellation)
    {
        var connection = new NpgsqlConnection(SuperuserConnectionString(ClusterRoles.Superuser));
        await connection.OpenAsync(cancellation);
        return connection;
    }

    private NpgsqlConnectionStringBuilder ConnectionText(string role, string key, string database) => new()
    {
        Host = "127.0.0.1",
        Port = Port,
        Username = role,
        Password = key,
        Database = database,
        Pooling = false,
        Timeout = 15,
    };

    private string Url(string role, string key, string database) => $"postgresql://{role}:{key}@127.0.0.1:{Port}/{Uri.EscapeDataString(database)}";

    private static async Task End(Postmaster running, ClusterFolder folder, TimeProvider time, CancellationToken cancellation)
    {
        // A backend outlives the main process until it notices, and answers its client meanwhile.
        var processes = Postmaster.Children(running.ProcessId).Prepend(running.ProcessId).ToList();
        foreach (var id in processes)
            Kill(id);
        while (Postmaster.Serves(running.ProcessId, folder.Data) || processes.Any(Postmaster.IsAlive))
            await Task.Delay(Pause, time, cancellation);

        static void Kill(int id)
        {
            try
            {
                using var process = Process.GetProcessById(id);
                process.Kill();
            }
            catch (Exception gone) when (gone is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
            {
                // It ended by itself: its parent went first.
            }
        }
    }

    private void MustOwn()
    {
        if (!IsOwner)
            throw new LaunchException("Another process owns this private database. Stop it there.");
    }

    private static FileStream? Claim(ClusterFolder folder)
    {
        try
        {
            return new FileStream(folder.LockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static LaunchException Failed(ClusterFolder folder, string sentence)
    {
        var log = Words.LastLinesOf(folder.Log, 8);
        return new(log.Length == 0 ? sentence : $"{sentence}\nThe last lines of {folder.Log}:\n{log}");
    }

    private static string Checked(string name) => NamePattern().IsMatch(name)
        ? $"\"{name}\""
        : throw new ArgumentException("A database's name here is lower-case letters, digits and underscores, at most 63.", nameof(name));

    [GeneratedRegex("^[a-z_][a-z0-9_]{0,62}$")]
    private static partial Regex NamePattern();
}
