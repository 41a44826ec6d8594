using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Grantkeeper.Audit;
using Grantkeeper.Client.Contracts;
using Grantkeeper.Encryption;
using Grantkeeper.Http;
using Grantkeeper.Storage;

namespace Grantkeeper.Monitoring;

/// <summary>The rows of a filter as one document, read page by page, so that a slow reader holds no connection to the database.</summary>
internal sealed class AuditExport(AuditReader reader, AuditLog audit, Database database)
{
    private const int RowsPerPage = 1000;

    /// <summary>Leaves the export's own row, so that nobody takes the log away unseen; comes before the first part.</summary>
    public Task Begin(AuditFilter filter, bool isCsv, AuditSource source, CancellationToken cancellation)
    {
        var owner = filter.UserId ?? SecretBox.SystemOwner;
        return audit.Write(
            database.ForUser(owner), new AuditEvent(AuditAction.AuditExported, owner, source) { IntegrationId = filter.IntegrationId, Provider = filter.Provider, Code = isCsv ? "csv" : "json" }, cancellation);
    }

    /// <summary>The document, part by part.</summary>
    public async IAsyncEnumerable<string> Parts(AuditFilter filter, bool isCsv, [EnumeratorCancellation] CancellationToken cancellation)
    {
        AuditPlace? place = null;
        for (var isFirst = true; ; isFirst = false)
        {
            // Read before anything is written: a database that is away from the start is told as such.
            var rows = await reader.Read(filter, place, RowsPerPage, cancellation);
            if (isFirst)
                yield return isCsv ? AuditCsv.Header : "[";
            yield return isCsv ? string.Concat(rows.Select(row => AuditCsv.Line(AuditEndpoints.EntryOf(row)))) : Json(rows, isFirst);
            if (rows.Count < RowsPerPage)
                break;
            place = rows[^1].Place;
        }

        yield return isCsv ? "" : "\n]\n";
    }

    private static string Json(List<AuditRow> rows, bool isFirst) => rows.Count == 0
        ? ""
        : (isFirst ? "\n" : ",\n") + string.Join(",\n", rows.Select(row => JsonSerializer.Serialize(AuditEndpoints.EntryOf(row), WireJson.Options)));
}

/// <summary>Audit rows as CSV (RFC 4180): the names of the JSON members in the first line, scopes separated by spaces, empty for null.</summary>
internal static class AuditCsv
{
    public const string Header = "id,at,action,user_id,actor,caller,integration_id,provider,scopes,ip_address,user_agent,success,code,duration_ms,count,node,node_sequence,correlation_id\r\n";

    private static readonly SearchValues<char> ToQuote = SearchValues.Create("\",\r\n;\t");

    public static string Line(AuditEntry entry) => string.Join(
        ',',
        new[]
        {
            entry.Id.ToString(), entry.At.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture), entry.Action, entry.UserId, entry.Actor, entry.Caller,
            entry.IntegrationId?.ToString(), entry.Provider, string.Join(' ', entry.Scopes), entry.IpAddress, entry.UserAgent, entry.Success ? "true" : "false", entry.Code, Number(entry.DurationMs),
            Number(entry.Count), entry.Node, Number(entry.NodeSequence), entry.CorrelationId,
        }.Select(Cell)) + "\r\n";

    /// <summary>
    /// One cell. A text that a spreadsheet would run as a formula gets an apostrophe in front: user ids, actors and user agents
    /// are the words of strangers.
    /// </summary>
    public static string Cell(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return "";
        var safe = text.TrimStart() is ['=' or '+' or '-' or '@' or '\uFF1D' or '\uFF0B' or '\uFF0D' or '\uFF20', ..] || text[0] is '\t' or '\r' or '\n' ? $"'{text}" : text;
        return safe.AsSpan().ContainsAny(ToQuote) ? $"\"{safe.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : safe;
    }

    private static string? Number(long? number) => number?.ToString(CultureInfo.InvariantCulture);
}
