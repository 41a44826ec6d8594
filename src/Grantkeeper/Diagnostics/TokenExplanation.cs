using System.Globalization;
using Grantkeeper.Client.Contracts;
using Grantkeeper.Providers;
using Grantkeeper.Storage;
using Grantkeeper.Tokens;

namespace Grantkeeper.Diagnostics;

/// <summary>
/// Says why a user's token would be served, renewed or refused right now (R335): the account, the token's age, the last
/// attempts. It decides with the read's own <see cref="RefreshDecision"/>, opens no token and changes nothing.
/// </summary>
internal sealed class TokenExplanation(TokenVault vault, Database database, SharedTime time)
{
    private const string Account = "account";
    private const string Token = "token";
    private const string Attempts = "attempts";
    private const int MostAttempts = 5;

    private sealed record Tried(string Class, string? Error, DateTimeOffset StartedAt, int Milliseconds);

    public async Task<List<DiagnosticFinding>> Of(Provider provider, string userId, string? accountId, TimeSpan minTtl, CancellationToken cancellation)
    {
        if (await vault.FindAt(provider.Key, userId, accountId, cancellation) is not { } row)
        {
            return [Finding.Bad(Account, provider.Key, $"User {userId} has no account{(accountId is null ? "" : $" {accountId}")} connected at {provider.Key}.",
                "Either nothing was connected, or under another user_id: ids are compared letter by letter.",
                $"Compare with grantkeeper integrations list --provider {provider.Key}, and connect with the same user_id that you read with.")];
        }

        var subject = row.Integration.Id.ToString();
        var findings = new List<DiagnosticFinding> { Judge(row, subject) };
        if (findings[0].Verdict != Finding.Fail && row.Tokens is not null)
            findings.Add(Judge(row, minTtl, subject));
        findings.Add(await LookAtAttempts(row, subject, cancellation));
        return findings;
    }

    private DiagnosticFinding Judge(GrantRow row, string subject)
    {
        var integration = row.Integration;
        var status = Words.Of(integration.StatusAt(time.GetUtcNow()));
        var details = new Dictionary<string, object?>
        {
            ["integration_id"] = integration.Id, ["status"] = status, ["reason"] = integration.Reason, ["reason_detail"] = integration.ReasonDetail, ["account_id"] = integration.AccountId,
            ["refreshable"] = integration.HasRefreshToken, ["epoch"] = integration.Epoch, ["scopes"] = integration.Scopes.ToArray(),
        };
        var what = $"{integration.AccountName ?? integration.AccountEmail ?? integration.AccountId ?? "The account"} is connected; its integration is {status}.";
        if (integration.IsConnectedAt(time.GetUtcNow()) && row.Tokens is not null)
            return Finding.Good(Account, subject, what, details);
        var why = integration.IsActive && integration.IsConsentOverAt(time.GetUtcNow()) ? "Its user's consent has ended."
            : integration.ReasonDetail is { } detail ? $"{integration.Reason}: {detail}." : $"Its status is {status}.";
        return Finding.Bad(Account, subject, $"No token can be had: the integration is {status}.", why, "Let the user connect the account again; the integration keeps its id.", details);
    }

