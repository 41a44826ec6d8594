using System.Security.Cryptography;
using System.Text.Json;
using Grantkeeper.Providers;
using Grantkeeper.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Grantkeeper.Consents;

/// <summary>
/// Keeps <c>oauth_scopes</c> as the catalogue of providers says (R180): looked at when the catalogue has changed on this node,
/// written only when it differs from what the database was last given. Rows of an earlier system stay.
/// </summary>
internal sealed class ScopeTable(ProviderCatalogue catalogue, Database database, Readiness readiness, TimeProvider time, ILogger<ScopeTable> logger) : BackgroundService
{
    /// <summary>One writer at a time; the number means nothing.</summary>
    private const long Lock = 0x676b_7363_6f70_6573;

    private sealed record Known(string Hash);

    private sealed record Row(Guid Id, string Provider, string Scope, string DisplayName, string? Description, string? Category, bool Required, bool Sensitive);

    /// <summary>Writes the catalogue if the database has another one. True when it was written.</summary>
    public async Task<bool> Write(CancellationToken cancellation)
    {
        var rows = catalogue.All.SelectMany(provider => provider.Manifest.Scopes.Select(scope => new Row(
            Guid.CreateVersion7(time.GetUtcNow()), provider.Key, scope.Name, scope.DisplayName, scope.Description, scope.Category, scope.Required, scope.Sensitive))).ToList();
        var hash = Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(rows.Select(row => row with { Id = Guid.Empty }))));
        return await database.AsService(ServiceReason.Deployment).Transaction(async db =>
        {
            await db.Execute("SELECT pg_advisory_xact_lock($1)", cancellation, Lock);
            if ((await db.One("SELECT hash FROM scope_catalogue", row => new Known(row.GetString(0)), cancellation))?.Hash == hash)
                return false;
            await Replace(db, rows, cancellation);
            await db.Execute(
                "INSERT INTO scope_catalogue (only_one, hash) VALUES (true, $1) ON CONFLICT (only_one) DO UPDATE SET hash = $1, written_at = now()", cancellation, hash);
            return true;
        }, cancellation);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await readiness.Ready.WaitAsync(stoppingToken);
        using var timer = new PeriodicTimer(ProvidersPoll.Pause, time);
        object? written = null;
        do
        {
            var seen = catalogue.Snapshot;
            if (ReferenceEquals(seen, written))
                continue;
            try
            {
                await Write(stoppingToken);
                written = seen;
            }
            catch (StorageUnavailableException)
            {
                // The next look tries again; nothing that runs reads this table.
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                ConsentsLog.ScopesNotWritten(logger, exception);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private static async Task Replace(IDb db, List<Row> rows, CancellationToken cancellation)
    {
        T[] Each<T>(Func<Row, T> value) => [.. rows.Select(value)];
        string[] providers = Each(row => row.Provider), scopes = Each(row => row.Scope);
        await db.Execute(
            """
            DELETE FROM oauth_scopes o WHERE o.legacy_id IS NULL
              AND NOT EXISTS (SELECT FROM unnest($1::text[], $2::text[]) AS g(provider, scope) WHERE g.provider = o.provider AND g.scope = o.scope_name)
            """,
            cancellation, providers, scopes);
        await db.Execute(
            """
            INSERT INTO oauth_scopes AS o (id, provider, scope_name, display_name, description, category, is_required, is_dangerous)
            SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bool[], $8::bool[])
            ON CONFLICT (provider, scope_name) DO UPDATE SET display_name = excluded.display_name, description = excluded.description, category = excluded.category,
                is_required = excluded.is_required, is_dangerous = excluded.is_dangerous
            """,
            cancellation, Each(row => row.Id), providers, scopes, Each(row => row.DisplayName), Each(row => row.Description), Each(row => row.Category), Each(row => row.Required), Each(row => row.Sensitive));
    }
}
