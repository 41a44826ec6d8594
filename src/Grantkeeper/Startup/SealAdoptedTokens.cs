using Grantkeeper.Encryption;
using Grantkeeper.Storage;
using Grantkeeper.Tokens;
using Npgsql;

namespace Grantkeeper.Startup;

/// <summary>Seals the plain-text tokens of an adopted database, in the transaction that adopts it: they never outlive it (R112).</summary>
internal sealed class SealAdoptedTokens(IKeyWrapper wrapper) : IMigrationStep
{
    public string Source => Migrator.UserData;

    public int Version => 1;

    public async Task Apply(NpgsqlConnection connection, CancellationToken cancellation)
    {
        var plain = await Plain(connection, cancellation);
        if (plain.Count == 0)
            return;
        var keys = new KeyRing();
        var loaded = await keys.Load(connection, wrapper, cancellation);
        if (!loaded.IsSuccess)
            throw new GrantkeeperStartException([loaded.Failure.Message]);
        var box = new SecretBox(keys);
        var work = new DbWork(connection, ("gk.scope", "service"));
        foreach (var row in plain)
        {
            var salt = await OwnerSalts.Get(work, row.UserId, cancellation);
            string? Sealed(string? token, string purpose) =>
                string.IsNullOrEmpty(token) ? null : box.Seal(new Secret(token), GrantRow.ContextOf(purpose, row.UserId, row.IntegrationId, 1, 1), salt);
            await work.Execute(
                "UPDATE oauth_tokens SET access_token = $3, refresh_token = $4 WHERE user_id = $1 AND integration_id = $2",
                cancellation, row.UserId, row.IntegrationId, Sealed(row.AccessToken, GrantRow.AccessTokenPurpose) ?? "", Sealed(row.RefreshToken, GrantRow.RefreshTokenPurpose));
        }
    }

    private static Task<List<(string UserId, Guid IntegrationId, string AccessToken, string? RefreshToken)>> Plain(NpgsqlConnection connection, CancellationToken cancellation) =>
        new DbWork(connection, ("gk.scope", "service")).List(
            "SELECT user_id, integration_id, access_token, refresh_token FROM oauth_tokens",
            row => (row.GetString(0), row.GetGuid(1), row.GetString(2), row.TextOrNull(3)), cancellation);
}
