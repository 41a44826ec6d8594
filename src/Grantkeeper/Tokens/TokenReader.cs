using Grantkeeper.Client.Contracts;
using Grantkeeper.Integrations;
using Grantkeeper.Storage;

namespace Grantkeeper.Tokens;

/// <summary>A stored token without the token.</summary>
internal sealed record TokenRow(Integration Integration, long Generation, DateTimeOffset CreatedAt, DateTimeOffset? LastRefreshedAt);

/// <summary>Which tokens a list holds; a member that is null narrows nothing.</summary>
internal sealed record TokenChoice(string? UserId)
{
    public string? Provider { get; init; }

    /// <summary>Good ones that end within this.</summary>
    public TimeSpan? ExpiringWithin { get; init; }

    /// <summary>Those after this integration.</summary>
    public Guid? After { get; init; }

    public int? Limit { get; init; }
}

/// <summary>What is known of tokens (R122, R124, R125, R128). Opens none, writes nothing, asks no provider.</summary>
internal sealed class TokenReader(Database database)
{
    // The last column of an integration is the twenty-first.
    private const int Next = 21;

    /// <summary>In the order of integrations; without a user all users' (administrators).</summary>
    public Task<List<TokenRow>> List(TokenChoice choice, CancellationToken cancellation)
    {
        var (conditions, arguments) = (new List<string> { "true" }, new List<object?>());
        void Where(string condition, object? argument)
        {
            if (argument is null)
                return;
            arguments.Add(argument);
            conditions.Add(string.Format(System.Globalization.CultureInfo.InvariantCulture, condition, $"${arguments.Count}"));
        }

        Where("i.user_id = {0}", choice.UserId);
        Where("i.provider = {0}", choice.Provider);
        Where(Expiry.TokenEndsWithin("{0}"), choice.ExpiringWithin);
        Where("i.id > {0}", choice.After);
        // Row-level security lets the planner expect a two-hundredth of the rows, and for a page of everybody's it would join and
        // sort them all: the fence lets it walk along the integrations. By their end tokens are few, and found by their index.
        var fence = choice.UserId is null && choice.ExpiringWithin is null ? "OFFSET 0" : "";
        arguments.Add(choice.Limit);
        return SessionOf(choice.UserId).ReadAll(
            $"""
            SELECT {IntegrationStore.Columns}, t.generation, t.created_at, t.last_refreshed_at
            FROM oauth_integrations i CROSS JOIN LATERAL (SELECT * FROM oauth_tokens t WHERE t.user_id = i.user_id AND t.integration_id = i.id {fence}) t
            WHERE {string.Join(" AND ", conditions)} ORDER BY i.id LIMIT ${arguments.Count}::int
            """,
            row => new TokenRow(IntegrationStore.Map(row), row.GetInt64(Next), row.Time(Next + 1), row.TimeOrNull(Next + 2)), cancellation, [.. arguments]);
    }

    /// <summary>Counts every stored token; without a user all users' (administrators).</summary>
    public async Task<TokenStatistics> Count(string? userId, CancellationToken cancellation)
    {
        var rows = await SessionOf(userId).ReadAll(
            Counting(userId is not null),
            row => (Provider: row.GetString(0), Total: row.GetInt32(1), Expired: row.GetInt32(2), Hour: row.GetInt32(3), Day: row.GetInt32(4), Week: row.GetInt32(5)),
            cancellation, userId is null ? [] : [userId]);
        return new TokenStatistics(
            rows.Sum(row => row.Total), rows.Sum(row => row.Expired), rows.ToDictionary(row => row.Provider, row => row.Total),
            new Dictionary<string, int> { ["1h"] = rows.Sum(row => row.Hour), ["24h"] = rows.Sum(row => row.Day), ["7d"] = rows.Sum(row => row.Week) });
    }

    /// <summary>The statement of <see cref="Count"/>, of the user <c>$1</c> or of everybody.</summary>
    internal static string Counting(bool isOfUser) => $"""
        SELECT t.provider, count(*)::int, (count(*) FILTER (WHERE {Expiry.TokenIsPast}))::int, {Within("1 hour")}, {Within("24 hours")}, {Within("7 days")}
        FROM oauth_tokens t WHERE {(isOfUser ? "t.user_id = $1" : "true")} GROUP BY t.provider ORDER BY t.provider
        """;

    private static string Within(string span) => $"(count(*) FILTER (WHERE {Expiry.TokenEndsWithin($"interval '{span}'")}))::int";

    private DbSession SessionOf(string? userId) => userId is null ? database.AsService(ServiceReason.Administrator) : database.ForUser(userId);
}
