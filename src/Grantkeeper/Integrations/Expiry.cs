namespace Grantkeeper.Integrations;

/// <summary>
/// What "expired" means, said once (R121, R123): for a row that was read, with a time of <see cref="Storage.SharedTime"/>, and
/// for rows that the database chooses or counts, by its clock. Both are the same clock. The SQL names the integration
/// <c>i</c> and its tokens <c>t</c>.
/// </summary>
internal static class Expiry
{
    /// <summary>The access token is past its end; a refresh token may still bring the next one.</summary>
    public const string TokenIsPast = "t.expires_at <= now()";

    /// <summary>The access token is past its end and nothing renews it.</summary>
    public const string TokenIsOver = $"{TokenIsPast} AND t.refresh_token IS NULL";

    /// <summary>The user's consent is past its end (R191).</summary>
    public const string ConsentIsOver = "i.consent_expires_at <= now()";

    /// <summary>The status to show, where <c>t</c> is joined.</summary>
    public static readonly string Status = StatusWhere(TokenIsOver);

    /// <summary>Whether an end has passed; what has no end never does.</summary>
    public static bool IsPast(DateTimeOffset? end, DateTimeOffset now) => end <= now;

    /// <summary>The status to show: an end that passed with nothing to renew it is an end, although nobody wrote it down.</summary>
    public static IntegrationStatus StatusOf(IntegrationStatus stored, DateTimeOffset? expiresAt, bool hasRefreshToken, DateTimeOffset now) =>
        stored is IntegrationStatus.Active or IntegrationStatus.Pending && !hasRefreshToken && IsPast(expiresAt, now) ? IntegrationStatus.Expired : stored;

    /// <summary>The status to show, by a condition that says of a row whether its token is over.</summary>
    public static string StatusWhere(string isOver) => $"CASE WHEN i.status IN ('active', 'pending') AND {isOver} THEN 'expired' ELSE i.status END";

    /// <summary>The access token has ended, or ends within a span.</summary>
    /// <param name="span">An interval in SQL.</param>
    public static string TokenEndsBefore(string span) => $"t.expires_at <= now() + {span}";

    /// <summary>The access token is good now and ends within a span.</summary>
    /// <param name="span">An interval in SQL.</param>
    public static string TokenEndsWithin(string span) => $"t.expires_at > now() AND {TokenEndsBefore(span)}";
}