    private DiagnosticFinding Judge(GrantRow row, TimeSpan minTtl, string subject)
    {
        var (tokens, now) = (row.Tokens!, time.GetUtcNow());
        var decision = RefreshDecision.Of(row, minTtl, now);
        var remaining = tokens.ExpiresAt - now;
        var waits = tokens.FailureCount > 0 && tokens.NextRefreshAt > now;
        var details = new Dictionary<string, object?>
        {
            ["freshness"] = Words.Of(decision.Freshness), ["generation"] = tokens.Generation, ["expires_at"] = tokens.ExpiresAt, ["remaining_seconds"] = (long?)remaining?.TotalSeconds,
            ["lifetime_seconds"] = (long?)tokens.Lifetime?.TotalSeconds, ["min_ttl_seconds"] = (long)minTtl.TotalSeconds, ["warning"] = decision.Warning,
            ["last_refreshed_at"] = tokens.LastRefreshedAt, ["next_refresh_at"] = tokens.NextRefreshAt, ["failure_count"] = tokens.FailureCount,
        };
        var age = remaining is null ? "the provider names no end"
            : remaining > TimeSpan.Zero ? $"it is good for another {Time(remaining.Value)}{(tokens.Lifetime is { } life ? $" of {Time(life)}" : "")}" : $"it ended {Time(remaining.Value.Duration())} ago";
        var isSuspect = tokens.SuspectGeneration == tokens.Generation;
        var what = $"Generation {tokens.Generation} is {Words.Of(decision.Freshness)}: {(isSuspect ? "the provider's API refused it" : age)}.";
        return decision.Freshness switch
        {
            Freshness.Fresh when decision.Warning is null => Finding.Good(Token, subject, $"{what} A read serves it as it is.", details),
            Freshness.Fresh => Finding.Doubtful(Token, subject, what, $"{decision.Warning}: a token cannot be good for {Time(minTtl)}, so the best there is is served.",
                "Ask for less (--min-ttl), or take what comes and ask again.", details),
            Freshness.Due when !waits => Finding.Good(Token, subject, $"{what} A read serves it as it is and renews it behind the caller.", details),
            Freshness.Needed when !waits => Finding.Good(Token, subject, $"{what} A read renews it first and waits for that, ten seconds at most.", details),
            Freshness.Ended => Finding.Bad(Token, subject, what, "There is no refresh token to renew it with.", "Let the user connect the account again; ask for offline access if the provider has such a scope.", details),
            _ => Finding.Doubtful(Token, subject, what, $"{tokens.FailureCount} refresh(es) failed in a row; the next try is not before {tokens.NextRefreshAt:yyyy-MM-dd HH:mm:ss}Z.",
                "Look at the attempts below; grantkeeper integrations refresh tries at once.", details),
        };
    }

    private async Task<DiagnosticFinding> LookAtAttempts(GrantRow row, string subject, CancellationToken cancellation)
    {
        var tried = await database.ForUser(row.Integration.UserId).ReadAll(
            "SELECT class, code, started_at, duration_ms FROM refresh_attempts WHERE user_id = $1 AND integration_id = $2 ORDER BY started_at DESC LIMIT $3",
            row => new Tried(row.GetString(0), row.TextOrNull(1), row.Time(2), row.GetInt32(3)), cancellation, row.Integration.UserId, row.Integration.Id, MostAttempts);
        if (tried.Count == 0)
            return Finding.Good(Attempts, subject, "No refresh was tried yet.");
        var lines = tried.Select(attempt => $"{attempt.StartedAt:yyyy-MM-dd HH:mm:ss}Z {attempt.Class}{(attempt.Error is null ? "" : $" ({attempt.Error})")}, {attempt.Milliseconds} ms");
        var details = new Dictionary<string, object?>
        {
            ["attempts"] = tried.Select(attempt => new Dictionary<string, object?>
            {
                ["class"] = attempt.Class, ["code"] = attempt.Error, ["started_at"] = attempt.StartedAt, ["duration_ms"] = attempt.Milliseconds,
            }).ToArray(),
        };
        var what = $"The last attempts, newest first: {string.Join("; ", lines)}.";
        return tried[0].Class == "refreshed" ? Finding.Good(Attempts, subject, what, details)
            : Finding.Doubtful(Attempts, subject, what, Meaning(tried[0].Class), "docs/errors describes the codes; the provider's own documentation describes what stands in parentheses.", details);
    }

    private static string Meaning(string kind) => kind switch
    {
        "rejected" => "The provider ended the grant: its user is needed.",
        "misconfigured" => "The provider does not accept our client or request: the operator is needed, and the grant is kept.",
        "unreadable" => "The provider's answer made no sense; nothing was concluded from it.",
        _ => "The provider or the way to it was in trouble; it is tried again.",
    };

    private static string Time(TimeSpan span) => span.TotalHours >= 2 ? $"{Math.Floor(span.TotalHours).ToString(CultureInfo.InvariantCulture)} h"
        : span.TotalMinutes >= 2 ? $"{Math.Floor(span.TotalMinutes).ToString(CultureInfo.InvariantCulture)} min"
        : $"{Math.Ceiling(span.TotalSeconds).ToString(CultureInfo.InvariantCulture)} s";
}
