namespace Grantkeeper.Launcher.Postgres;

/// <summary>The passwords of the two roles that log in; <c>postgres.key</c> holds one line for each.</summary>
internal sealed class ClusterKeys
{
    private ClusterKeys(string superuser, string login)
    {
        Superuser = superuser;
        Login = login;
    }

    public string Superuser { get; }

    public string Login { get; }

    /// <summary>Reads the file, or makes it for a cluster that has no data yet.</summary>
    public static ClusterKeys ReadOrCreate(string path, bool hasData)
    {
        if (!File.Exists(path))
        {
            if (hasData)
                throw new LaunchException($"{path} is missing, and without it the private database cannot be opened. Put it back, or start anew with ./run --reset.");
            SecretFile.Write(path, $"{ClusterRoles.Superuser}={SecretFile.NewSecret()}\n{ClusterRoles.Login}={SecretFile.NewSecret()}\n");
        }

        return Read(path) ?? throw new LaunchException($"{path} is damaged. Put back the file that was there, or start anew with ./run --reset.");
    }

    /// <summary>Reads the file; null if it is missing or damaged.</summary>
    public static ClusterKeys? Read(string path)
    {
        if (!File.Exists(path))
            return null;
        var lines = File.ReadAllLines(path);
        return Of(ClusterRoles.Superuser) is { } superuser && Of(ClusterRoles.Login) is { } login ? new(superuser, login) : null;

        string? Of(string role) => lines.FirstOrDefault(line => line.StartsWith(role + "=", StringComparison.Ordinal))?[(role.Length + 1)..];
    }
}
