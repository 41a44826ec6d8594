using Grantkeeper.Encryption;
using Grantkeeper.Testing.Postgres;
using Grantkeeper.Tokens;
using Npgsql;
using NpgsqlTypes;

namespace Grantkeeper.Benchmarks.Refreshing;

/// <summary>Fills a database with grants, sealed as the product seals them.</summary>
internal static class Grants
{
    /// <summary>The scope that each has.</summary>
    private const string Scope = "calendar.readonly";

    /// <summary>Writes grants, each of another user, and gives their ids.</summary>
    /// <param name="database">Where.</param>
    /// <param name="count">How many.</param>
    /// <param name="due">When the first is due, and over how long the others follow it.</param>
    public static async Task<IReadOnlyList<Guid>> Write(TestDatabase database, int count, (DateTimeOffset First, TimeSpan Over) due)
    {
        await using var connection = new NpgsqlConnection(Grantkeeper.Storage.DatabaseUrl.ForMigration(Grantkeeper.Storage.DatabaseUrl.Parse(database.SuperuserUrl).Value).ConnectionString);
        await connection.OpenAsync();
        var keys = new KeyRing();
        if (!(await keys.Load(connection, LocalKeyWrapper.Read(TestCluster.Key, null).Value, default)).IsSuccess)
            throw new InvalidOperationException("The keys of the database do not open.");
        var box = new SecretBox(keys);
        var ids = Enumerable.Range(0, count).Select(_ => Guid.CreateVersion7()).ToArray();
        var salts = Array.ConvertAll(ids, _ => SecretBox.NewSalt());
        await Copy(connection, "owner_salts (user_id, salt)", ids.Length, async (writer, index) =>
        {
            await writer.WriteAsync(UserOf(ids[index]), NpgsqlDbType.Varchar);
            await writer.WriteAsync(salts[index], NpgsqlDbType.Bytea);
        });
        await Copy(connection, "oauth_integrations (user_id, id, provider, provider_account_id, status, is_primary, scopes, connected_at)", ids.Length, async (writer, index) =>
        {
            await writer.WriteAsync(UserOf(ids[index]), NpgsqlDbType.Varchar);
            await writer.WriteAsync(ids[index], NpgsqlDbType.Uuid);
            await writer.WriteAsync(Processes.Node.Provider, NpgsqlDbType.Varchar);
            await writer.WriteAsync(ids[index].ToString(), NpgsqlDbType.Varchar);
            await writer.WriteAsync("active", NpgsqlDbType.Varchar);
            await writer.WriteAsync(true, NpgsqlDbType.Boolean);
            await writer.WriteAsync(new[] { Scope }, NpgsqlDbType.Array | NpgsqlDbType.Text);
            await writer.WriteAsync(due.First.UtcDateTime, NpgsqlDbType.TimestampTz);
        });
        await Copy(connection, "oauth_tokens (user_id, id, integration_id, access_token, refresh_token, expires_at, lifetime_seconds, scope, next_refresh_at, provider)", ids.Length, async (writer, index) =>
        {
            var (user, id) = (UserOf(ids[index]), ids[index]);
            var at = due.First + (due.Over * ((double)index / count));
            string Sealed(string text, string purpose) => box.Seal(new Secret($"{text}-{index:d32}"), GrantRow.ContextOf(purpose, user, id, 1, 1), salts[index]);
            await writer.WriteAsync(user, NpgsqlDbType.Varchar);
            await writer.WriteAsync(Guid.CreateVersion7(), NpgsqlDbType.Uuid);
            await writer.WriteAsync(id, NpgsqlDbType.Uuid);
            await writer.WriteAsync(Sealed("access", GrantRow.AccessTokenPurpose), NpgsqlDbType.Text);
            await writer.WriteAsync(Sealed("refresh", GrantRow.RefreshTokenPurpose), NpgsqlDbType.Text);
            await writer.WriteAsync((at + TimeSpan.FromMinutes(12)).UtcDateTime, NpgsqlDbType.TimestampTz);
            await writer.WriteAsync(3600, NpgsqlDbType.Integer);
            await writer.WriteAsync(Scope, NpgsqlDbType.Text);
            await writer.WriteAsync(at.UtcDateTime, NpgsqlDbType.TimestampTz);
            await writer.WriteAsync(Processes.Node.Provider, NpgsqlDbType.Varchar);
        });
        await Execute(connection, "VACUUM ANALYZE");
        await Execute(connection, "CHECKPOINT");
        return ids;
    }

    public static string UserOf(Guid id) => $"user-{id:N}";

    private static async Task Copy(NpgsqlConnection connection, string target, int count, Func<NpgsqlBinaryImporter, int, Task> row)
    {
        await using var writer = await connection.BeginBinaryImportAsync($"COPY {target} FROM STDIN (FORMAT BINARY)");
        for (var index = 0; index < count; index++)
        {
            await writer.StartRowAsync();
            await row(writer, index);
        }

        await writer.CompleteAsync();
    }

    private static async Task Execute(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync();
    }
}
