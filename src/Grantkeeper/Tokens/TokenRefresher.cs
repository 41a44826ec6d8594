using Grantkeeper.Audit;
using Grantkeeper.Egress;
using Grantkeeper.Encryption;
using Grantkeeper.Errors;
using Grantkeeper.Failpoints;
using Grantkeeper.Integrations;
using Grantkeeper.OAuth;
using Grantkeeper.Providers;
using Grantkeeper.RedirectUris;
using Grantkeeper.Resilience;
using Grantkeeper.Settings;
using Grantkeeper.Spool;
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
/// 4. may the refresh token be shown? After an attempt whose end is unknown the provider's rotation profile decides<br/>
/// 5. take room in the spool: without it, nothing is sent; an intent that was left open becomes this attempt's<br/>
/// 6. send through the provider's circuit: once, and again only what was surely not processed or may be shown twice<br/>
/// 7. before each request: is there time left in the lease? If not it is renewed, or nothing is sent<br/>
/// 8. merge the answer (pure), if it is the same account's, and keep it on this node's disk<br/>
/// 9. store it on (epoch, generation); repeat while the database is away, since this is the only copy<br/>
/// 10. or write the failure, if the grant still stands where it failed
/// </remarks>
internal sealed class TokenRefresher(
    ITokenVault vault, ProviderCatalogue catalogue, EndpointDiscovery discovery, TokenRequests requests, ProviderCalls calls, AnswerStore answers, ILateTokens lateTokens, GrantNews news, ISpool spool, NodeIdentity node,
    SecretBox box, Links.ConnectLinks links, GrantkeeperOptions options, IDetached detached, IFailpoints failpoints, IRefreshFigures figures, SharedTime time, ILogger<TokenRefresher> logger)
{
    private static readonly TimeSpan PollFirst = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan PollMost = TimeSpan.FromMilliseconds(500);
    /// <summary>How long after taking the lease a request may still be sent: its time less the longest request and a margin.</summary>
    private static TimeSpan SendWithin => TokenVault.LeaseTime - EgressLimits.Default.Total - TimeSpan.FromSeconds(2);
    private static readonly TimeSpan StoreAgain = TimeSpan.FromSeconds(1);
    /// <summary>Another person's tokens are neither stored nor revoked: they may be another integration's.</summary>
    private static readonly TokenFailure AnotherAccount = new(TokenFailureKind.Rejected, Delivery.Refused, RefreshedAccount.AnotherAccount);

    private readonly Flights<(Guid Integration, int Epoch), RefreshOutcome> _flights = new(detached);

    /// <summary>Completes when no refresh is under way any more.</summary>
    public Task Drained() => Task.WhenAll(_flights.Running);

    /// <summary>Step 1. The task belongs to nobody; a caller that stops waiting leaves it running.</summary>
    public Task<RefreshOutcome> Refresh(GrantRow seen, bool force, AuditSource source, CallPriority priority = CallPriority.Needed) =>
        _flights.Join((seen.Integration.Id, seen.Integration.Epoch), force, () => Run(seen, force, source, priority));

    private async Task<RefreshOutcome> Run(GrantRow seen, bool force, AuditSource source, CallPriority priority)
    {
        var attemptId = Guid.NewGuid();
        var provider = catalogue.Find(seen.Integration.Provider);
        if (provider is not { IsConfigured: true })
            return new RefreshOutcome(seen, new Failure(provider is null ? ErrorCatalogue.Providers.Unknown : ErrorCatalogue.Providers.NotConfigured));
        if (!(await discovery.Of(provider)).TryGet(out var endpoints, out var undiscovered))
            return new RefreshOutcome(seen, undiscovered);

        // A provider that refuses our client is left alone, and so is one whose circuit is open; no lease is taken for it.
        if (calls.RefusesClient(provider.Key) is { } clientRefusedFor)
            return new RefreshOutcome(seen, new Failure(ErrorCatalogue.Providers.ClientRejected) { RetryAfter = clientRefusedFor });
        if (calls.Refuses(provider.Key) is { } refusedFor)
            return new RefreshOutcome(seen, new Failure(ErrorCatalogue.Tokens.ProviderUnavailable) { RetryAfter = refusedFor });

        // 2. lease and intent
        await failpoints.Reach(Points.RefreshBegun);
        var (leased, leasedAt, elsewhere) = await TakeLease(seen, attemptId, force);
        if (leased is null)
            return elsewhere!;
        await failpoints.Reach(Points.RefreshLeased);
        var (row, firstLeasedAt) = (leased.Row, leasedAt);
        async Task<RefreshOutcome> GiveBack(Failure? failure)
        {
            await vault.Release(row, attemptId, CancellationToken.None);
            return new RefreshOutcome(row, failure);
        }

        // 3. look again
        if (!force && row.Tokens!.Generation > seen.Tokens!.Generation)
            return await GiveBack(null);
        // Another node has just failed: its back-off holds for everybody.
        if (!force && row.Tokens!.FailureCount > seen.Tokens!.FailureCount && row.Tokens.NextRefreshAt > time.GetUtcNow())
            return await GiveBack(Unavailable(row));

        // 4. may the refresh token be shown?
        if (IntentDecision.Wait(provider.Manifest.Rotation, leased, node.Id, options.SpoolWait, time.GetUtcNow()) is { } wait)
        {
            var isAwaited = !RefreshDecision.MayStillBeServed(row, time.GetUtcNow());
            return await GiveBack(new Failure(isAwaited ? ErrorCatalogue.Tokens.AnswerAwaited : ErrorCatalogue.Tokens.ProviderUnavailable) { RetryAfter = wait });
        }

        if (row.OpenRefreshToken(box) is not { } refreshToken)
            return await GiveBack(new Failure(row.Tokens!.RefreshToken is null ? ErrorCatalogue.Tokens.RefreshUnsupported : ErrorCatalogue.Encryption.Unreadable));

        // 5. room in the spool
        if (spool.Reserve() is not { } slot)
            return await GiveBack(new Failure(ErrorCatalogue.Tokens.SpoolUnavailable));
        // Whatever happens between here and the database, an answer that has come stays in its slot.
        var isOnlyCopy = false;
        var sentAt = time.GetUtcNow();
        try
        {
            // From here on this node may hold the answer that others must wait for.
            if (leased.Earlier is { } earlier && !await vault.TakeOver(row, attemptId, IntentDecision.HoldersAfter(earlier, node.Id, options.SpoolWait), CancellationToken.None))
                return new RefreshOutcome(row, Unavailable(row));
            await failpoints.Reach(Points.RefreshTakenOver);

            // 6. send through the provider's circuit
            await failpoints.Reach(Points.RefreshReserved);
            var began = time.GetTimestamp();
            var answer = await calls.Run(provider.Key, priority, Send, failure => MayRepeat(provider.Manifest.Rotation, failure, SinceFirst()));
            var duration = time.GetElapsedTime(began);
            if (answer.Failure is { Error: ProviderCalls.NotSent })
                return new RefreshOutcome(row, Unavailable(row));
            if (answer.Failure is { } failure)
                return await RecordFailure(leased, provider, attemptId, failure, sentAt, duration, source);

            // 8. whose is it? Then merge and keep
            if (RefreshedAccount.IsAnother(provider, row.Integration, answer.Response!))
                return await RecordFailure(leased, provider, attemptId, AnotherAccount, sentAt, duration, source);
            var tokens = TokenMerge.Renew(answer.Response!, refreshToken, row.Integration.Scopes, sentAt, row.Tokens!.Lifetime);
            var kept = SpooledAnswer.Of(attemptId, row, tokens, sentAt, duration, RotationEvidence.Of(tokens.RefreshToken != refreshToken, leased.Earlier is not null), provider.Manifest.RefreshTokenIdle);
            isOnlyCopy = true;
            await failpoints.Reach(Points.RefreshAnswered);
            if (!await slot.Keep(kept.ToRecord()) && options.DataPath is not null)
                TokensLog.NotSpooled(logger, row.Integration.Id);

            // 9. store
            await failpoints.Reach(Points.RefreshSpooled);
            var outcome = await Store(row, kept, source);
            await failpoints.Reach(Points.RefreshStored);
            figures.Count(provider.Key, RefreshEnd.Refreshed, duration);
            isOnlyCopy = false;
            return outcome;
        }
        finally
        {
            if (!isOnlyCopy)
                slot.Free();
        }

        // The provider may have rotated when the earlier attempt, whose end is unknown, came to it.
        TimeSpan SinceFirst() => (leased.Earlier?.Age ?? TimeSpan.Zero) + time.GetElapsedTime(firstLeasedAt);

        // 7. time left in the lease
        async Task<TokenAnswer?> Send()
        {
            if (time.GetElapsedTime(leasedAt) > SendWithin)
            {
                leasedAt = time.GetTimestamp();
                if (!await vault.Extend(row, CancellationToken.None))
                    return null;
            }

            sentAt = time.GetUtcNow();
            return await requests.Refresh(provider, endpoints, refreshToken, RedirectUriPolicy.RedirectUriOf(provider.Key, provider.Client.RedirectUri, options).TryGet(out var redirectUri, out _) ? redirectUri : null, row.Tokens!.ClaimsChallenge, CancellationToken.None);
        }
    }

    /// <summary>The same refresh token again, inside one attempt: when it was not processed, or when the provider allows a second use.</summary>
    private static bool MayRepeat(Rotation rotation, TokenFailure failure, TimeSpan sinceFirst) => failure.Delivery switch
    {
        Delivery.NotProcessed => true,
        Delivery.Ambiguous => rotation.Profile is RotationProfile.None or RotationProfile.Lazy
            || (rotation.Profile == RotationProfile.Grace && sinceFirst < rotation.Grace - IntentDecision.GraceMargin),
        _ => false,
    };

    /// <summary>Step 2. Either the leased row with the moment before it was asked for, or the outcome of the node that holds the lease.</summary>
    private async Task<(Leased? Leased, long LeasedAt, RefreshOutcome? Elsewhere)> TakeLease(GrantRow seen, Guid attemptId, bool force)
    {
        var (userId, id, epoch) = (seen.Integration.UserId, seen.Integration.Id, seen.Tokens!.Epoch);
        var began = time.GetTimestamp();
        try
        {
            for (var pause = PollFirst; ; pause = pause * 2 < PollMost ? pause * 2 : PollMost)
            {
                var askedAt = time.GetTimestamp();
                if (await vault.TakeLease(userId, id, epoch, attemptId, node.Id, CancellationToken.None) is { } leased)
                    return (leased, askedAt, null);
                // Somebody holds it: looked at before and after waiting for what he says, since a lease that is given back is no answer.
                for (var turn = 0; turn < 2; turn++)
                {
                    var next = news.Next(id);
                    var now = await vault.Find(id, userId, CancellationToken.None);
                    if (Elsewhere(seen, now, force) is { } outcome)
                        return (null, askedAt, outcome);
                    if (time.GetElapsedTime(began) > TokenVault.LeaseTime * 2)
                        return (null, askedAt, new RefreshOutcome(now!, Unavailable(now!)));
                    if (turn == 0)
                        await Task.WhenAny(next, Task.Delay(pause, time));
                }
            }
        }
        finally
        {
            news.Forget(id);
        }
    }

    /// <summary>What another node has made of the grant meanwhile; null while it is still at it.</summary>
    private RefreshOutcome? Elsewhere(GrantRow seen, GrantRow? now, bool force)
    {
        if (now?.Tokens is null || now.Tokens.Epoch != seen.Tokens!.Epoch || !now.Integration.IsActive)
            return new RefreshOutcome(now ?? seen, new Failure(ErrorCatalogue.Tokens.ReauthorizationRequired) { ReconnectUrl = links.Reconnect(seen.Integration.Id), Reason = now?.Integration.ReasonDetail });
        if (!force && now.Tokens.Generation > seen.Tokens.Generation)
            return new RefreshOutcome(now, null);
        return !force && now.Tokens.FailureCount > seen.Tokens.FailureCount ? new RefreshOutcome(now, Unavailable(now)) : null;
    }

    /// <summary>Step 9. Until the database has the new tokens, this flight and the spool hold the only copy.</summary>
    private async Task<RefreshOutcome> Store(GrantRow row, SpooledAnswer kept, AuditSource source)
    {
        while (true)
        {
            try
            {
                var (_, now) = await answers.Store(row, kept, source, node.Id, CancellationToken.None);
                return now is { Tokens: not null, Integration.IsActive: true }
                    ? new RefreshOutcome(now, null)
                    : new RefreshOutcome(now ?? row, new Failure(ErrorCatalogue.Integrations.NotConnected));
            }
            catch (StorageUnavailableException)
            {
                TokensLog.StoreWaits(logger, row.Integration.Id, kept.Generation + 1);
                await Task.Delay(StoreAgain, time);
            }
        }
    }

    /// <summary>Makes an answer that came too late the current one, now that the provider has refused the one that won; null when none is kept.</summary>
    private async Task<RefreshOutcome?> Recover(GrantRow refused, DateTimeOffset sentAt, TimeSpan duration, AuditSource source)
    {
        try
        {
            if (await lateTokens.Newest(refused, CancellationToken.None) is not { } kept)
                return null;
            TokensLog.Recovered(logger, refused.Integration.Id);
            figures.Count(refused.Integration.Provider, RefreshEnd.Recovered, duration);
            return await Store(refused, SpooledAnswer.Of(Guid.NewGuid(), refused, kept.Tokens, sentAt, duration), source);
        }
        catch (StorageUnavailableException)
        {
            // The failure cannot be written either; the next attempt comes here again.
            return null;
        }
    }

    /// <summary>Step 10.</summary>
    private async Task<RefreshOutcome> RecordFailure(Leased held, Provider provider, Guid attemptId, TokenFailure failure, DateTimeOffset sentAt, TimeSpan duration, AuditSource source)
    {
        var leased = held.Row;
        var rejected = failure.Kind == TokenFailureKind.Rejected;
        // Where two answers came to one refresh, the provider may hold to the one that lost here.
        var isRecoverable = rejected && failure != AnotherAccount;
        if (isRecoverable && await Recover(leased, sentAt, duration, source) is { } recovered)
            return recovered;
        // An earlier attempt without a known end may have rotated the token: then it is our loss, not the user's refusal.
        var isLate = held.Earlier is not null;
        var detail = !rejected ? null : failure == AnotherAccount ? Reasons.AccountChanged : isLate ? Reasons.AmbiguousRefresh : Reasons.InvalidGrant;
        var mayHaveRotated = isLate || failure.Delivery == Delivery.Ambiguous;
        var isSuspect = mayHaveRotated && provider.Manifest.Rotation.Companion;
        var staysGood = provider.Manifest.Rotation.Profile is RotationProfile.None or RotationProfile.Lazy;
        var wait = RefreshDecision.NextTry(leased, mayHaveRotated && !staysGood && !isSuspect, failure.RetryAfter, time.GetUtcNow());
        var attempt = new RefreshAttempt(Words.Of(failure.Kind), failure.Error, Words.Of(failure.Delivery), sentAt, duration, rejected ? null : time.GetUtcNow() + wait);
        figures.Count(leased.Integration.Provider, EndOf(failure, detail), duration);
        TokensLog.RefreshFailed(logger, leased.Integration.Id, leased.Integration.Provider, attempt.Class, failure.Error, attempt.Delivery!);
        await failpoints.Reach(Points.RefreshFailed);
        while (true)
        {
            try
            {
                await vault.SaveFailure(leased, attemptId, attempt, new FailedRefresh(mayHaveRotated, detail, isSuspect), source, node.Id, CancellationToken.None);
                break;
            }
            catch (StorageUnavailableException)
            {
                // The lease ends by itself, and the open intent tells the next attempt that this one began.
                TokensLog.FailureNotStored(logger, leased.Integration.Id);
                // That a stranger's tokens came is known here alone: the provider may well say another thing the next time.
                if (failure != AnotherAccount)
                    break;
                await Task.Delay(StoreAgain, time);
            }
        }

        await failpoints.Reach(Points.RefreshFailureStored);
        // It may have come between looking and writing.
        if (isRecoverable && await Recover(leased, sentAt, duration, source) is { } recoveredNow)
            return recoveredNow;

        return new RefreshOutcome(leased, failure.Kind switch
        {
            TokenFailureKind.Rejected => new Failure(ErrorCatalogue.Tokens.ReauthorizationRequired) { ReconnectUrl = links.Reconnect(leased.Integration.Id), Reason = detail },
            TokenFailureKind.Misconfigured when failure.Error == TokenRequests.AddressNotAllowed => new Failure(ErrorCatalogue.Egress.AddressNotAllowed),
            TokenFailureKind.Misconfigured when failure.Error == ProviderHooks.ClassFailed => new Failure(ErrorCatalogue.Providers.ClassFailed),
            TokenFailureKind.Misconfigured => new Failure(ErrorCatalogue.Providers.ClientRejected),
            TokenFailureKind.Unreadable => new Failure(ErrorCatalogue.Tokens.ProviderUnreadable) { RetryAfter = wait },
            _ => new Failure(ErrorCatalogue.Tokens.ProviderUnavailable) { RetryAfter = wait },
        });
    }

    private static RefreshEnd EndOf(TokenFailure failure, string? detail) => failure switch
    {
        { Kind: TokenFailureKind.Rejected } => detail == Reasons.AmbiguousRefresh ? RefreshEnd.Lost : RefreshEnd.Rejected,
        { Kind: TokenFailureKind.Misconfigured } => RefreshEnd.Misconfigured,
        { Delivery: Delivery.Ambiguous } => RefreshEnd.Unknown,
        { Kind: TokenFailureKind.Unreadable } => RefreshEnd.Unreadable,
        _ => RefreshEnd.Transient,
    };

    private Failure Unavailable(GrantRow row) => new(ErrorCatalogue.Tokens.ProviderUnavailable)
    {
        RetryAfter = row.Tokens!.FailureCount > 0 && row.Tokens.NextRefreshAt is { } next && next > time.GetUtcNow() ? next - time.GetUtcNow() : TimeSpan.FromSeconds(1),
    };
}
