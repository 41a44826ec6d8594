using Npgsql;

namespace Grantkeeper.Storage;

/// <summary>
/// One PostgreSQL database as the application role sees it. Every query runs in a context: one user's
/// (<see cref="ForUser"/>) or the service's (<see cref="AsService"/>); without one, row-level security shows nothing.
/// </summary>
internal sealed class Database(NpgsqlDataSource source, TimeProvider time) : IAsyncDisposable
{
    /// <summary>How long a request waits for a connection, in seconds; workers wait 30.</summary>
    private static readonly TimeSpan RequestPatience = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan WorkerPatience = TimeSpan.FromSeconds(30);

    /// <summary>A context that sees the rows of one user.</summary>
    public DbSession ForUser(string userId) => new(source, time, "gk.user", userId, RequestPatience);

    /// <summary>
    /// A context that sees all rows: for a state or an id whose user is not known before the row is read, for workers,
    /// and for administrators. A test holds the list of callers.
    /// </summary>
    public DbSession AsService(ServiceReason reason) =>
        new(source, time, "gk.scope", "service", reason == ServiceReason.Worker ? WorkerPatience : RequestPatience);

    public ValueTask DisposeAsync() => source.DisposeAsync();
}

/// <summary>Why a query may see the rows of all users.</summary>
internal enum ServiceReason
{
    /// <summary>A state, handle or ticket comes in from a browser; the row says whose it is.</summary>
    RedeemHandle,

    /// <summary>A service key names an integration by id alone; the row says whose it is.</summary>
    ServiceKey,

    /// <summary>A provider tells, signed, what happened at an account; the rows say whose it is.</summary>
    ProviderEvent,

    /// <summary>An administrator lists across users.</summary>
    Administrator,

    /// <summary>Background work over all users' rows.</summary>
    Worker,

    /// <summary>A table without users.</summary>
    Deployment,
}

/// <summary>The database of the deployment's own rows; the same as the users' data when one URL serves both.</summary>
internal sealed record PlatformDatabase(Database Database);
