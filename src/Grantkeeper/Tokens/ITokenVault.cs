using Grantkeeper.Audit;

namespace Grantkeeper.Tokens;

/// <summary>One refresh that was tried, for the timeline.</summary>
internal sealed record RefreshAttempt(string Class, string? Code, string? Delivery, DateTimeOffset StartedAt, TimeSpan Duration, DateTimeOffset? NextAttemptAt);

/// <summary>A row whose lease is ours, and what an earlier attempt left open.</summary>
/// <param name="Row">The row as it stands.</param>
/// <param name="Earlier">An attempt whose end nobody wrote down; null when there is none.</param>
internal sealed record Leased(GrantRow Row, EarlierIntent? Earlier);

/// <summary>An attempt that began and whose end is not known.</summary>
/// <param name="Holders">
/// The nodes that may hold an answer: they sent it, or one before it, and have neither said that none came nor come back and
/// stored everything they held.
/// </param>
/// <param name="Age">How long ago, on the database's clock.</param>
/// <param name="Retries">How many attempts have followed it, this one included.</param>
internal sealed record EarlierIntent(IReadOnlyList<string> Holders, TimeSpan Age, int Retries);

/// <summary>How a success was taken.</summary>
internal enum SaveOutcome
{
    /// <summary>It is the current generation now.</summary>
    Saved,

    /// <summary>It was stored before by this same attempt.</summary>
    StoredBefore,

    /// <summary>The row has moved on.</summary>
    Lost,
}

/// <summary>What a failed attempt means for the row.</summary>
/// <param name="MayHaveRotated">The intent stays open.</param>
/// <param name="RejectedDetail">Why the user is needed; null when not.</param>
/// <param name="IsSuspect">The access token may have died with its refresh token.</param>
internal sealed record FailedRefresh(bool MayHaveRotated, string? RejectedDetail, bool IsSuspect);

/// <summary>
/// What the refresh engine asks of the store. PostgreSQL answers it in the product; the simulator's twin answers the same,
/// and both pass the same suite of tests.
/// </summary>
internal interface ITokenVault
{
    /// <summary>The grant of an integration; null when there is none, or when it is another user's.</summary>
    /// <param name="integrationId">Which one.</param>
    /// <param name="userId">Whose it must be; null for a service key that names the id alone.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task<GrantRow?> Find(Guid integrationId, string? userId, CancellationToken cancellation);

    /// <summary>A user's grant at a provider: of the named account, else of the primary one.</summary>
    Task<GrantRow?> FindAt(string provider, string userId, string? accountId, CancellationToken cancellation);

    /// <summary>
    /// Takes the lease and writes the intent in one statement, if nobody holds it. Null when somebody does, or when the
    /// grant is gone or no longer active. An intent that an earlier attempt left open stays, and is told.
    /// </summary>
    Task<Leased?> TakeLease(string userId, Guid integrationId, int epoch, Guid owner, string node, CancellationToken cancellation);

    /// <summary>
    /// Makes an intent that an earlier attempt left open this attempt's own, before a request follows that one: from now on
    /// this node too may hold an answer. False when the lease is not ours any more.
    /// </summary>
    /// <param name="row">The leased row.</param>
    /// <param name="attemptId">This attempt.</param>
    /// <param name="holders">The nodes that may hold an answer from now on, this one among them.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task<bool> TakeOver(GrantRow row, Guid attemptId, IReadOnlyList<string> holders, CancellationToken cancellation);

    /// <summary>Renews the lease for another <see cref="TokenVault.LeaseTime"/>; false when it is not ours any more.</summary>
    Task<bool> Extend(GrantRow row, CancellationToken cancellation);

    /// <summary>Gives the lease back unused, with the intent that was written for it.</summary>
    Task Release(GrantRow row, Guid owner, CancellationToken cancellation);

