using Grantkeeper.Audit;
using Grantkeeper.Egress;
using Grantkeeper.Encryption;
using Grantkeeper.Errors;
using Grantkeeper.Integrations;
using Grantkeeper.OAuth;
using Grantkeeper.Providers;
using Grantkeeper.Settings;
using Grantkeeper.Storage;
using Microsoft.Extensions.Logging;

namespace Grantkeeper.Tokens;

/// <summary>How a refresh ended: the row as it stands now, or why there is no newer one.</summary>
/// <param name="Row">The newest row; after a failure the one that was tried.</param>
/// <param name="Failure">Null after a success.</param>
internal sealed record RefreshOutcome(GrantRow Row, Failure? Failure);

/// <summary>
/// The only refresh path. One flight per grant and process, one lease per grant and cluster, one request at the provider.
/// No database connection is held while the provider is called, and no caller's cancellation reaches it.
/// </summary>
/// <remarks>
/// 1. join the flight of this grant in this process<br/>
/// 2. take the lease and write the intent in one committed statement; if another node holds it, wait for its result<br/>
/// 3. look again: newer and good is served, the lease is given back<br/>
/// 4. open the refresh token; after an attempt whose end is unknown it waits until the access token has ended<br/>
/// 5. send once, inside the lease's time; after a long pause of this process the lease is renewed first, or nothing is sent<br/>
/// 6. merge the answer (pure)<br/>
/// 7. store it on (epoch, generation); repeat while the database is away, since this is the only copy<br/>
/// 8. or write the failure, if the grant still stands where it failed
/// </remarks>
internal sealed class TokenRefresher(
    TokenVault vault, ProviderCatalogue catalogue, EndpointDiscovery discovery, TokenRequests requests, LateTokens lateTokens,
    SecretBox box, Links.ConnectLinks links, GrantkeeperOptions options, TimeProvider time, ILogger<TokenRefresher> logger)
{
    private static readonly TimeSpan PollFirst = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan PollMost = TimeSpan.FromMilliseconds(500);
    /// <summary>How long after taking the lease a request may still be sent: its time less the longest request and a margin.</summary>
    private static readonly TimeSpan SendWithin = TokenVault.LeaseTime - EgressLimits.Default.Total - TimeSpan.FromSeconds(2);
    private static readonly TimeSpan StoreAgain = TimeSpan.FromSeconds(1);

    private readonly Flights<(Guid Integration, int Epoch), RefreshOutcome> _flights = new();

    /// <summary>Completes when no refresh is under way any more.</summary>
    public Task Drained() => Task.WhenAll(_flights.Running);

    /// <summary>Step 1. The task belongs to nobody; a caller that stops waiting leaves it running.</summary>
    public Task<RefreshOutcome> Refresh(GrantRow seen, bool force, AuditSource source) =>
        _flights.Join((seen.Integration.Id, seen.Integration.Epoch), force, () => Run(seen, force, source));

    private async Task<RefreshOutcome> Run(GrantRow seen, bool force, AuditSource source)
    {
        var attemptId = Guid.NewGuid();
        var provider = catalogue.Find(seen.Integration.Provider);
        if (provider is not { IsConfigured: true })
            return new RefreshOutcome(seen, new Failure(provider is null ? ErrorCatalogue.Providers.Unknown : ErrorCatalogue.Providers.NotConfigured));
        if (!(await discovery.Of(provider)).TryGet(out var endpoints, out var undiscovered))
            return new RefreshOutcome(seen, undiscovered);

        var (leased, leasedAt, elsewhere) = await TakeLease(seen, attemptId, force);
        if (leased is null)
            return elsewhere!;
        if (!force && leased.Tokens!.Generation > seen.Tokens!.Generation)
        {
            await vault.Release(leased, attemptId, CancellationToken.None);
            return new RefreshOutcome(leased, null);
        }

        // The refresh token may be replaced already, and shown again it could end the grant: not risked while the access token is good.
        if (leased.Tokens!.IntentId != attemptId && RefreshDecision.MayStillBeServed(leased, time.GetUtcNow()))
        {
            await vault.Release(leased, attemptId, CancellationToken.None);
            return new RefreshOutcome(leased, Unavailable(leased));
        }

        if (!force && leased.Tokens!.FailureCount > seen.Tokens!.FailureCount && leased.Tokens.NextRefreshAt > time.GetUtcNow())
        {
            // Another node has just failed: its back-off holds for everybody.
            await vault.Release(leased, attemptId, CancellationToken.None);
            return new RefreshOutcome(leased, Unavailable(leased));
        }

        if (leased.OpenRefreshToken(box) is not { } refreshToken)
        {
            await vault.Release(leased, attemptId, CancellationToken.None);
            var why = leased.Tokens.RefreshToken is null ? ErrorCatalogue.Tokens.RefreshUnsupported : ErrorCatalogue.Encryption.Unreadable;
            return new RefreshOutcome(leased, new Failure(why));
        }

        if (time.GetElapsedTime(leasedAt) > SendWithin && !await vault.Extend(leased, CancellationToken.None))
            return new RefreshOutcome(leased, Unavailable(leased));
        var sentAt = time.GetUtcNow();
        var stopwatch = time.GetTimestamp();
        var answer = await requests.Refresh(provider, endpoints, refreshToken, CancellationToken.None);
        var duration = time.GetElapsedTime(stopwatch);
        return answer.Failure is { } failure
            ? await RecordFailure(leased, attemptId, failure, sentAt, duration, source)
            : await Store(leased, TokenMerge.Merge(answer.Response!, refreshToken, leased.Integration.Scopes, sentAt, leased.Tokens!.Lifetime), sentAt, duration, source);
    }

    /// <summary>Step 2 and 3. Either the leased row with the moment before it was asked for, or the outcome of the node that holds the lease.</summary>
    private async Task<(GrantRow? Leased, long LeasedAt, RefreshOutcome? Elsewhere)> TakeLease(GrantRow seen, Guid attemptId, bool force)
    {
        var (userId, id, epoch) = (seen.Integration.UserId, seen.Integration.Id, seen.Tokens!.Epoch);
        var began = time.GetTimestamp();
        for (var pause = PollFirst; ; pause = pause * 2 < PollMost ? pause * 2 : PollMost)
        {
            var askedAt = time.GetTimestamp();
            if (await vault.TakeLease(userId, id, epoch, attemptId, options.NodeId, CancellationToken.None) is { } leased)
                return (leased, askedAt, null);
            var now = await vault.Find(id, userId, CancellationToken.None);
            if (now?.Tokens is null || now.Tokens.Epoch != epoch || !now.Integration.IsActive)
                return (null, askedAt, new RefreshOutcome(now ?? seen, new Failure(ErrorCatalogue.Tokens.ReauthorizationRequired) { ReconnectUrl = links.Reconnect(id), Reason = now?.Integration.ReasonDetail }));
            if (!force && now.Tokens.Generation > seen.Tokens.Generation)
                return (null, askedAt, new RefreshOutcome(now, null));
            if (!force && now.Tokens.FailureCount > seen.Tokens.FailureCount)
                return (null, askedAt, new RefreshOutcome(now, Unavailable(now)));
            if (time.GetElapsedTime(began) > TokenVault.LeaseTime * 2)
                return (null, askedAt, new RefreshOutcome(now, Unavailable(now)));
            await Task.Delay(pause, time);
        }
    }

    /// <summary>Step 7. The new tokens exist only here until they are stored, so the database is waited for.</summary>
    private async Task<RefreshOutcome> Store(GrantRow leased, TokenSet tokens, DateTimeOffset sentAt, TimeSpan duration, AuditSource source)
    {
        var attempt = new RefreshAttempt("refreshed", null, null, sentAt, duration, RefreshDecision.NextRefresh(tokens.ExpiresAt, tokens.Lifetime));
        while (true)
        {
            try
            {
                var saved = await vault.SaveRefreshed(leased, tokens, attempt, source, options.NodeId, CancellationToken.None);
                if (!saved)
                    await lateTokens.Handle(leased, tokens, source, CancellationToken.None);
                var row = await vault.Find(leased.Integration.Id, leased.Integration.UserId, CancellationToken.None);
                return row is { Tokens: not null, Integration.IsActive: true }
                    ? new RefreshOutcome(row, null)
                    : new RefreshOutcome(row ?? leased, new Failure(ErrorCatalogue.Integrations.NotConnected));
            }
            catch (StorageUnavailableException)
            {
                TokensLog.StoreWaits(logger, leased.Integration.Id, leased.Tokens!.Generation + 1);
                await Task.Delay(StoreAgain, time);
            }
        }
    }

    /// <summary>Step 8.</summary>
    private async Task<RefreshOutcome> RecordFailure(GrantRow leased, Guid attemptId, TokenFailure failure, DateTimeOffset sentAt, TimeSpan duration, AuditSource source)
    {
        var rejected = failure.Kind == TokenFailureKind.Rejected;
        // An earlier attempt without a known end may have rotated the token: then it is our loss, not the user's refusal.
        var isLate = leased.Tokens!.IntentId != attemptId;
        var detail = !rejected ? null : isLate ? Reasons.AmbiguousRefresh : Reasons.InvalidGrant;
        var mayHaveRotated = isLate || failure.Delivery == Delivery.Ambiguous;
        var wait = RefreshDecision.NextTry(leased, mayHaveRotated, failure.RetryAfter, time.GetUtcNow());
        var attempt = new RefreshAttempt(Words.Of(failure.Kind), failure.Error, Words.Of(failure.Delivery), sentAt, duration, rejected ? null : time.GetUtcNow() + wait);
        TokensLog.RefreshFailed(logger, leased.Integration.Id, leased.Integration.Provider, attempt.Class, failure.Error, attempt.Delivery!);
        try
        {
            await vault.SaveFailure(leased, attemptId, attempt, mayHaveRotated, detail, source, options.NodeId, CancellationToken.None);
        }
        catch (StorageUnavailableException)
        {
            // The lease ends by itself, and the open intent tells the next attempt that this one began.
            TokensLog.FailureNotStored(logger, leased.Integration.Id);
        }

        return new RefreshOutcome(leased, failure.Kind switch
        {
            TokenFailureKind.Rejected => new Failure(ErrorCatalogue.Tokens.ReauthorizationRequired) { ReconnectUrl = links.Reconnect(leased.Integration.Id), Reason = detail },
            TokenFailureKind.Misconfigured when failure.Error == TokenRequests.AddressNotAllowed => new Failure(ErrorCatalogue.Egress.AddressNotAllowed),
            TokenFailureKind.Misconfigured => new Failure(ErrorCatalogue.Providers.ClientRejected),
            TokenFailureKind.Unreadable => new Failure(ErrorCatalogue.Tokens.ProviderUnreadable) { RetryAfter = wait },
            _ => new Failure(ErrorCatalogue.Tokens.ProviderUnavailable) { RetryAfter = wait },
        });
    }

    private Failure Unavailable(GrantRow row) => new(ErrorCatalogue.Tokens.ProviderUnavailable)
    {
        RetryAfter = row.Tokens!.FailureCount > 0 && row.Tokens.NextRefreshAt is { } next && next > time.GetUtcNow() ? next - time.GetUtcNow() : TimeSpan.FromSeconds(1),
    };
}
