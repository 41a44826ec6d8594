using Grantkeeper.Launcher.Postgres;

namespace Grantkeeper.IntegrationTests.Launcher;

/// <summary>A data folder of one test, and the cluster that may be in it; both are gone afterwards.</summary>
internal sealed class LauncherFolder : IAsyncDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("gk-launcher-").FullName;

    /// <summary>The launcher in its own output folder, where it finds what it needs to run by itself.</summary>
    public static string Built
    {
        get
        {
            var tests = new DirectoryInfo(AppContext.BaseDirectory);
            return System.IO.Path.Combine(tests.Parent!.Parent!.FullName, "Grantkeeper.Launcher", tests.Name, "Grantkeeper.Launcher.dll");
        }
    }

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
        Variables.Clear();
        foreach (var data in (string[])[Path, In(".grantkeeper")])
        {
            if (System.IO.Path.Exists(System.IO.Path.Combine(data, "postgres")))
                await PrivateCluster.Remove(Options() with { DataPath = data }, CancellationToken.None);
        }

        Directory.Delete(Path, recursive: true);
    }
}
