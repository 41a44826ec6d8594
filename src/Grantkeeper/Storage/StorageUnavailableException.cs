using System.Net.Sockets;
using Npgsql;

namespace Grantkeeper.Storage;

/// <summary>
/// PostgreSQL did not answer. An exception and not a value, since every statement can meet it and nobody between the
/// statement and the border can do better than say so: 503 <c>storage.unavailable</c>.
/// </summary>
internal sealed class StorageUnavailableException(Exception cause)
    : Exception("PostgreSQL could not be reached or did not answer in time.", cause)
{
    /// <summary>True when an established connection broke: a read may be repeated on another one. A statement that took too long is not repeated.</summary>
    public bool ConnectionWasBroken => InnerException is PostgresException postgres
        ? postgres.SqlState.StartsWith("57P", StringComparison.Ordinal) || postgres.SqlState.StartsWith("08", StringComparison.Ordinal)
        : InnerException is NpgsqlException { InnerException: not TimeoutException };

    public static bool Explains(Exception exception, CancellationToken callersToken) => exception switch
    {
        PostgresException postgres => postgres.SqlState.StartsWith("08", StringComparison.Ordinal)
            || postgres.SqlState.StartsWith("57P", StringComparison.Ordinal)
            || postgres.SqlState.StartsWith("53", StringComparison.Ordinal)
            || postgres.SqlState is "28P01" or "28000" or "3D000"
            // The loser of a deadlock was rolled back as a whole: it may be tried again like everything here.
            || postgres.SqlState is PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure,
        NpgsqlException or SocketException or TimeoutException => true,
        OperationCanceledException => !callersToken.IsCancellationRequested,
        _ => false,
    };
}
