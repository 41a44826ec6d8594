using System.Runtime.CompilerServices;
using System.Text.Json;
using Grantkeeper.Audit;
using Grantkeeper.Client.Contracts;
using Grantkeeper.Consents;
using Grantkeeper.Http;
using Grantkeeper.Integrations;
using Grantkeeper.Lifecycle;
using Grantkeeper.Monitoring;
using Grantkeeper.Storage;

namespace Grantkeeper.Privacy;

/// <summary>
/// Everything that is kept about a user, as one JSON document, but for secrets (R206): table by table and page by page, so that
/// a long history needs no memory and a slow reader holds no connection.
/// </summary>
internal sealed class UserExport(Database database, IntegrationStore integrations, ConsentReader consents, BulkOperations operations, AuditReader reader, AuditLog audit, SharedTime time)
{
    private const int PageSize = 500;

    private sealed record Page(IReadOnlyList<object> Rows, Guid? Next);

    private sealed record Account(string? Subject, string Metadata, DateTimeOffset? RevokedAt);

    /// <summary>Leaves the export's own row in the audit log; comes before the first part.</summary>
    public Task Begin(string userId, AuditSource source, CancellationToken cancellation) =>
        audit.Write(database.ForUser(userId), new AuditEvent(AuditAction.UserExported, userId, source), cancellation);

    /// <summary>The document, part by part.</summary>
    public async IAsyncEnumerable<string> Parts(string userId, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var before = $"{{\n\"user_id\": {Json(userId)},\n\"exported_at\": {Json(time.GetUtcNow())}";
        foreach (var (member, read) in Sections(userId, cancellation))
        {
            var separator = "\n";
            before += $",\n{Json(member)}: [";
            for (Guid? after = null; ;)
            {
                // Read before anything is written: a database that is away from the start is told as such.
                var page = await read(after);
                yield return before + string.Concat(page.Rows.Select((row, index) => $"{(index == 0 ? separator : ",\n")}{Json(row)}"));
                (before, separator) = ("", page.Rows.Count > 0 ? ",\n" : separator);
                if (page.Next is null)
                    break;
                after = page.Next;
            }

            before = "\n]";
        }

        yield return before + "\n}\n";
    }

    private IEnumerable<(string Member, Func<Guid?, Task<Page>> Read)> Sections(string userId, CancellationToken cancellation) =>
    [
        ("integrations", async after =>
        {
            var page = await integrations.List(new IntegrationFilter(userId, null, ActiveOnly: false, after, PageSize), cancellation);
            var accounts = await Accounts(userId, [.. page.Select(integration => integration.Id)], cancellation);
            return Cut(page, integration => integration.Id, integration => EntryOf(integration, accounts.GetValueOrDefault(integration.Id)));
        }),
        ("tokens", after => Rows(
            "integration_id, generation, refresh_token IS NOT NULL, expires_at, created_at, last_refreshed_at, last_used_at, usage_count", "oauth_tokens", userId, after,
            row => new ExportedToken(row.GetGuid(1), row.GetInt64(2), row.GetBoolean(3), row.TimeOrNull(4), row.Time(5), row.TimeOrNull(6), row.TimeOrNull(7), row.GetInt64(8)), cancellation)),
        ("consents", async after => Cut(await consents.List(userId, null, after, PageSize, cancellation), consent => consent.Id, ConsentEndpoints.EntryOf)),
        ("flows", after => Rows(
            "provider, scopes, status, actor, return_to, host(ip_address), user_agent, created_at", "oauth_state", userId, after,
            row => new ExportedFlow(row.GetGuid(0), row.GetString(1), row.Texts(2), row.GetString(3), row.TextOrNull(4), row.TextOrNull(5), row.TextOrNull(6), row.TextOrNull(7), row.Time(8)), cancellation)),
        ("connect_sessions", after => Rows(
            "actor, created_by, providers, return_to, created_at, ended_at", "connect_sessions", userId, after,
            row => new ExportedSession(row.GetGuid(0), row.TextOrNull(1), row.GetString(2), row.Texts(3), row.GetString(4), row.Time(5), row.TimeOrNull(6)), cancellation)),
        ("refresh_attempts", after => Rows(
            "integration_id, class, code, started_at, duration_ms", "refresh_attempts", userId, after,
            row => new ExportedAttempt(row.GetGuid(1), row.GetString(2), row.TextOrNull(3), row.Time(4), row.GetInt32(5)), cancellation)),
        ("provider_deliveries", after => Rows(
            "kind, provider, integration_id, outcome, created_at, finished_at", "outbox", userId, after,
            row => new ExportedDelivery(row.GetString(1), row.TextOrNull(2), row.GuidOrNull(3), row.TextOrNull(4), row.Time(5), row.TimeOrNull(6)), cancellation)),
        ("bulk_operations", async after => Cut(await operations.Of(userId, after, PageSize, cancellation), operation => operation.Id, LifecycleEndpoints.EntryOf)),
        ("onboarding_completions", async _ => new Page(
            await database.ForUser(userId).ReadAll(
                "SELECT platforms, completed_at FROM onboarding_completions WHERE user_id = $1", object (row) => new ExportedOnboarding(row.Texts(0), row.Time(1)), cancellation, userId),
            null)),
        ("audit", async after => Cut(await reader.Following(userId, after, PageSize, cancellation), row => row.Id, AuditEndpoints.EntryOf)),
    ];

    private async Task<Page> Rows<T>(string columns, string table, string userId, Guid? after, Func<Npgsql.NpgsqlDataReader, T> map, CancellationToken cancellation)
    {
        var rows = await database.ForUser(userId).ReadAll(
            $"SELECT id, {columns} FROM {table} WHERE user_id = $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3",
            row => (Id: row.GetGuid(0), Entry: map(row)), cancellation, userId, after, PageSize);
        return Cut(rows, row => row.Id, row => row.Entry!);
    }

    private async Task<Dictionary<Guid, Account>> Accounts(string userId, Guid[] ids, CancellationToken cancellation) => (await database.ForUser(userId).ReadAll(
            "SELECT id, nullif(provider_subject, provider_account_id), provider_metadata::text, revoked_at FROM oauth_integrations WHERE user_id = $1 AND id = ANY ($2)",
            row => (Id: row.GetGuid(0), Account: new Account(row.TextOrNull(1), row.GetString(2), row.TimeOrNull(3))), cancellation, userId, ids))
        .ToDictionary(row => row.Id, row => row.Account);

    private ExportedIntegration EntryOf(Integration integration, Account? account) => new(
        IntegrationEndpoints.EntryOf(integration, time.GetUtcNow()), account?.Subject,
        account is null ? new Dictionary<string, object?>() : JsonSerializer.Deserialize<Dictionary<string, object?>>(account.Metadata)!, integration.ConnectedAt, account?.RevokedAt);

    private static Page Cut<T>(List<T> rows, Func<T, Guid> id, Func<T, object> entry) => new([.. rows.Select(entry)], rows.Count == PageSize ? id(rows[^1]) : null);

    private static string Json<T>(T value) => JsonSerializer.Serialize<object?>(value, WireJson.Options);
}
