using Grantkeeper.Launcher.Postgres;
using Grantkeeper.Launcher.Processes;

namespace Grantkeeper.Launcher;

/// <summary>
/// One run, from nothing to a link to click, until it is told to stop: (1) refuse production, (2) look at the ports,
/// (3) database, (4) server and sandbox, (5) wait until both answer, (6) link and next steps, (7) watch,
/// (8) stop in order: sandbox, server, database.
/// </summary>
internal sealed class Launch(LaunchOptions options, LaunchSettings settings)
{
    private const string DatabaseName = "grantkeeper";
    private static readonly TimeSpan OwnDatabasePatience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan SignalDelay = TimeSpan.FromMilliseconds(500);

    private readonly Terminal _terminal = settings.Terminal;

    /// <summary>Runs until <paramref name="stop"/> is cancelled, which is the good end.</summary>
    /// <exception cref="LaunchException">It cannot start, or a process ended by itself; everything is stopped by then.</exception>
    public async Task Run(CancellationToken stop)
    {
        // 1. production
        RefuseProduction(settings.Variable);

        // 2. ports
        var addresses = LaunchAddresses.Choose(options.Port, settings.Variable("ASPNETCORE_URLS"));
        var environment = new LaunchEnvironment(settings.DataPath, addresses, options.Sandbox, settings.Variable);
        if (!options.DatabaseOnly)
            CheckPorts(addresses);
        Prepare(settings.DataPath);

        try
        {
            // 3. database
            await using var cluster = await StartDatabase(environment, stop);
            if (options.DatabaseOnly)
            {
                await ShowDatabase(cluster, environment, stop);
                return;
            }

            // 4. server and sandbox; disposal runs from the last to the first, which is step 8
            var migrated = cluster is null ? 0 : await AppliedMigrations.Count(cluster, DatabaseName, stop);
            var started = settings.Time.GetTimestamp();
            await using var server = StartChild("server", settings.Server, environment.Server(cluster?.UrlOf(DatabaseName)));
            await using var sandbox = options.Sandbox ? StartChild("sandbox", settings.Sandbox, environment.SandboxServer()) : null;
            await Serve(environment, cluster, migrated, server, sandbox, started, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Asked to stop before everything was up: just as good an end.
        }

        _terminal.Say("Stopped.");
    }

    /// <summary>Deletes the database and the data folder, after asking.</summary>
    public async Task Reset(CancellationToken stop)
    {
        RefuseProduction(settings.Variable);
        var path = settings.DataPath;
        if (Path.GetFileName(path) != ".grantkeeper")
            throw new LaunchException($"--reset deletes only a folder named .grantkeeper, and GRANTKEEPER_DATA_PATH is {path}. Delete that folder yourself if you mean it.");
        if (!Directory.Exists(path))
        {
            _terminal.Say($"There is nothing to delete: {path} does not exist.");
            return;
        }

        if (!options.Yes && !await Agreed(path, stop))
        {
            _terminal.Say("Nothing was deleted.");
            return;
        }

        foreach (var owner in (string[])[path, Path.Combine(path, "demo")])
        {
            if (Path.Exists(Path.Combine(owner, "postgres")))
                await PrivateCluster.Remove(ClusterOptions(_ => { }) with { DataPath = owner }, stop);
        }

        Directory.Delete(path, recursive: true);
        _terminal.Say($"Deleted {path} and the private database. ./run starts anew.");
    }

    /// <summary>Says no where users' credentials are.</summary>
    internal static void RefuseProduction(Func<string, string?> variable)
    {
        if (string.Equals(variable("DEPLOY_ENV"), "production", StringComparison.OrdinalIgnoreCase))
            throw new LaunchException("DEPLOY_ENV is production, and ./run is for development only. Start Grantkeeper.Server itself in production, or unset DEPLOY_ENV.");
    }

    private void CheckPorts(LaunchAddresses addresses)
    {
        LoopbackPort.MustBeFree(addresses.ServerPort, "server", "choose another with --port N");
        if (options.Sandbox)
            LoopbackPort.MustBeFree(addresses.SandboxPort, "sandbox (the server's port + 100)", "choose another with --port N, or leave the sandbox out with --no-sandbox");
    }

    /// <summary>Makes a folder that only its owner may enter.</summary>
    internal static void Prepare(string dataPath)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(dataPath);
        else
            Directory.CreateDirectory(dataPath, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private async Task<PrivateCluster?> StartDatabase(LaunchEnvironment environment, CancellationToken stop)
    {
        if (environment.DatabaseVariable is { } variable)
        {
            _terminal.Step($"database: your own, from {variable}", TimeSpan.Zero);
            return null;
        }

        var started = settings.Time.GetTimestamp();
        var cluster = await PrivateCluster.Start(
            ClusterOptions(binaries =>
            {
                _terminal.Step(Words.Describe(binaries), settings.Time.GetElapsedTime(started));
                started = settings.Time.GetTimestamp();
            }),
            stop);
        try
        {
            await cluster.CreateDatabase(DatabaseName, stop);
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }

        _terminal.Step(
            $"database ready on 127.0.0.1:{cluster.Port} ({(cluster.IsOwner ? "private, this machine only" : "started by another ./run")})", settings.Time.GetElapsedTime(started));
        return cluster;
    }

    private async Task ShowDatabase(PrivateCluster? cluster, LaunchEnvironment environment, CancellationToken stop)
    {
        if (cluster is null)
            throw new LaunchException($"{environment.DatabaseVariable} names a database already. Unset it to have the private one started.");
        _terminal.Say("");
        _terminal.Say($"USER_DATA_DATABASE_URL={cluster.UrlOf(DatabaseName)}");
        _terminal.Say("Ctrl-C stops it.");
        await Task.Delay(Timeout.InfiniteTimeSpan, settings.Time, stop);
    }

    private async Task Serve(
        LaunchEnvironment environment, PrivateCluster? cluster, long migrated, Child server, Child? sandbox, long started, CancellationToken stop)
    {
        var addresses = environment.Addresses;
        using var http = new LoopbackHttp(settings.Time);
        try
        {
            // 5. readiness
            await ServerReady(http, environment, server, stop);
            var migrations = cluster is null ? "" : Migrations(await AppliedMigrations.Count(cluster, DatabaseName, stop) - migrated);
            _terminal.Step($"{migrations}server ready on {addresses.Server}", settings.Time.GetElapsedTime(started));
            if (sandbox is not null)
            {
                started = settings.Time.GetTimestamp();
                await http.WaitUntilReady(sandbox, $"{addresses.Sandbox}/.well-known/openid-configuration", settings.Patience, stop);
                _terminal.Step($"sandbox on {addresses.Sandbox}: simulated, no real account is touched", settings.Time.GetElapsedTime(started));
            }

            // 6. link and next steps
            var link = await http.RequestSignInLink(addresses.Server, environment.ApiKey, stop);
            NextSteps.Show(_terminal, link, addresses, options.Sandbox, environment.ApiKeyInShell(Environment.CurrentDirectory));

            // 7. watch
            await Watch(sandbox is null ? [server] : [server, sandbox], stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            _terminal.Say("");
            _terminal.Say("Stopping.");
        }
    }

    // A database of one's own that cannot be used is told as such, and soon: waiting does not mend a wrong address or password.
    private async Task ServerReady(LoopbackHttp http, LaunchEnvironment environment, Child server, CancellationToken stop)
    {
        var variable = environment.DatabaseVariable;
        var patience = variable is null || settings.Patience < OwnDatabasePatience ? settings.Patience : OwnDatabasePatience;
        try
        {
            await http.WaitUntilReady(server, $"{environment.Addresses.Server}/health/ready", patience, stop);
        }
        catch (LaunchException trouble) when (variable is not null && !server.Ended.IsCompleted)
        {
            if (await http.WhyNotReady(environment.Addresses.Server, stop) is not { } reason)
                throw;
            throw new LaunchException(
                $"The database that {variable} names cannot be used: {reason} Start that database or correct {variable}, or unset it to have a private one.", trouble);
        }
    }

    private static string Migrations(long applied) => applied switch
    {
        0 => "database up to date, ",
        1 => "1 database migration applied, ",
        _ => $"{applied} database migrations applied, ",
    };

    // Ctrl-C reaches the children too, so one that ends just before the signal is noticed here has not failed.
    private async Task Watch(IReadOnlyList<Child> children, CancellationToken stop)
    {
        var ended = await Task.WhenAny(children.Select(child => child.Ended)).WaitAsync(stop);
        await Task.Delay(SignalDelay, settings.Time, stop);
        throw children.First(child => child.Ended == ended).Died();
    }

    private Child StartChild(string name, IReadOnlyList<string> command, IReadOnlyDictionary<string, string> variables) => Child.Start(
        name, command, variables, Path.Combine(settings.DataPath, "log", name + ".log"), options.Verbose ? _terminal.Relay : null, settings.Time);

    private PrivateClusterOptions ClusterOptions(Action<PostgresBinaries> found) => new()
    {
        DataPath = settings.DataPath,
        Fast = settings.FastDatabase,
        Variable = settings.Variable,
        Time = settings.Time,
        BinariesFound = found,
    };

    private async Task<bool> Agreed(string path, CancellationToken stop)
    {
        if (settings.Answers is null)
            throw new LaunchException("--reset asks before it deletes, and nobody is there to answer. Add --yes.");
        _terminal.Say($"This deletes {path} with its keys, its log and its private database. Type yes to go on:");
        return string.Equals((await settings.Answers.ReadLineAsync(stop))?.Trim(), "yes", StringComparison.OrdinalIgnoreCase);
    }
}