    /// <summary>
    /// Stores generation n+1. Lost when the row has moved on: another generation, another epoch, or gone. Also told when this
    /// very attempt is stored already, by a commit that was not confirmed or before a crash.
    /// </summary>
    Task<SaveOutcome> SaveRefreshed(GrantRow row, TokenSet tokens, Guid attemptId, RefreshAttempt attempt, AuditSource source, string node, CancellationToken cancellation);

    /// <summary>
    /// Like <see cref="SaveRefreshed"/>, with the grant as it stands afterwards; null when it is gone or the answer was lost.
    /// A store that can tell it with the write spares the read.
    /// </summary>
    async Task<(SaveOutcome Outcome, GrantRow? Now)> SaveAndFind(GrantRow row, TokenSet tokens, Guid attemptId, RefreshAttempt attempt, AuditSource source, string node, CancellationToken cancellation)
    {
        var outcome = await SaveRefreshed(row, tokens, attemptId, attempt, source, node, cancellation);
        return (outcome, outcome == SaveOutcome.Lost ? null : await Find(row.Integration.Id, row.Integration.UserId, cancellation));
    }

    /// <summary>
    /// Writes a failed attempt, if the row is still at the generation that failed and the fence is still ours.
    /// <see cref="FailedRefresh.RejectedDetail"/> says that the user is needed; null keeps the grant and sets the next attempt.
    /// An ambiguous end leaves the intent open, and so does an attempt that is not the one that opened it: what became of
    /// that one is still not known. A rejection also switches the row off, so that nobody who waited for the lease sends
    /// the refused token again.
    /// </summary>
    Task<bool> SaveFailure(GrantRow row, Guid attemptId, RefreshAttempt attempt, FailedRefresh failed, AuditSource source, string node, CancellationToken cancellation);

    /// <summary>An API refused this generation. True when the report counts: once per generation, and only for the current one.</summary>
    /// <param name="row">The grant.</param>
    /// <param name="generation">What was refused.</param>
    /// <param name="claimsChallenge">What the API asked for (<see cref="Providers.ClaimsRequest.Read"/>); the refresh and a new consent ask for it.</param>
    /// <param name="source">Who reports.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task<bool> Suspect(GrantRow row, long generation, string? claimsChallenge, AuditSource source, CancellationToken cancellation);

    /// <summary>Says that a node has stored everything that its spool held when it went away.</summary>
    Task AnnounceReplay(string node, CancellationToken cancellation);
}

/// <summary>Answers that came after their grant had moved on.</summary>
internal interface ILateTokens
{
    /// <summary>
    /// Revokes the tokens at the provider when the user has disconnected meanwhile. When another refresh or a new consent
    /// won, they are kept sealed until the winner was used, and never revoked, since a revocation may end the winner's grant
    /// too (RFC 7009 section 2.1). Where the winner has been used already, as for an answer that was stored long ago and is
    /// found again after a crash, they are dropped: shown again they would end the grant.
    /// </summary>
    Task Handle(GrantRow tried, SpooledAnswer late, AuditSource source, CancellationToken cancellation);

    /// <summary>
    /// The newest answer that is kept for a grant of this epoch: where two answers came, the provider may hold to the one
    /// that lost here. Null when there is none.
    /// </summary>
    Task<SpooledAnswer?> Newest(GrantRow row, CancellationToken cancellation);
}

/// <summary>Grants whose refresh is due, each told to one node at a time.</summary>
internal interface IDueQueue
{
    /// <summary>Claims at most <paramref name="limit"/> grants, the first lanes first; what another node claims in the same moment is skipped.</summary>
    Task<List<DueGrant>> Claim(IReadOnlyList<DueLane> lanes, int limit, CancellationToken cancellation);
}

/// <summary>Starts work that belongs to nobody: neither to a caller's request nor to its thread or context.</summary>
internal interface IDetached
{
    /// <summary>The work, begun elsewhere.</summary>
    Task<T> Start<T>(Func<Task<T>> work);
}

/// <summary>Counts what was handed out.</summary>
internal interface IReleases
{
    /// <summary>Counts one read.</summary>
    void Count(GrantRow row, string caller);
}
