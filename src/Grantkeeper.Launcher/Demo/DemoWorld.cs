using Grantkeeper.Launcher.Postgres;
using Npgsql;

namespace Grantkeeper.Launcher.Demo;

/// <summary>
/// Everything that the demo plays with, all of it real and nobody else's: a PostgreSQL cluster, a strict provider, and two
/// nodes each of the hand-written sample and of Grantkeeper. Disposal leaves only the logs.
/// </summary>
internal sealed class DemoWorld : IAsyncDisposable
{
    private readonly PrivateClusterOptions _options;
    private StrictProvider? _provider;

    private DemoWorld(PrivateCluster database, PrivateClusterOptions options)
    {
        Database = database;
        _options = options;
    }

    public PrivateCluster Database { get; }

    public StrictProvider Provider => _provider!;

    public IReadOnlyList<IContender> Contenders { get; private set; } = [];

    public IEnumerable<Node> Nodes => Contenders.SelectMany(contender => contender.Nodes);

    /// <summary>Starts everything and says each step: (1) database, (2) provider, (3) nodes.</summary>
    public static async Task<DemoWorld> Start(LaunchSettings settings, DemoSurroundings surroundings, Action<string> done, CancellationToken stop)
    {
        // 1. database; what a killed demo left is removed first
        var own = new PrivateClusterOptions { DataPath = settings.DataPath, Variable = settings.Variable, Time = settings.Time };
        var binaries = await PrivateCluster.FindBinaries(own, stop);
        done(Words.Describe(binaries));
        var options = own with { DataPath = surroundings.Folder, BinariesPath = binaries.Folder, Fast = settings.FastDatabase };
        await Clear(options, stop);
        var database = await PrivateCluster.Start(options, stop);
        var world = new DemoWorld(database, options);
        try
        {
            await database.CreateDatabase("hand_written", stop);
            await database.CreateDatabase("grantkeeper", stop);
            done($"demo database ready on 127.0.0.1:{database.Port}, removed at the end");
            await world.StartProcesses(settings, surroundings, done, stop);
            return world;
        }
        catch
        {
            await world.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in Nodes)
            await node.DisposeAsync();
        if (_provider is not null)
            await _provider.DisposeAsync();
        await Database.DisposeAsync();
        await Clear(_options, CancellationToken.None);
    }

    private async Task StartProcesses(LaunchSettings settings, DemoSurroundings surroundings, Action<string> done, CancellationToken stop)
    {
        // 2. provider
        var ports = LoopbackPort.ChooseFree(5);
        var (handWritten, grantkeeper) = (ports[1..3], ports[3..5]);
        var (first, second) = (SecretFile.NewSecret(), SecretFile.NewSecret());
        var address = $"http://127.0.0.1:{ports[0]}";
        _provider = await StrictProvider.Start(
            surroundings, settings.Sandbox, address,
            [("hand_written", first, HandWrittenContender.RedirectUri(handWritten[0]), "client_secret_post"),
             ("grantkeeper", second, GrantkeeperContender.RedirectUri(grantkeeper[0]), "client_secret_basic")],
            stop);
        done($"provider on {address} (simulated; refresh tokens work once)");

        // 3. nodes; the first of each makes its tables
        Contenders =
        [
            new HandWrittenContender(surroundings, settings.HandWritten, handWritten, Pooled(Database.ConnectionString("hand_written")), address, first),
            new GrantkeeperContender(surroundings, settings.Server, grantkeeper, Database.UrlOf("grantkeeper"), address, second),
        ];
        for (var index = 0; index < Contenders[0].Nodes.Count; index++)
            await Task.WhenAll(Contenders.Select(contender => contender.Nodes[index].Start(stop)));
        done("two nodes each of samples/HandWritten and of Grantkeeper ready");
    }

    private static string Pooled(string connectionString) => new NpgsqlConnectionStringBuilder(connectionString) { Pooling = true }.ConnectionString;

    // The logs of the last demo stay until the next one begins.
    private static async Task Clear(PrivateClusterOptions options, CancellationToken stop)
    {
        if (Path.Exists(Path.Combine(options.DataPath, "postgres")))
            await PrivateCluster.Remove(options, stop);
        foreach (var data in Directory.Exists(options.DataPath) ? Directory.GetDirectories(options.DataPath, "grantkeeper-*") : [])
            Directory.Delete(data, recursive: true);
    }
}
