using Grantkeeper.Storage;
using Npgsql;

namespace Grantkeeper.Audit;

/// <summary>Which rows are read; a member that is null narrows nothing.</summary>
internal sealed record AuditFilter
{
    /// <summary>Whose rows; null: everybody's, and those of the deployment.</summary>
    public string? UserId { get; init; }

    public string? Provider { get; init; }

    public AuditAction? Action { get; init; }

    public bool? Success { get; init; }

    public Guid? IntegrationId { get; init; }

    public string? Actor { get; init; }

    public string? Caller { get; init; }

    /// <summary>Not before this time.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Before this time.</summary>
    public DateTimeOffset? To { get; init; }
}

/// <summary>A place in the order of the rows: their time, and the id where times are equal.</summary>
internal readonly record struct AuditPlace(DateTimeOffset At, Guid Id);

/// <summary>One row as it was written. The action is a text: rows of an earlier service keep its words.</summary>
internal sealed record AuditRow
{
    public required Guid Id { get; init; }

    public required DateTimeOffset At { get; init; }

    public required string Action { get; init; }

    public required string UserId { get; init; }

    public string? Actor { get; init; }

    public string? Caller { get; init; }

    public Guid? IntegrationId { get; init; }

    public string? Provider { get; init; }

    public IReadOnlyList<string> Scopes { get; init; } = [];

    public string? IpAddress { get; init; }

    public string? UserAgent { get; init; }

    public bool Success { get; init; }

    public string? Code { get; init; }

    public int? DurationMs { get; init; }

    public int Count { get; init; }

    public string? Node { get; init; }

    public long? NodeSequence { get; init; }

    public string? CorrelationId { get; init; }

    public AuditPlace Place => new(At, Id);
}

/// <summary>
/// Reads audit rows, newest first. The place of a row never changes and new rows come before it, so pages that follow a
/// place neither repeat nor miss what was there when the first was read. Each filter has an index that ends in the time; a
/// combination reads the rows of its rarest filter at most.
/// </summary>
internal sealed class AuditReader(Database database)
{
    private const string Columns = """
        id, created_at, action, user_id, actor, caller, integration_id, provider, scopes, host(ip_address), user_agent, success, code, duration_ms,
        event_count, node, node_sequence, correlation_id
        """;

    /// <summary>The words of the actions, as the table and the API write them.</summary>
    public static IReadOnlyDictionary<string, AuditAction> Actions { get; } = Enum.GetValues<AuditAction>().ToDictionary(AuditLog.Word, action => action);

    /// <param name="filter">Which rows.</param>
    /// <param name="before">Only what comes after this place in the list; null for its beginning.</param>
    /// <param name="limit">The most rows.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public Task<List<AuditRow>> Read(AuditFilter filter, AuditPlace? before, int limit, CancellationToken cancellation)
    {
        var (conditions, arguments) = (new List<string>(), new List<object?>());
        void Where(string condition, object? argument)
        {
            if (argument is null)
                return;
            arguments.Add(argument);
            conditions.Add($"{condition} ${arguments.Count}");
        }

        Where("user_id =", filter.UserId);
        Where("integration_id =", filter.IntegrationId);
        Where("provider =", filter.Provider);
        Where("action =", filter.Action is { } action ? AuditLog.Word(action) : null);
        Where("actor =", filter.Actor);
        Where("caller =", filter.Caller);
        Where("created_at >=", filter.From?.UtcDateTime);
        Where("created_at <", filter.To?.UtcDateTime);
        if (filter.Success is { } success)
            conditions.Add(success ? "success" : "NOT success");
        if (before is { } place)
        {
            arguments.AddRange([place.At.UtcDateTime, place.Id]);
            conditions.Add($"(created_at, id) < (${arguments.Count - 1}, ${arguments.Count})");
        }

        arguments.Add(limit);
        var where = conditions.Count == 0 ? "" : $"WHERE {string.Join(" AND ", conditions)} ";
        var session = filter.UserId is null ? database.AsService(ServiceReason.Administrator) : database.ForUser(filter.UserId);
        return session.ReadAll($"SELECT {Columns} FROM oauth_audit_log {where}ORDER BY created_at DESC, id DESC LIMIT ${arguments.Count}", Map, cancellation, [.. arguments]);
    }

    /// <summary>A user's rows in the order of their ids, which is about that of their times: those that follow <paramref name="after"/>.</summary>
    public Task<List<AuditRow>> Following(string userId, Guid? after, int limit, CancellationToken cancellation) => database.ForUser(userId).ReadAll(
        $"SELECT {Columns} FROM oauth_audit_log WHERE user_id = $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3", Map, cancellation, userId, after, limit);

    private static AuditRow Map(NpgsqlDataReader row) => new()
    {
        Id = row.GetGuid(0),
        At = row.Time(1),
        Action = row.GetString(2),
        UserId = row.GetString(3),
        Actor = row.TextOrNull(4),
        Caller = row.TextOrNull(5),
        IntegrationId = row.GuidOrNull(6),
        Provider = row.TextOrNull(7),
        Scopes = row.Texts(8),
        IpAddress = row.TextOrNull(9),
        UserAgent = row.TextOrNull(10),
        Success = row.GetBoolean(11),
        Code = row.TextOrNull(12),
        DurationMs = row.IsDBNull(13) ? null : row.GetInt32(13),
        Count = row.GetInt32(14),
        Node = row.TextOrNull(15),
        NodeSequence = row.LongOrNull(16),
        CorrelationId = row.TextOrNull(17),
    };
}
