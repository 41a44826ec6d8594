using System.Security.Cryptography;
using Grantkeeper.Errors;
using Npgsql;

namespace Grantkeeper.Encryption;

/// <summary>The data keys by version, unwrapped once at start. Secrets are sealed with the newest and opened with their own.</summary>
internal sealed class KeyRing
{
    private volatile IReadOnlyDictionary<int, byte[]> _keys = new Dictionary<int, byte[]>();

    public int CurrentVersion { get; private set; }

    public byte[]? DataKey(int version) => _keys.GetValueOrDefault(version);

    /// <summary>Unwraps all data keys, and makes the first one when there is none. Failure: <c>encryption.key_wrong</c>.</summary>
    public async Task<Result<Done>> Load(NpgsqlConnection connection, IKeyWrapper wrapper, CancellationToken cancellation)
    {
        var stored = await Stored(connection, cancellation);
        if (stored.Count == 0)
        {
            var first = await wrapper.Wrap(RandomNumberGenerator.GetBytes(32), 1, cancellation);
            await using var insert = new NpgsqlCommand("INSERT INTO data_keys (version, wrapped, wrapping_key_id) VALUES (1, $1, $2) ON CONFLICT DO NOTHING", connection)
            {
                Parameters = { new() { Value = first }, new() { Value = wrapper.KeyId } },
            };
            await insert.ExecuteNonQueryAsync(cancellation);
            stored = await Stored(connection, cancellation);
        }

        if (!(await Unwrapped(stored, wrapper, cancellation)).TryGet(out var keys, out var failure))
            return failure;
        Use(keys);
        return default(Done);
    }

    /// <summary>Whether a wrapping key opens what is stored; writes nothing. The number of data keys. Failure: <c>encryption.key_wrong</c>.</summary>
    public static async Task<Result<int>> Check(NpgsqlConnection connection, IKeyWrapper wrapper, CancellationToken cancellation) =>
        (await Unwrapped(await Stored(connection, cancellation), wrapper, cancellation)).TryGet(out var keys, out var failure) ? keys.Count : failure;

    /// <summary>Takes unwrapped keys into use; the newest seals from now on.</summary>
    internal void Use(IReadOnlyDictionary<int, byte[]> keys)
    {
        _keys = keys;
        CurrentVersion = keys.Keys.Max();
    }

    private static async Task<Result<Dictionary<int, byte[]>>> Unwrapped(List<(int Version, string Wrapped)> stored, IKeyWrapper wrapper, CancellationToken cancellation)
    {
        var keys = new Dictionary<int, byte[]>();
        foreach (var (version, wrapped) in stored)
        {
            if (await wrapper.Unwrap(wrapped, version, cancellation) is not { } key)
                return new Failure(ErrorCatalogue.Encryption.KeyWrong);
            keys.Add(version, key);
        }

        return keys;
    }

    private static async Task<List<(int Version, string Wrapped)>> Stored(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand("SELECT version, wrapped FROM data_keys ORDER BY version", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var stored = new List<(int, string)>();
        while (await reader.ReadAsync(cancellation))
            stored.Add((reader.GetInt32(0), reader.GetString(1)));
        return stored;
    }
}
