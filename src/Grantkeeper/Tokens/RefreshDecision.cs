namespace Grantkeeper.Tokens;

/// <summary>What a read has to do about a token's age.</summary>
internal enum Freshness
{
    /// <summary>Good for longer than anybody asks.</summary>
    Fresh,

    /// <summary>Good enough to serve, old enough to renew in the background.</summary>
    Due,

    /// <summary>Not good enough: the caller waits for a refresh.</summary>
    Needed,

    /// <summary>Past its end and nothing renews it: the user is needed.</summary>
    Ended,
}

/// <summary>The decision and what the caller should know about it.</summary>
internal readonly record struct Decision(Freshness Freshness, string? Warning = null);

/// <summary>Decides from the row alone: no network, no clock of its own (R133, R138).</summary>
internal static class RefreshDecision
{
    public const string MinTtlUnreachable = "min_ttl_unreachable";

    /// <summary>The on-use buffer, capped at a fifth of the lifetime.</summary>
    private static readonly TimeSpan OnUseBuffer = TimeSpan.FromMinutes(30);

    /// <summary>A token this close to its end is not handed out: it would die on the way.</summary>
    public static readonly TimeSpan ServeMargin = TimeSpan.FromSeconds(5);

    public static Decision Of(GrantRow row, TimeSpan minTtl, DateTimeOffset now)
    {
        var tokens = row.Tokens!;
        var renewable = tokens.RefreshToken is not null;
        if (tokens.SuspectGeneration == tokens.Generation)
            return new Decision(renewable ? Freshness.Needed : Freshness.Ended);
        if (tokens.ExpiresAt is not { } expiresAt)
            return new Decision(Freshness.Fresh);

        string? warning = null;
        if (tokens.Lifetime is { } lifetime && minTtl > lifetime / 2)
        {
            minTtl = lifetime / 2;
            warning = MinTtlUnreachable;
        }

        var remaining = expiresAt - now;
        if (!renewable)
            return new Decision(remaining > ServeMargin ? Freshness.Fresh : Freshness.Ended, remaining < minTtl ? MinTtlUnreachable : warning);
        if (remaining < minTtl || remaining <= ServeMargin)
            return new Decision(Freshness.Needed, warning);
        var buffer = tokens.Lifetime is { } life && life / 5 < OnUseBuffer ? life / 5 : OnUseBuffer;
        return new Decision(remaining < buffer ? Freshness.Due : Freshness.Fresh, warning);
    }

    /// <summary>True when the current access token may still be handed out although a refresh failed.</summary>
    public static bool MayStillBeServed(GrantRow row, DateTimeOffset now) =>
        row.Integration.IsActive && row.Tokens is { } tokens
        && tokens.SuspectGeneration != tokens.Generation
        && (tokens.ExpiresAt is not { } expiresAt || expiresAt - now > ServeMargin);

    /// <summary>When to try again after failures: 1, 2, 4 … seconds up to five minutes, not before the provider allows it.</summary>
    public static TimeSpan BackOff(int failures, TimeSpan? retryAfter)
    {
        var wait = TimeSpan.FromSeconds(Math.Min(300, Math.Pow(2, Math.Clamp(failures - 1, 0, 16))));
        return retryAfter is { } asked && asked > wait ? asked : wait;
    }

    /// <summary>
    /// How long the next try waits. A refresh token that may have been replaced waits at least as long as the access token is
    /// good: shown again to a strict provider, it would end the grant.
    /// </summary>
    public static TimeSpan NextTry(GrantRow row, bool mayHaveRotated, TimeSpan? retryAfter, DateTimeOffset now)
    {
        var wait = BackOff(row.Tokens!.FailureCount + 1, retryAfter);
        var served = mayHaveRotated && MayStillBeServed(row, now) && row.Tokens.ExpiresAt is { } end ? end - ServeMargin - now : TimeSpan.Zero;
        return served > wait ? served : wait;
    }

    /// <summary>
    /// When a refresh becomes due: two hours or a fifth of the lifetime before the end (C6), and up to a tenth of that
    /// earlier, each grant by its own share, so that grants of one moment do not stay together; null without an end.
    /// </summary>
    /// <param name="expiresAt">The end of the access token.</param>
    /// <param name="lifetime">How long it lives.</param>
    /// <param name="integrationId">Whose share.</param>
    /// <param name="keepAlive">
    /// When a provider ends refresh tokens that are not used, the last use and how long it waits: then the next one is at half
    /// of that at the latest.
    /// </param>
    public static DateTimeOffset? NextRefresh(DateTimeOffset? expiresAt, TimeSpan? lifetime, Guid integrationId, (DateTimeOffset UsedAt, TimeSpan Idle)? keepAlive = null)
    {
        var due = Due(expiresAt, lifetime, integrationId);
        if (keepAlive is not { } limit)
            return due;
        var latest = limit.UsedAt + (limit.Idle / 2 * (1 - (Share(integrationId) / 10)));
        return due is null || latest < due ? latest : due;
    }

    private static DateTimeOffset? Due(DateTimeOffset? expiresAt, TimeSpan? lifetime, Guid integrationId)
    {
        if (expiresAt is null || lifetime is null)
            return expiresAt;
        var lead = lifetime.Value / 5 < TimeSpan.FromHours(2) ? lifetime.Value / 5 : TimeSpan.FromHours(2);
        return expiresAt - (lead * (1 + (Share(integrationId) / 10)));
    }

    // The last bytes of a UUIDv7 are random.
    private static double Share(Guid id) => BitConverter.ToUInt16(id.ToByteArray(), 14) / (double)ushort.MaxValue;
}
