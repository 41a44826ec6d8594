using Grantkeeper.Audit;
using Grantkeeper.Encryption;
using Grantkeeper.Errors;
using Grantkeeper.Integrations;
using Grantkeeper.Links;
using Grantkeeper.OAuth;
using Grantkeeper.Storage;

namespace Grantkeeper.Tokens;

/// <summary>An access token that is good for the asked time, or the best there is with a warning.</summary>
/// <param name="AccessToken">The token.</param>
/// <param name="ExpiresAt">Its end; null when the provider does not say.</param>
/// <param name="Scopes">What the user granted.</param>
/// <param name="IntegrationId">The integration that it belongs to.</param>
/// <param name="Generation">Counts the refreshes of the integration.</param>
/// <param name="Warning">A closed word when something is not as it should be: <c>refresh_failed</c>, <c>min_ttl_unreachable</c>, <c>unverified</c>.</param>
public sealed record TokenGrant(
    Secret AccessToken, DateTimeOffset? ExpiresAt, IReadOnlyList<string> Scopes, Guid IntegrationId, long Generation, string? Warning);

/// <summary>
/// "A token that is good for at least this long": the read that everything else is built for.
/// </summary>
/// <remarks>
/// 1. read the grant: from memory, or in one round trip; nothing is written<br/>
/// 2. refuse what is not active<br/>
/// 3. decide by the token's age (pure)<br/>
/// 4. due: serve at once, renew in the background<br/>
/// 5. needed: wait for the refresh, at most ten seconds; a caller that gives up leaves it running<br/>
/// 6. a failed refresh still serves a token that has not ended, with a warning<br/>
/// 7. open the token, count the release
/// </remarks>
internal sealed class TokenAccess(GrantCache grants, TokenRefresher refresher, IReleases releases, SecretBox box, ConnectLinks links, SharedTime time, Microsoft.Extensions.Logging.ILogger<TokenAccess> logger)
{
    public const string RefreshFailed = "refresh_failed";
    public const string Unverified = "unverified";

