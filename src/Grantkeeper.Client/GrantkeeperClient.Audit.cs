using System.Globalization;
using System.Runtime.CompilerServices;
using Grantkeeper.Client.Contracts;

namespace Grantkeeper.Client;

/// <content>The audit log.</content>
public sealed partial class GrantkeeperClient
{
    /// <summary>One page of the audit log, newest first. Permission <c>oauth:audit</c>.</summary>
    /// <param name="query">Which rows; null for all.</param>
    /// <param name="cursor">The <see cref="AuditList.NextCursor"/> of the page before; null for the first page.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<AuditList>> ListAudit(AuditQuery? query = null, string? cursor = null, CancellationToken cancellation = default) =>
        Get<AuditList>(Audit("audit", query, ("limit", query?.PageSize?.ToString(CultureInfo.InvariantCulture)), ("cursor", cursor)), cancellation);

    /// <summary>All rows, page after page while they are read. A problem is the last element. Permission <c>oauth:audit</c>.</summary>
    /// <param name="query">Which rows; null for all.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public async IAsyncEnumerable<Answer<AuditEntry>> AllAudit(AuditQuery? query = null, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        string? cursor = null;
        do
        {
            if (!(await ListAudit(query, cursor, cancellation)).TryGet(out var page, out var problem))
            {
                yield return problem;
                yield break;
            }

            foreach (var entry in page.Audit)
                yield return entry;
            cursor = page.NextCursor;
        }
        while (cursor is not null);
    }

    /// <summary>The audit log as one document, while the server reads it; it may be larger than memory. Permission <c>oauth:audit</c>.</summary>
    /// <param name="format"><c>csv</c> or <c>json</c>.</param>
    /// <param name="query">Which rows; null for all.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <returns>The document; dispose it. A read that throws has met a connection that broke: what came until then is not the whole.</returns>
    public Task<Answer<Stream>> ExportAudit(string format, AuditQuery? query = null, CancellationToken cancellation = default) => Open(Audit("audit/export", query, ("format", format)), cancellation);

    private static string Audit(string path, AuditQuery? query, params ReadOnlySpan<(string Name, string? Value)> more) => At(
        $"api/v1/oauth/{path}",
        [
            ("user_id", query?.UserId), ("provider", query?.Provider), ("action", query?.Action), ("success", query?.Success is { } success ? success ? "true" : "false" : null),
            ("integration_id", query?.IntegrationId?.ToString()), ("actor", query?.Actor), ("caller", query?.Caller), ("from", Time(query?.From)), ("to", Time(query?.To)), .. more,
        ]);

    private static string? Time(DateTimeOffset? at) => at?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);
}
