using System.Data;
using Npgsql;

namespace Grantkeeper.Storage;

/// <summary>Statements in one context: outside a transaction each is its own, in one round trip with its context.</summary>
internal interface IDb
{
    /// <summary>The first row, or null. For statements that change something.</summary>
    Task<T?> One<T>(string sql, Func<NpgsqlDataReader, T> map, CancellationToken cancellation, params object?[] arguments) where T : class;

    /// <summary>All rows.</summary>
    Task<List<T>> List<T>(string sql, Func<NpgsqlDataReader, T> map, CancellationToken cancellation, params object?[] arguments);

    /// <summary>The number of rows changed.</summary>
    Task<int> Execute(string sql, CancellationToken cancellation, params object?[] arguments);
}

/// <inheritdoc/>
internal sealed class DbSession(NpgsqlDataSource source, TimeProvider time, string contextName, string contextValue, TimeSpan patience) : IDb
{
    internal const string SetContext = "SELECT set_config($1, $2, true)";

    public Task<T?> One<T>(string sql, Func<NpgsqlDataReader, T> map, CancellationToken cancellation, params object?[] arguments) where T : class =>
        Run(connection => DbBatch.One(connection, Context, sql, map, cancellation, arguments), cancellation);

    /// <summary>Like <see cref="One"/> for a pure read: repeated once when the pooled connection turns out to be dead (pre-ping of R283).</summary>
    public Task<T?> Read<T>(string sql, Func<NpgsqlDataReader, T> map, CancellationToken cancellation, params object?[] arguments) where T : class =>
        Twice(() => One(sql, map, cancellation, arguments));

    public Task<List<T>> List<T>(string sql, Func<NpgsqlDataReader, T> map, CancellationToken cancellation, params object?[] arguments) =>
        Run(connection => DbBatch.List(connection, Context, sql, map, cancellation, arguments), cancellation);

    /// <summary>Like <see cref="List"/> for a pure read; see <see cref="Read"/>.</summary>
    public Task<List<T>> ReadAll<T>(string sql, Func<NpgsqlDataReader, T> map, CancellationToken cancellation, params object?[] arguments) =>
        Twice(() => List(sql, map, cancellation, arguments));

    public Task<int> Execute(string sql, CancellationToken cancellation, params object?[] arguments) =>
        Run(connection => DbBatch.Execute(connection, Context, sql, cancellation, arguments), cancellation);

    /// <summary>Runs the statements of <paramref name="work"/> in one transaction; an exception rolls back.</summary>
    public Task<T> Transaction<T>(Func<IDb, Task<T>> work, CancellationToken cancellation) => Run(
        async connection =>
        {
            await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellation);
            var result = await work(new DbWork(connection, Context));
            await transaction.CommitAsync(cancellation);
            return result;
        },
        cancellation);

    private (string Name, string Value) Context => (contextName, contextValue);

    private static async Task<T> Twice<T>(Func<Task<T>> read)
    {
        try
        {
            return await read();
        }
        catch (StorageUnavailableException exception) when (exception.ConnectionWasBroken)
        {
            return await read();
        }
    }

    private async Task<T> Run<T>(Func<NpgsqlConnection, Task<T>> action, CancellationToken cancellation)
    {
        try
        {
            await using var connection = await Open(cancellation);
            return await action(connection);
        }
        catch (Exception exception) when (StorageUnavailableException.Explains(exception, cancellation))
        {
            throw new StorageUnavailableException(exception);
        }
    }

    private async Task<NpgsqlConnection> Open(CancellationToken cancellation)
    {
        using var patienceEnds = new CancellationTokenSource(patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, patienceEnds.Token);
        return await source.OpenConnectionAsync(either.Token);
    }
}

/// <summary>The statements of one open transaction; the context is set with the first of them.</summary>
internal sealed class DbWork(NpgsqlConnection connection, (string Name, string Value) context) : IDb
{
    private bool _contextIsSet;

    public Task<T?> One<T>(string sql, Func<NpgsqlDataReader, T> map, CancellationToken cancellation, params object?[] arguments) where T : class =>
        DbBatch.One(connection, ContextOnce(), sql, map, cancellation, arguments);

    public Task<List<T>> List<T>(string sql, Func<NpgsqlDataReader, T> map, CancellationToken cancellation, params object?[] arguments) =>
        DbBatch.List(connection, ContextOnce(), sql, map, cancellation, arguments);

    public Task<int> Execute(string sql, CancellationToken cancellation, params object?[] arguments) =>
        DbBatch.Execute(connection, ContextOnce(), sql, cancellation, arguments);

    private (string Name, string Value)? ContextOnce()
    {
        if (_contextIsSet)
            return null;
        _contextIsSet = true;
        return context;
    }
}

/// <summary>Context and statement as one batch: one round trip, one implicit transaction, nothing left on the connection.</summary>
internal static class DbBatch
{
    public static async Task<T?> One<T>(NpgsqlConnection connection, (string Name, string Value)? context, string sql, Func<NpgsqlDataReader, T> map, CancellationToken cancellation, object?[] arguments) where T : class
    {
        await using var batch = Build(connection, context, sql, arguments);
        await using var reader = await batch.ExecuteReaderAsync(cancellation);
        await SkipContext(reader, context, cancellation);
        var result = await reader.ReadAsync(cancellation) ? map(reader) : null;
        // An error of the statement may come after its first row.
        while (await reader.NextResultAsync(cancellation))
            continue;
        return result;
    }

    public static async Task<List<T>> List<T>(NpgsqlConnection connection, (string Name, string Value)? context, string sql, Func<NpgsqlDataReader, T> map, CancellationToken cancellation, object?[] arguments)
    {
        await using var batch = Build(connection, context, sql, arguments);
        await using var reader = await batch.ExecuteReaderAsync(cancellation);
        await SkipContext(reader, context, cancellation);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellation))
            rows.Add(map(reader));
        while (await reader.NextResultAsync(cancellation))
            continue;
        return rows;
    }

    public static async Task<int> Execute(NpgsqlConnection connection, (string Name, string Value)? context, string sql, CancellationToken cancellation, object?[] arguments)
    {
        await using var batch = Build(connection, context, sql, arguments);
        await batch.ExecuteNonQueryAsync(cancellation);
        return (int)batch.BatchCommands[^1].RecordsAffected;
    }

    private static NpgsqlBatch Build(NpgsqlConnection connection, (string Name, string Value)? context, string sql, object?[] arguments)
    {
        var batch = new NpgsqlBatch(connection);
        if (context is { } c)
        {
            var set = new NpgsqlBatchCommand(DbSession.SetContext);
            set.Parameters.Add(new NpgsqlParameter<string> { TypedValue = c.Name });
            set.Parameters.Add(new NpgsqlParameter<string> { TypedValue = c.Value });
            batch.BatchCommands.Add(set);
        }

        var command = new NpgsqlBatchCommand(sql);
        foreach (var argument in arguments)
            command.Parameters.Add(new NpgsqlParameter { Value = argument ?? DBNull.Value });
        batch.BatchCommands.Add(command);
        return batch;
    }

    private static async Task SkipContext(NpgsqlDataReader reader, (string Name, string Value)? context, CancellationToken cancellation)
    {
        if (context is not null)
            await reader.NextResultAsync(cancellation);
    }
}
