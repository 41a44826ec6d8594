using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Grantkeeper.Launcher.Processes;

namespace Grantkeeper.Launcher.Postgres;

/// <summary>
/// Where a cluster keeps what. In the data folder: <c>postgres.key</c>, <c>postgres.port</c>, <c>postgres.lock</c>, and
/// <c>postgres</c>, which is the home itself or, as root, a file that names it: another user cannot enter a
/// folder below <c>/root</c>. In the home: <c>data</c> and <c>server.log</c>.
/// </summary>
internal sealed class ClusterFolder
{
    private readonly ClusterAccount _account;

    private ClusterFolder(string dataPath, string home, ClusterAccount account)
    {
        DataPath = dataPath;
        Home = home;
        _account = account;
    }

    public string DataPath { get; }

    public string Home { get; }

    public string Data => Path.Combine(Home, "data");

    public string UnfinishedData => Path.Combine(Home, "data.new");

    public string Log => Path.Combine(Home, "server.log");

    public string KeyFile => Path.Combine(DataPath, "postgres.key");

    public string PortFile => Path.Combine(DataPath, "postgres.port");

    public string LockFile => Path.Combine(DataPath, "postgres.lock");

    public string PasswordFile => Path.Combine(Home, "password");

    public string ProcessFile => Path.Combine(Data, "postmaster.pid");

    /// <summary>True once <c>initdb</c> has run to its end here.</summary>
    public bool HasData => File.Exists(Path.Combine(Data, "PG_VERSION"));

    /// <summary>The major version that made the data; null if there is none.</summary>
    public int? DataMajor => HasData
        ? int.Parse(File.ReadAllText(Path.Combine(Data, "PG_VERSION")).Trim().Split('.')[0], CultureInfo.InvariantCulture)
        : null;

    /// <summary>Finds the cluster's home and makes what is missing of it.</summary>
    public static async Task<ClusterFolder> Open(
        string dataPath, ClusterAccount account, TimeProvider time, CancellationToken cancellation)
    {
        var full = Path.GetFullPath(dataPath);
        Directory.CreateDirectory(full);
        var place = Path.Combine(full, "postgres");
        return account.Name is null ? OpenOwn(full, place, account) : await OpenElsewhere(full, place, account, time, cancellation);
    }

    /// <summary>Gives a file that this process wrote to the account of the server.</summary>
    public async Task HandOver(string file, TimeProvider time, CancellationToken cancellation)
    {
        if (_account.Name is null)
            return;
        var outcome = await Tool.Run(["chown", _account.Name, file], null, time, cancellation);
        if (!outcome.Succeeded)
            throw new LaunchException($"{file} could not be given to the user {_account.Name}: {outcome.Output} Start ./run as an ordinary user instead.");
    }

    /// <summary>Deletes the cluster, its files in the data folder included. Nothing of it may be running.</summary>
    public void Delete()
    {
        if (Directory.Exists(Home))
            Directory.Delete(Home, recursive: true);
        foreach (var file in (string[])[Path.Combine(DataPath, "postgres"), KeyFile, PortFile])
            File.Delete(file);
    }

    /// <summary>The folder that serves a data folder when root starts the cluster.</summary>
    internal static string HomeForRoot(string dataPath)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(dataPath));
        return Path.Combine("/var/lib/grantkeeper", Convert.ToHexStringLower(hash)[..12]);
    }

    private static ClusterFolder OpenOwn(string dataPath, string place, ClusterAccount account)
    {
        if (File.Exists(place))
            throw new LaunchException(
                $"The private database of {dataPath} was made by root and lives in {File.ReadAllText(place).Trim()}. "
                + "Start ./run as root again, or delete the data folder as root to start anew.");
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(place);
        else
            Directory.CreateDirectory(place, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return new(dataPath, place, account);
    }

    private static async Task<ClusterFolder> OpenElsewhere(
        string dataPath, string place, ClusterAccount account, TimeProvider time, CancellationToken cancellation)
    {
        if (Directory.Exists(place))
            throw new LaunchException(
                $"The private database of {dataPath} was made by an ordinary user. Start ./run as that user again, or delete {place} to start anew.");
        var home = File.Exists(place) ? (await File.ReadAllTextAsync(place, cancellation)).Trim() : HomeForRoot(dataPath);
        if (!Directory.Exists(home))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(home)!);
            var outcome = await Tool.Run(["install", "-d", "-m", "0700", "-o", account.Name!, home], null, time, cancellation);
            if (!outcome.Succeeded)
                throw new LaunchException($"{home} could not be made for the user {account.Name}: {outcome.Output} Start ./run as an ordinary user instead.");
        }

        // In one step: another start at the same moment must not read half a file.
        var draft = $"{place}.{Environment.ProcessId}-{Guid.NewGuid():N}";
        await File.WriteAllTextAsync(draft, home + "\n", cancellation);
        File.Move(draft, place, overwrite: true);
        return new(dataPath, home, account);
    }
}
