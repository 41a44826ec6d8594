namespace Grantkeeper.Launcher;

/// <summary>What surrounds a launch; the defaults are those of a clone.</summary>
internal sealed record LaunchSettings
{
    public required Terminal Terminal { get; init; }

    public Func<string, string?> Variable { get; init; } = Environment.GetEnvironmentVariable;

    /// <summary>Where answers to questions come from; null when nobody is there to answer.</summary>
    public TextReader? Answers { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>How to start the server.</summary>
    public IReadOnlyList<string> Server { get; init; } = Built("Grantkeeper.Server");

    /// <summary>How to start the sandbox.</summary>
    public IReadOnlyList<string> Sandbox { get; init; } = Built("Grantkeeper.Sandbox");

    /// <summary>How to start the hand-written sample, which only the demo needs.</summary>
    public IReadOnlyList<string> HandWritten { get; init; } = Built("HandWritten");

    /// <summary>How long server and sandbox may take until they answer.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>See <see cref="Postgres.PrivateClusterOptions.Fast"/>.</summary>
    public bool FastDatabase { get; init; }

    /// <summary>The data folder, absolute.</summary>
    public string DataPath => Path.GetFullPath(Variable("GRANTKEEPER_DATA_PATH") is { Length: > 0 } path ? path : ".grantkeeper");

    // The launcher stands in artifacts/bin/Grantkeeper.Launcher/<configuration>; the others stand beside it.
    private static string[] Built(string project)
    {
        var own = new DirectoryInfo(AppContext.BaseDirectory);
        var host = Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet";
        return [host, Path.Combine(own.Parent?.Parent?.FullName ?? own.FullName, project, own.Name, project + ".dll")];
    }
}
