using System.Collections.Concurrent;
using System.Diagnostics;

namespace Grantkeeper.Client;

/// <summary>
/// Tokens for requests: from memory while they are good, else from the source, one question for however many requests want
/// the same token at once. A caller that gives up leaves the question running for the others.
/// </summary>
internal sealed class AccountTokens(IAccessTokenSource source, TokenCache cache, TimeProvider time)
{
    /// <summary>A token that was renewed this recently and is refused again is not what the API objects to.</summary>
    private static readonly TimeSpan RenewalPause = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<TokenSlot, Flight> _flights = new();

    /// <summary>A token that is good enough.</summary>
    public ValueTask<Answer<CachedToken>> Get(in TokenSlot id, AccountTokenRequest request, CancellationToken cancellation)
    {
        if (cache.Find(id) is { } warm)
        {
            ClientTelemetry.Served(id.Provider, ClientTelemetry.Warm);
            return new ValueTask<Answer<CachedToken>>(warm);
        }

        var slot = id;
        var flight = Join(slot, null, async () => cache.Find(slot) is { } newer ? newer : await Ask(slot, request, renewed: false));
        return new ValueTask<Answer<CachedToken>>(flight.Answer.WaitAsync(cancellation));
    }

    /// <summary>Another token in the place of a refused one; null when the refused one is all there is.</summary>
    public async Task<Answer<CachedToken>?> Renew(TokenSlot id, AccountTokenRequest request, CachedToken refused, CancellationToken cancellation)
    {
        while (true)
        {
            if (cache.Find(id) is { } warm && IsOther(warm, refused))
                return warm;
            if (refused.RenewedAt is { } renewedAt && time.GetElapsedTime(renewedAt) < RenewalPause)
                return null;
            var flight = Join(id, refused.Answer.Generation, () => Replace(id, request, refused));
            var answer = await flight.Answer.WaitAsync(cancellation);
            if (answer.Problem is not null || IsOther(answer.Value, refused))
                return answer;
            if (flight.Replaces == refused.Answer.Generation)
                return null;
            // That was a question of somebody who did not know yet; it brought what was refused.
        }
    }

    private async Task<Answer<CachedToken>> Replace(TokenSlot id, AccountTokenRequest request, CachedToken refused)
    {
        if (cache.Find(id) is { } newer && IsOther(newer, refused))
            return newer;
        cache.Forget(id, refused);
        // Whether the report was heard shows in the token that follows.
        await source.Reject(request, refused.Answer, CancellationToken.None);
        var answer = await Ask(id, request, renewed: true);
        ClientTelemetry.Renewed(id.Provider, answer.Problem is null ? IsOther(answer.Value, refused) ? "renewed" : "unchanged" : "refused");
        return answer;
    }

    private static bool IsOther(CachedToken one, CachedToken other) =>
        one.Answer.Generation != other.Answer.Generation || one.Answer.IntegrationId != other.Answer.IntegrationId;

    private async Task<Answer<CachedToken>> Ask(TokenSlot id, AccountTokenRequest request, bool renewed)
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
        var kept = new CachedToken(token, renewed ? time.GetTimestamp() : null);
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
