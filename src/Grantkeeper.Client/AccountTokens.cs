using System.Collections.Concurrent;
using System.Diagnostics;

namespace Grantkeeper.Client;

/// <summary>
/// Tokens for requests: from memory while they are good, else from the source, one question for however many requests want
/// the same token at once. A caller that gives up leaves the question running for the others.
/// </summary>
internal sealed class AccountTokens(IAccessTokenSource source, TokenCache cache, TimeProvider time)
{
    private readonly ConcurrentDictionary<TokenSlot, Flight> _flights = new();
    private readonly RecentRenewals _renewals = new(time);

    /// <summary>A token that is good enough.</summary>
    public ValueTask<Answer<CachedToken>> Get(in TokenSlot id, AccountTokenRequest request, CancellationToken cancellation)
    {
        if (cache.Find(id) is { } warm)
        {
            ClientTelemetry.Served(id.Provider, ClientTelemetry.Warm);
            return new ValueTask<Answer<CachedToken>>(warm);
        }

        var slot = id;
        var flight = Join(slot, null, async () => cache.Find(slot) is { } newer ? newer : await Ask(slot, request));
        return new ValueTask<Answer<CachedToken>>(flight.Answer.WaitAsync(cancellation));
    }

    /// <summary>
    /// Another token in the place of a refused one; null when the refused one is all there is. Grantkeeper is always asked: its
    /// user may have connected again since. It renews the token only when the refusal is reported, once for a generation.
    /// </summary>
    /// <param name="id">Whose.</param>
    /// <param name="request">What it must be good for.</param>
    /// <param name="refused">What the API refused.</param>
    /// <param name="isCertain">Whether the API called the token invalid, and did not just refuse.</param>
    /// <param name="claims">What the API asked for; null for nothing.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public async Task<Answer<CachedToken>?> Renew(TokenSlot id, AccountTokenRequest request, CachedToken refused, bool isCertain, string? claims, CancellationToken cancellation)
    {
        while (true)
        {
            if (cache.Find(id) is { } warm && IsOther(warm, refused))
                return warm;
            var flight = Join(id, refused.Answer.Generation, () => Replace(id, request, refused, isCertain, claims));
            var answer = await flight.Answer.WaitAsync(cancellation);
            if (answer.Problem is not null || IsOther(answer.Value, refused))
                return answer;
            if (flight.Replaces == refused.Answer.Generation)
                return null;
            // That was a question of somebody who did not know yet; it brought what was refused.
        }
    }

    private async Task<Answer<CachedToken>> Replace(TokenSlot id, AccountTokenRequest request, CachedToken refused, bool isCertain, string? claims)
    {
        if (cache.Find(id) is { } newer && IsOther(newer, refused))
            return newer;
        cache.Forget(id, refused);
        // What never ends may be something that nothing renews. To report it ends the grant, so a mere refusal is not enough.
        var mayReport = (isCertain || refused.Answer.ExpiresAt is not null) && !_renewals.Has(refused.Answer.IntegrationId);
        var isHeard = mayReport && (await source.Reject(request, refused.Answer, claims, CancellationToken.None)).TryGet(out var report, out _) && report.Accepted;
        var answer = await Ask(id, request);
        var isRenewed = answer.TryGet(out var token, out _) && IsOther(token, refused);
        // Only a token that this report brought about stands for a renewal: one that was there already may be of a new consent.
        if (isHeard && isRenewed)
            _renewals.Add(refused.Answer.IntegrationId);
        ClientTelemetry.Renewed(id.Provider, isRenewed ? "renewed" : answer.Problem is null ? "unchanged" : "refused");
        return answer;
    }

    private static bool IsOther(CachedToken one, CachedToken other) =>
        one.Answer.Generation != other.Answer.Generation || one.Answer.IntegrationId != other.Answer.IntegrationId;

    private async Task<Answer<CachedToken>> Ask(TokenSlot id, AccountTokenRequest request)
    {
        using var activity = ClientTelemetry.Source.StartActivity("grantkeeper.token", ActivityKind.Internal);
        activity?.SetTag("grantkeeper.provider", id.Provider);
        var askedAt = time.GetTimestamp();
        var answer = await source.Get(request, CancellationToken.None);
        ClientTelemetry.Waited(id.Provider, time.GetElapsedTime(askedAt));
        ClientTelemetry.Served(id.Provider, answer.Problem?.Code ?? ClientTelemetry.Fetched);
        if (!answer.TryGet(out var token, out var problem))
        {
            activity?.SetTag("error.type", problem.Code).SetStatus(ActivityStatusCode.Error, problem.Title);
            return problem;
        }

        activity?.SetTag("grantkeeper.integration.id", token.IntegrationId);
        var kept = new CachedToken(token);
        cache.Keep(id, kept, askedAt);
        return kept;
    }

    /// <summary>The question that is under way for this token, or a new one.</summary>
    private Flight Join(TokenSlot slot, long? replaces, Func<Task<Answer<CachedToken>>> ask)
    {
        if (_flights.TryGetValue(slot, out var running))
            return running;
        var mine = new Flight(replaces);
        var flight = _flights.GetOrAdd(slot, mine);
        if (flight == mine)
            _ = Fly(slot, mine, ask);
        return flight;
    }

    private async Task Fly(TokenSlot slot, Flight flight, Func<Task<Answer<CachedToken>>> ask)
    {
        try
        {
            var answer = await ask();
            // Kept first, landed then: whoever finds no flight finds the token.
            _flights.TryRemove(KeyValuePair.Create(slot, flight));
            flight.Land(answer);
        }
        catch (Exception exception)
        {
            _flights.TryRemove(KeyValuePair.Create(slot, flight));
            flight.Crash(exception);
        }
    }

    /// <summary>One question and all who wait for it.</summary>
    /// <param name="replaces">The generation that it replaces; null when it replaces none.</param>
    private sealed class Flight(long? replaces)
    {
        private readonly TaskCompletionSource<Answer<CachedToken>> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public long? Replaces => replaces;

        public Task<Answer<CachedToken>> Answer => _answer.Task;

        public void Land(Answer<CachedToken> answer) => _answer.SetResult(answer);

        public void Crash(Exception exception) => _answer.SetException(exception);
    }
}
