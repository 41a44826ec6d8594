using Grantkeeper.Client.Contracts;
using Grantkeeper.Providers;
using Grantkeeper.Storage;

namespace Grantkeeper.Diagnostics;

/// <summary>What refreshes and deliveries came to lately, from the database alone. Bounded: the newest attempts of a day, however many there are.</summary>
internal sealed class RefreshChecks(Database database)
{
    private const int MostAttempts = 10_000;

    /// <summary>The attempts at one provider.</summary>
    internal sealed record Tally(string Provider, long Tried, long Failed, string? LastClass, string? LastError, DateTimeOffset? LastFailedAt, bool LastFailed)
    {
        /// <summary>How old each refused grant was, from its consent on.</summary>
        public IReadOnlyList<TimeSpan> RefusedAges { get; init; } = [];

        /// <summary>How long the consents last that the provider gave for a limited time.</summary>
        public IReadOnlyList<TimeSpan> Lifetimes { get; init; } = [];
    }

    /// <summary>Attempts of the last 24 hours by provider.</summary>
    public async Task<Dictionary<string, Tally>> Attempts(CancellationToken cancellation)
    {
        var rows = await database.AsService(ServiceReason.Administrator).ReadAll(
            """
            SELECT i.provider, count(*), count(*) FILTER (WHERE a.class <> 'refreshed'),
                   (array_agg(a.class ORDER BY a.started_at DESC) FILTER (WHERE a.class <> 'refreshed'))[1],
                   (array_agg(a.code ORDER BY a.started_at DESC) FILTER (WHERE a.class <> 'refreshed'))[1],
                   max(a.started_at) FILTER (WHERE a.class <> 'refreshed'),
                   (array_agg(a.class ORDER BY a.started_at DESC))[1] <> 'refreshed',
                   coalesce(array_agg(a.started_at - c.granted_at) FILTER (WHERE a.class = 'rejected' AND c.granted_at IS NOT NULL), '{}'),
                   coalesce(array_agg(DISTINCT c.expires_at - c.granted_at) FILTER (WHERE c.expires_at IS NOT NULL), '{}')
            FROM (SELECT * FROM refresh_attempts WHERE started_at > now() - interval '24 hours' ORDER BY started_at DESC LIMIT $1) a
            JOIN oauth_integrations i ON i.user_id = a.user_id AND i.id = a.integration_id
            LEFT JOIN LATERAL (
                SELECT granted_at, expires_at FROM oauth_consents WHERE user_id = a.user_id AND integration_id = a.integration_id AND epoch = a.epoch ORDER BY granted_at DESC LIMIT 1) c ON true
            GROUP BY i.provider
            """,
            row => new Tally(row.GetString(0), row.GetInt64(1), row.GetInt64(2), row.TextOrNull(3), row.TextOrNull(4), row.TimeOrNull(5), row.GetBoolean(6))
            {
                RefusedAges = row.GetFieldValue<TimeSpan[]>(7), Lifetimes = row.GetFieldValue<TimeSpan[]>(8),
            }, cancellation, MostAttempts);
        return rows.ToDictionary(row => row.Provider, StringComparer.Ordinal);
    }

    /// <summary>Revocations and the like that wait for longer than an hour.</summary>
    public async Task<DiagnosticFinding> Outbox(CancellationToken cancellation)
    {
        const string check = "outbox";
        var waiting = await database.AsService(ServiceReason.Administrator).Read(
            "SELECT count(*)::text FROM (SELECT FROM outbox WHERE finished_at IS NULL AND created_at < now() - interval '1 hour' LIMIT 1000) o", row => row.GetString(0), cancellation);
        return waiting is null or "0"
            ? Finding.Good(check, null, "Nothing has waited for delivery for longer than an hour.")
            : Finding.Doubtful(check, null, $"{waiting} revocation(s) wait for longer than an hour.", "A provider does not take them, or no node runs the workers.",
                "Look for Outbox lines in the log; Grantkeeper__RunWorkers must be true on at least one node.");
    }

    /// <summary>Looks for signs that our client is on trial at a provider that ends the grants of such clients early; null where there is no such state.</summary>
    public static DiagnosticFinding? JudgeTrial(Provider provider, Tally? tally)
    {
        const string check = "consents";
        var limits = provider.Manifest.GrantLimits;
        if (limits.Trial is not { } trial)
            return null;
        var consented = DateTimeOffset.UnixEpoch;
        var ended = tally?.RefusedAges.Count(age => limits.EndOf(null, consented, null, null, consented + age) == LikelyEnd.Trial) ?? 0;
        var given = tally?.Lifetimes.Any(lifetime => limits.IsTrial(consented, consented + lifetime)) == true;
        if (ended == 0 && !given)
            return Finding.Good(check, provider.Key, $"Nothing of the last 24 hours looks as if our client were on trial ({limits.TrialName}), where grants end after {trial.Days} days.");
        return Finding.Doubtful(check, provider.Key,
            ended > 0 ? $"{ended} grant(s) were refused about {trial.Days} days after their consent." : $"Consents are given for {trial.Days} days only.",
            $"Our client seems to be on trial at {provider.DisplayName} ({limits.TrialName}): every user has to connect again every {trial.Days} days.",
            $"Take the client out of that state in the provider's console{(provider.Manifest.ConsoleUrl is { } console ? $" ({console})" : "")}; consents that come afterwards last.");
    }

    /// <summary>Judges what was tried at one provider.</summary>
    public static DiagnosticFinding Judge(string provider, Tally? tally)
    {
        const string check = "refreshes";
        if (tally is null)
            return Finding.Good(check, provider, "No refresh was tried in the last 24 hours.");
        var details = new Dictionary<string, object?>
        {
            ["tried"] = tally.Tried, ["failed"] = tally.Failed, ["last_failure_class"] = tally.LastClass, ["last_failure_code"] = tally.LastError, ["last_failure_at"] = tally.LastFailedAt,
        };
        if (tally.Failed == 0)
            return Finding.Good(check, provider, $"{tally.Tried} refresh(es) in the last 24 hours, none failed.", details);
        var what = $"{tally.Failed} of {tally.Tried} refresh(es) in the last 24 hours failed, the last one at {tally.LastFailedAt:yyyy-MM-dd HH:mm:ss}Z ({tally.LastClass}: {tally.LastError}).";
        return tally.LastClass switch
        {
            "misconfigured" when tally.LastFailed => Finding.Bad(check, provider, what, "The provider does not accept our client or our request. Grants are kept; nobody has to connect again.",
                $"Check {provider.ToUpperInvariant()}_CLIENT_ID and {provider.ToUpperInvariant()}_CLIENT_SECRET against the provider's console; secrets expire at some providers.", details),
            "rejected" => Finding.Doubtful(check, provider, what, "The provider ended grants: their users withdrew access, or changed a password.",
                "Those users have to connect again: grantkeeper integrations list shows them with the reason reauthorization_required.", details),
            _ => Finding.Doubtful(check, provider, what, tally.LastFailed ? "The provider or the way to it is in trouble; refreshes are tried again by themselves." : "It has passed: a later refresh succeeded.",
                "If it goes on, look at the provider's status page and at this machine's network.", details),
        };
    }
}
