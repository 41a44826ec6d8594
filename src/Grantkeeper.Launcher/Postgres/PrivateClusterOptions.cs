namespace Grantkeeper.Launcher.Postgres;

/// <summary>What a private PostgreSQL cluster needs to know.</summary>
internal sealed record PrivateClusterOptions
{
    /// <summary>The folder of this set-up (<c>.grantkeeper</c> of a clone); made if it is missing.</summary>
    public required string DataPath { get; init; }

    /// <summary>Folder of <c>initdb</c>, <c>pg_ctl</c> and <c>postgres</c>; null looks at <c>GRANTKEEPER_POSTGRES_BIN</c>, then searches.</summary>
    public string? BinariesPath { get; init; }

    /// <summary>Trades durability for speed: for tests whose data may die with the machine. Default false.</summary>
    public bool Fast { get; init; }

    /// <summary>Further lines of <c>postgresql.conf</c>, for benchmarks; they win over the built-in ones.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>Reads an environment variable.</summary>
    public Func<string, string?> Variable { get; init; } = Environment.GetEnvironmentVariable;

    /// <summary>The clock of waits.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Told which binaries serve, as soon as they are known.</summary>
    public Action<PostgresBinaries> BinariesFound { get; init; } = _ => { };
}
