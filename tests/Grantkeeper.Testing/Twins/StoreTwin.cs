using Grantkeeper.Encryption;
using Grantkeeper.Integrations;
using Grantkeeper.Tokens;

namespace Grantkeeper.Testing.Twins;

/// <summary>A revocation that waits for its provider.</summary>
internal sealed class TwinRevocation
{
    public required Guid Id { get; init; }

    public required Guid IntegrationId { get; init; }

    public required string Provider { get; init; }

    public required Secret RefreshToken { get; init; }

    public int Attempts { get; set; }

    public bool IsDelivered { get; set; }
}

/// <summary>
/// What PostgreSQL does for the refresh engine, in memory and at once: each method is one statement or transaction of
/// <c>TokenVault</c>, <c>LateTokens</c>, <c>DueQueue</c>, <c>GrantWrites</c> and <c>DisconnectFlow</c>. For the simulator
/// alone; the suite that the real store passes holds it to the same answers.
/// </summary>
/// <param name="box">Seals as the product does.</param>
/// <param name="clock">The database's clock.</param>
/// <param name="has">What protects; a mutation leaves one out.</param>
internal sealed class StoreTwin(SecretBox box, Func<DateTimeOffset> clock, Protections has = Protections.All)
{
    private readonly Dictionary<Guid, TwinGrant> _grants = [];
    private readonly Dictionary<string, byte[]> _salts = [];
    private readonly Dictionary<string, DateTimeOffset> _replayedAt = [];
    private readonly List<(Guid Integration, int Epoch, long Generation, SpooledAnswer Answer)> _superseded = [];

    /// <summary>Told after each write of tokens: the grant, and the epoch and generation that it had before.</summary>
    public Action<TwinGrant, int, long>? Wrote { get; set; }

    /// <summary>Told when a grant is condemned: the row that was tried, and why.</summary>
    public Action<GrantRow, string>? Condemned { get; set; }

    /// <summary>Told when a holder's write is taken: the fence that it had, and the one that stands.</summary>
    public Action<GrantRow, long>? Held { get; set; }

    public IReadOnlyCollection<TwinGrant> Grants => _grants.Values;

    public List<TwinRevocation> Outbox { get; } = [];

    private bool Has(Protections protection) => (has & protection) != 0;

    public GrantRow? Find(Guid integrationId, string? userId) =>
        _grants.TryGetValue(integrationId, out var grant) && (userId is null || grant.UserId == userId) ? grant.ToRow() : null;

    public GrantRow? FindAt(string provider, string userId, string? accountId) => _grants.Values
        .FirstOrDefault(grant => grant.Provider == provider && grant.UserId == userId && (accountId is null ? grant.IsPrimary : grant.AccountId == accountId))?.ToRow();

    public Leased? TakeLease(string userId, Guid integrationId, int epoch, Guid owner, string node)
    {
        var now = clock();
        if (TokensOf(userId, integrationId) is not { } tokens || tokens.Epoch != epoch || !tokens.IsActive || (Has(Protections.Lease) && tokens.LeaseUntil >= now))
            return null;
        tokens.LeaseOwner = owner;
        tokens.Fence++;
        tokens.LeaseUntil = now + TokenVault.LeaseTime;
        var earlier = tokens.IntentId is null
            ? null
            : new EarlierIntent([.. tokens.IntentNodes!.Where(holder => !_replayedAt.TryGetValue(holder, out var replayed) || replayed < tokens.IntentAt)], now - tokens.IntentAt!.Value, ++tokens.IntentRetries);
        if (earlier is null && Has(Protections.Intent))
            (tokens.IntentId, tokens.IntentGeneration, tokens.IntentNodes, tokens.IntentAt, tokens.IntentRetries) = (owner, tokens.Generation, [node], now, 0);
        return new Leased(_grants[integrationId].ToRow(), earlier);
    }

    public bool TakeOver(GrantRow row, Guid attemptId, IReadOnlyList<string> holders)
    {
        var now = clock();
        if (TokensOf(row) is not { } tokens || tokens.LeaseUntil is not { } until || until <= now || (Has(Protections.Fence) && tokens.Fence != row.Tokens!.Fence))
            return false;
        if (Has(Protections.Intent))
            (tokens.IntentId, tokens.IntentNodes, tokens.IntentAt) = (attemptId, holders, now);
        return true;
    }

    public bool Extend(GrantRow row)
    {
        var now = clock();
        if (TokensOf(row) is not { } tokens || tokens.LeaseUntil is not { } until || until <= now || (Has(Protections.Fence) && tokens.Fence != row.Tokens!.Fence))
            return false;
        Held?.Invoke(row, tokens.Fence);
        tokens.LeaseUntil = now + TokenVault.LeaseTime;
        return true;
    }