    public static readonly TimeSpan DefaultMinTtl = TimeSpan.FromSeconds(60);
    public static readonly TimeSpan LongestMinTtl = TimeSpan.FromHours(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    /// <summary>By integration; <paramref name="userId"/> null only for a service key that names the id alone.</summary>
    public async Task<Result<TokenGrant>> Get(Guid integrationId, string? userId, TimeSpan minTtl, ScopeSet asserted, AuditSource source, CancellationToken cancellation) =>
        await grants.Find(integrationId, userId, cancellation) is { } row
            ? await Serve(row, minTtl, asserted, source, cancellation)
            : new Failure(ErrorCatalogue.Integrations.NotFound);

    /// <summary>By provider and user: the named account, else the primary one.</summary>
    public async Task<Result<TokenGrant>> GetAt(string provider, string userId, string? accountId, TimeSpan minTtl, ScopeSet asserted, AuditSource source, CancellationToken cancellation) =>
        await grants.FindAt(provider, userId, accountId, cancellation) is { } row
            ? await Serve(row, minTtl, asserted, source, cancellation)
            : new Failure(ErrorCatalogue.Integrations.NotConnected);

    /// <summary>Renews now, whatever the token's age. Waits at most ten seconds.</summary>
    public async Task<Result<GrantRow>> Refresh(GrantRow row, AuditSource source, CancellationToken cancellation)
    {
        if (Refused(row) is { } refused)
            return refused;
        if (row.Tokens!.RefreshToken is null)
            return new Failure(ErrorCatalogue.Tokens.RefreshUnsupported);
        if (await Wait(refresher.Refresh(row, force: true, source), cancellation) is not { } outcome)
            return TooSlow();
        return outcome.Failure is { } failure ? failure : outcome.Row;
    }

    private async Task<Result<TokenGrant>> Serve(GrantRow row, TimeSpan minTtl, ScopeSet asserted, AuditSource source, CancellationToken cancellation)
    {
        if (Refused(row) is { } refused)
            return refused;
        if (row.Integration.UsableScopes.MissingFrom(asserted) is { Count: > 0 } missing)
            return new Failure(ErrorCatalogue.Consents.InsufficientScope) { Items = missing.ToArray(), ReconnectUrl = links.Reconnect(row.Integration.Id) };

        var now = time.GetUtcNow();
        var decision = RefreshDecision.Of(row, minTtl, now);
        var warning = decision.Warning ?? (row.Integration.Status == IntegrationStatus.Pending ? Unverified : null);
        var waits = row.Tokens!.FailureCount > 0 && row.Tokens.NextRefreshAt > now;
        switch (decision.Freshness)
        {
            case Freshness.Due when !waits:
                _ = refresher.Refresh(row, force: false, source);
                break;
            case Freshness.Ended:
                return Reauthorize(row, Reasons.ExpiredWithoutRefresh);
            case Freshness.Needed:
                var renewed = waits ? Later(row, now) : await Renew(row, source, cancellation);
                if (renewed.TryGet(out var newer, out var failure))
                    row = newer;
                else if (failure.Code != ErrorCatalogue.Tokens.ReauthorizationRequired && RefreshDecision.MayStillBeServed(row, time.GetUtcNow()))
                    warning = RefreshFailed;
                else
                    return failure;
                break;
        }

        return Open(row, warning, source);
    }

    private async Task<Result<GrantRow>> Renew(GrantRow row, AuditSource source, CancellationToken cancellation)
    {
        var outcome = default(RefreshOutcome);
        for (var turn = 0; turn < 2 && (outcome is null || !IsNewer(outcome.Row, row)); turn++)
        {
            // A refresh that was under way may be the one that brought what this reader has seen, and seen refused: then another follows it.
            if (await Wait(refresher.Refresh(row, force: false, source), cancellation) is not { } ended)
                return TooSlow();
            if (ended.Failure is { } failure)
                return failure;
            outcome = ended;
        }

        if (!IsNewer(outcome!.Row, row))
            return TooSlow();
        // An answer that was long on its way may have ended on it.
        return Expiry.IsPast(outcome.Row.Tokens!.ExpiresAt, time.GetUtcNow()) ? TooSlow() : outcome.Row;
    }

    private static bool IsNewer(GrantRow now, GrantRow seen) => (now.Tokens!.Epoch, now.Tokens.Generation).CompareTo((seen.Tokens!.Epoch, seen.Tokens.Generation)) > 0;

    private async Task<RefreshOutcome?> Wait(Task<RefreshOutcome> flight, CancellationToken cancellation)
    {
        try
        {
            return await flight.WaitAsync(LongestWait, time, cancellation);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    private Result<TokenGrant> Open(GrantRow row, string? warning, AuditSource source)
    {
        if (row.OpenAccessToken(box) is not { } accessToken)
        {
            TokensLog.Unreadable(logger, row.Integration.Id);
            return new Failure(ErrorCatalogue.Encryption.Unreadable);
        }

        releases.Count(row, source.Caller ?? "process");
        return new TokenGrant(accessToken, row.Tokens!.ExpiresAt, row.Integration.Scopes.ToArray(), row.Integration.Id, row.Tokens.Generation, warning);
    }

    private Failure? Refused(GrantRow row) => row.Integration.Status switch
    {
        _ when row.Integration.IsActive && row.Integration.IsConsentOverAt(time.GetUtcNow()) => Reauthorize(row, Reasons.ConsentExpired),
        _ when row.Integration.IsActive && row.Tokens is not null => null,
        IntegrationStatus.Inactive => new Failure(ErrorCatalogue.Tokens.Inactive),
        IntegrationStatus.Revoked => new Failure(ErrorCatalogue.Integrations.NotConnected),
        _ => Reauthorize(row, row.Integration.ReasonDetail ?? Reasons.InvalidGrant),
    };

    private Failure Reauthorize(GrantRow row, string detail) =>
        new(ErrorCatalogue.Tokens.ReauthorizationRequired) { ReconnectUrl = links.Reconnect(row.Integration.Id), Reason = detail };

    private static Failure Later(GrantRow row, DateTimeOffset now) =>
        new(ErrorCatalogue.Tokens.ProviderUnavailable) { RetryAfter = row.Tokens!.NextRefreshAt - now };

    private static Failure TooSlow() => new(ErrorCatalogue.Tokens.ProviderUnavailable) { RetryAfter = TimeSpan.FromSeconds(2) };
}
