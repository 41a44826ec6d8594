using Grantkeeper.Launcher.Postgres;

namespace Grantkeeper.IntegrationTests.Launcher;

/// <summary>A data folder of one test, and the cluster that may be in it; both are gone afterwards.</summary>
internal sealed class LauncherFolder : IAsyncDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("gk-launcher-").FullName;

    public Dictionary<string, string?> Variables { get; } = new() { ["PATH"] = Environment.GetEnvironmentVariable("PATH") };

    public string In(string name) => System.IO.Path.Combine(Path, name);

    public PrivateClusterOptions Options() => new()
    {
        DataPath = Path,
        Fast = true,
        Variable = name => Variables.GetValueOrDefault(name),
    };

    public async ValueTask DisposeAsync()
    {
        if (File.Exists(In("postgres.key")))
        {
            Variables.Clear();
            await PrivateCluster.Remove(Options(), CancellationToken.None);
        }

        Directory.Delete(Path, recursive: true);
    }
}