    public void Release(GrantRow row, Guid owner)
    {
        if (TokensOf(row) is not { } tokens || (Has(Protections.Fence) && (tokens.LeaseOwner != owner || tokens.Fence != row.Tokens!.Fence)))
            return;
        Held?.Invoke(row, tokens.Fence);
        tokens.LeaseUntil = null;
        tokens.IntentRetries = tokens.IntentId == owner ? 0 : Math.Max(tokens.IntentRetries - 1, 0);
        if (tokens.IntentId == owner)
            tokens.ClearIntent();
    }

    public SaveOutcome SaveRefreshed(GrantRow row, TokenSet fresh, Guid attemptId, RefreshAttempt attempt)
    {
        var tried = row.Tokens!;
        if (TokensOf(row) is not { } tokens)
            return SaveOutcome.Lost;
        if ((Has(Protections.Epoch) && tokens.Epoch != tried.Epoch) || (Has(Protections.Generation) && tokens.Generation != tried.Generation))
            return tokens.StoredAttempt == attemptId ? SaveOutcome.StoredBefore : SaveOutcome.Lost;
        var grant = _grants[row.Integration.Id];
        var (epochBefore, before) = (tokens.Epoch, tokens.Generation);
        tokens.Generation = tried.Generation + 1;
        Seal(grant, tokens, fresh);
        tokens.NextRefreshAt = attempt.NextAttemptAt;
        tokens.LastRefreshedAt = clock();
        (tokens.SuspectGeneration, tokens.ClaimsChallenge) = (null, null);
        tokens.FailureCount = 0;
        tokens.LeaseUntil = null;
        tokens.ClearIntent();
        tokens.IntentRetries = 0;
        tokens.StoredAttempt = attemptId;
        tokens.ClaimedUntil = null;
        var isOwn = grant.ReasonDetail != Reasons.AccountChanged;
        tokens.IsActive = grant.Status is not (IntegrationStatus.Inactive or IntegrationStatus.Revoked) && isOwn;
        if (isOwn)
        {
            if (grant.Status is IntegrationStatus.Pending or IntegrationStatus.Expired or IntegrationStatus.Error)
                grant.Status = IntegrationStatus.Active;
            (grant.Reason, grant.ReasonDetail, grant.Scopes) = (grant.Status == IntegrationStatus.Inactive ? Reasons.SwitchedOff : null, null, fresh.Scopes);
        }

        _superseded.RemoveAll(kept => kept.Integration == grant.Id && (kept.Epoch < tried.Epoch || kept.Generation < tried.Generation));
        Wrote?.Invoke(grant, epochBefore, before);
        return SaveOutcome.Saved;
    }

    public bool SaveFailure(GrantRow row, Guid attemptId, RefreshAttempt attempt, FailedRefresh failed, string node)
    {
        var tried = row.Tokens!;
        if (TokensOf(row) is not { } tokens || tokens.Epoch != tried.Epoch || tokens.Generation != tried.Generation || (Has(Protections.Fence) && tokens.Fence != tried.Fence))
            return false;
        Held?.Invoke(row, tokens.Fence);
        tokens.FailureCount++;
        tokens.NextRefreshAt = attempt.NextAttemptAt ?? tokens.NextRefreshAt;
        tokens.LeaseUntil = null;
        tokens.ClaimedUntil = null;
        if (tokens.IntentId == attemptId && failed.MayHaveRotated)
            tokens.IntentNodes = [.. tokens.IntentNodes!.Where(holder => holder != node)];
        else if (tokens.IntentId == attemptId)
            tokens.ClearIntent();
        if (failed.IsSuspect)
            tokens.SuspectGeneration = tokens.Generation;
        if (failed.RejectedDetail is not { } detail)
            return true;
        tokens.IsActive = false;
        var grant = _grants[row.Integration.Id];
        if (grant.Epoch == tried.Epoch && grant.Status != IntegrationStatus.Revoked)
        {
            grant.ReasonDetail = detail;
            if (grant.Status != IntegrationStatus.Inactive)
                (grant.Status, grant.Reason) = (IntegrationStatus.Error, Reasons.ReauthorizationRequired);
        }

        Condemned?.Invoke(row, detail);
        return true;
    }

    public bool Suspect(GrantRow row, long generation, string? claimsChallenge = null)
    {
        if (TokensOf(row) is not { } tokens || tokens.Generation != generation || tokens.SuspectGeneration == generation)
            return false;
        (tokens.SuspectGeneration, tokens.ClaimsChallenge) = (generation, claimsChallenge);
        return true;
    }

    public void AnnounceReplay(string node) => _replayedAt[node] = clock();

