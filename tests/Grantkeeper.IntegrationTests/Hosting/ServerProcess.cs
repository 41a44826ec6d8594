using System.Diagnostics;
using Grantkeeper.Testing.Peers;

namespace Grantkeeper.IntegrationTests.Hosting;

/// <summary>The server as its operator starts it: a process of its own, with nothing in its environment but what a test says.</summary>
internal static class ServerProcess
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Runs until the process ends by itself, which a refused start does.</summary>
    public static Task<(int ExitCode, string Output)> RunToEnd(IReadOnlyDictionary<string, string> environment) => RunToEnd(environment, "Grantkeeper.Server");

    /// <summary>The same for another program of the product.</summary>
    public static async Task<(int ExitCode, string Output)> RunToEnd(IReadOnlyDictionary<string, string> environment, string program, params string[] args)
    {
        using var process = Process.Start(Command(environment, program, args))!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        try
        {
            await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Patience, TimeProvider.System, TestContext.Current.CancellationToken);
        }
        catch (TimeoutException)
        {
            process.Kill();
            throw new ShouldAssertException($"The server did not end by itself. It printed:\n{await output}{await errors}");
        }

        return (process.ExitCode, await output + await errors);
    }

    public static ProcessStartInfo Command(IReadOnlyDictionary<string, string> environment, string programName = "Grantkeeper.Server", params string[] args)
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Name;
        var program = Path.Combine(Checkout.Root, "artifacts", "bin", programName, configuration, $"{programName}.dll");
        var start = new ProcessStartInfo(Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet", [program, .. args])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Path.GetTempPath(),
        };
        foreach (var name in start.Environment.Keys.Except(["PATH", "HOME", "DOTNET_ROOT", "TMPDIR", "LANG"]).ToList())
            start.Environment.Remove(name);
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return start;
    }
}
