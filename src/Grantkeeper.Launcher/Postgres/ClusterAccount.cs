using Grantkeeper.Launcher.Processes;

namespace Grantkeeper.Launcher.Postgres;

/// <summary>
/// Whom the server's programs run as. PostgreSQL refuses to run as root, so as root on Linux they run as
/// <c>postgres</c>, or else as <c>grantkeeper</c>, which is made if neither exists; otherwise as the caller.
/// </summary>
/// <param name="Name">The account's name; null is the caller.</param>
/// <param name="Prefix">What stands before a command so that it runs as this account.</param>
internal sealed record ClusterAccount(string? Name, IReadOnlyList<string> Prefix)
{
    private const string Own = "grantkeeper";

    /// <summary>The account for this process.</summary>
    public static async Task<ClusterAccount> Find(TimeProvider time, CancellationToken cancellation)
    {
        if (OperatingSystem.IsWindows() || !Environment.IsPrivilegedProcess)
            return new(null, []);
        if (!OperatingSystem.IsLinux())
            throw new LaunchException("PostgreSQL refuses to run as root. Start ./run as an ordinary user.");
        var account = Look("postgres") ?? Look(Own);
        if (account is null)
        {
            var made = await Tool.Run(["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", Own], null, time, cancellation);
            account = Look(Own) ?? throw new LaunchException(
                $"PostgreSQL refuses to run as root, and the user {Own} could not be made ({Words.LastLines(made.Output, 2)}). "
                + "Make a user of that name, or start ./run as an ordinary user.");
        }

        return account;
    }

    /// <summary>A command that runs as this account.</summary>
    public IReadOnlyList<string> Command(string program, params IEnumerable<string> arguments) => [.. Prefix, program, .. arguments];

    /// <summary>The account of that name, reached by the first tool that this machine has.</summary>
    internal static ClusterAccount? Look(string name, string accounts = "/etc/passwd", string path = "/usr/bin:/bin:/usr/sbin:/sbin")
    {
        var entry = File.ReadLines(accounts).Select(line => line.Split(':')).FirstOrDefault(fields => fields.Length > 3 && fields[0] == name);
        if (entry is null)
            return null;
        var tools = path.Split(':');
        if (Has(tools, "setpriv"))
            return new(name, ["setpriv", $"--reuid={entry[2]}", $"--regid={entry[3]}", "--clear-groups", "--"]);
        if (Has(tools, "runuser"))
            return new(name, ["runuser", "-u", name, "--"]);
        return new(name, ["su", "-s", "/bin/sh", name, "-c", "exec \"$0\" \"$@\"", "--"]);
    }

    private static bool Has(string[] folders, string tool) => folders.Any(folder => File.Exists(Path.Combine(folder, tool)));
}
