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

    private readonly ConcurrentDictionary<(TokenSlot Id, long Refused), Task<Answer<CachedToken>>> _flights = new();

    /// <summary>A token that is good enough.</summary>
    public ValueTask<Answer<CachedToken>> Get(in TokenSlot id, AccountTokenRequest request, CancellationToken cancellation)
    {
        if (cache.Find(id) is { } warm)
        {
            ClientTelemetry.Served(id.Provider, ClientTelemetry.Warm);
            return new ValueTask<Answer<CachedToken>>(warm);
        }

        var key = id;
        return new ValueTask<Answer<CachedToken>>(Join((key, -1), () => Ask(key, request, renewed: false)).WaitAsync(cancellation));
    }

    /// <summary>Another token in the place of a refused one; null when the refused one is all there is.</summary>
    public async Task<Answer<CachedToken>?> Renew(TokenSlot id, AccountTokenRequest request, CachedToken refused, CancellationToken cancellation)
    {
        if (cache.Find(id) is { } warm && IsOther(warm, refused))
            return warm;
        if (refused.RenewedAt is { } renewedAt && time.GetElapsedTime(renewedAt) < RenewalPause)
            return null;
        var answer = await Join((id, refused.Answer.Generation), async () =>
        {
            cache.Forget(id, refused);
            // Whether the report was heard shows in the token that follows.
            await source.Reject(request, refused.Answer, CancellationToken.None);
            return await Ask(id, request, renewed: true);
        }).WaitAsync(cancellation);
        ClientTelemetry.Renewed(id.Provider, answer.Problem is null ? IsOther(answer.Value, refused) ? "renewed" : "unchanged" : "refused");
        if (answer.Problem is null && !IsOther(answer.Value, refused))
            return null;
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

    private Task<Answer<CachedToken>> Join((TokenSlot Id, long Refused) key, Func<Task<Answer<CachedToken>>> ask)
    {
        if (_flights.TryGetValue(key, out var running))
            return running;
        var mine = new TaskCompletionSource<Answer<CachedToken>>(TaskCreationOptions.RunContinuationsAsynchronously);
        var flight = _flights.GetOrAdd(key, mine.Task);
        if (flight == mine.Task)
            _ = Fly(key, mine, ask);
        return flight;
    }

    private async Task Fly((TokenSlot Id, long Refused) key, TaskCompletionSource<Answer<CachedToken>> flight, Func<Task<Answer<CachedToken>>> ask)
    {
        try
        {
            var answer = await ask();
            _flights.TryRemove(KeyValuePair.Create(key, flight.Task));
            flight.SetResult(answer);
        }
        catch (Exception exception)
        {
            _flights.TryRemove(KeyValuePair.Create(key, flight.Task));
            flight.SetException(exception);
        }
    }
}