    /// <summary>True when its grant has moved on, false when it is revoked.</summary>
    public bool HandleLate(GrantRow tried, SpooledAnswer late)
    {
        if (TokensOf(tried) is { } tokens)
        {
            if (tokens.Epoch != late.Epoch || tokens.Generation == late.Generation + 1)
                _superseded.Add((late.IntegrationId, late.Epoch, late.Generation, late));
            return true;
        }

        Enqueue(tried.Integration.Id, tried.Integration.Provider, late.Tokens.RefreshToken);
        return false;
    }

    public SpooledAnswer? Newest(GrantRow row) =>
        _superseded.LastOrDefault(kept => kept.Integration == row.Integration.Id && kept.Epoch == row.Tokens!.Epoch).Answer;

    public List<DueGrant> Claim(IReadOnlyList<DueLane> lanes, int limit)
    {
        var now = clock();
        var due = lanes.SelectMany(lane => _grants.Values
            .Where(grant => grant.Provider == lane.Provider && grant.Tokens is { IsActive: true, RefreshToken: not null } tokens && tokens.NextRefreshAt <= now && (tokens.ClaimedUntil is null || tokens.ClaimedUntil < now))
            .OrderBy(grant => grant.Tokens!.NextRefreshAt).Take(lane.Room)).Take(limit).ToList();
        foreach (var grant in due)
            grant.Tokens!.ClaimedUntil = now + DueQueue.ClaimTime;
        return [.. due.Select(grant => new DueGrant(grant.UserId, grant.Id, grant.Provider, grant.Tokens!.Generation))];
    }

    /// <summary>A consent: a new integration, or the next epoch of one that is there.</summary>
    public TwinGrant Connect(Guid id, string userId, string provider, string? accountId, TokenSet fresh)
    {
        if (!_grants.TryGetValue(id, out var grant))
        {
            if (!_salts.TryGetValue(userId, out var salt))
                _salts[userId] = salt = SecretBox.NewSalt();
            grant = new TwinGrant { UserId = userId, Id = id, Provider = provider, AccountId = accountId, Salt = salt, CreatedAt = clock(), Epoch = 0 };
            _grants.Add(id, grant);
        }

        var (epochBefore, before) = (grant.Tokens?.Epoch ?? 0, grant.Tokens?.Generation ?? 0);
        grant.Epoch++;
        (grant.Status, grant.Reason, grant.ReasonDetail, grant.Scopes) = (IntegrationStatus.Active, null, null, fresh.Scopes);
        grant.Tokens = new TwinTokens
        {
            Epoch = grant.Epoch, Generation = before + 1, AccessToken = "", Fence = grant.Tokens?.Fence ?? 0,
            NextRefreshAt = RefreshDecision.NextRefresh(fresh.ExpiresAt, fresh.Lifetime, id),
        };
        Seal(grant, grant.Tokens, fresh);
        Wrote?.Invoke(grant, epochBefore, before);
        return grant;
    }

    /// <summary>The tombstone; the revocation waits in the outbox. False when it was one already.</summary>
    public bool Disconnect(Guid id)
    {
        var grant = _grants[id];
        if (grant.Tokens is null)
            return false;
        if (grant.ToRow().OpenRefreshToken(box) is { } refreshToken)
            Enqueue(id, grant.Provider, refreshToken);
        foreach (var kept in _superseded.Where(kept => kept.Integration == id))
            Enqueue(id, grant.Provider, kept.Answer.Tokens.RefreshToken);
        (grant.Tokens, grant.Status, grant.Reason, grant.ReasonDetail) = (null, IntegrationStatus.Revoked, "disconnected", null);
        grant.Epoch++;
        _superseded.RemoveAll(kept => kept.Integration == id);
        return true;
    }

    private void Enqueue(Guid integrationId, string provider, Secret refreshToken) =>
        Outbox.Add(new TwinRevocation { Id = Guid.NewGuid(), IntegrationId = integrationId, Provider = provider, RefreshToken = refreshToken });

    private void Seal(TwinGrant grant, TwinTokens tokens, TokenSet fresh)
    {
        string? Sealed(Secret secret, string purpose) => secret.IsEmpty
            ? null
            : box.Seal(secret, GrantRow.ContextOf(purpose, grant.UserId, grant.Id, tokens.Epoch, tokens.Generation), grant.Salt);
        tokens.AccessToken = Sealed(fresh.AccessToken, GrantRow.AccessTokenPurpose)!;
        tokens.RefreshToken = Sealed(fresh.RefreshToken, GrantRow.RefreshTokenPurpose);
        (tokens.ExpiresAt, tokens.Lifetime) = (fresh.ExpiresAt, fresh.Lifetime);
    }

    private TwinTokens? TokensOf(GrantRow row) => TokensOf(row.Integration.UserId, row.Integration.Id);

    private TwinTokens? TokensOf(string userId, Guid id) => _grants.TryGetValue(id, out var grant) && grant.UserId == userId ? grant.Tokens : null;
}
