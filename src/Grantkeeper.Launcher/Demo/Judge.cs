using System.Net;

namespace Grantkeeper.Launcher.Demo;

/// <summary>
/// Says what an accident has left. A grant is alive when its node gives a token with which the provider's API answers; the
/// provider's own books say how it came to that.
/// </summary>
internal sealed class Judge(StrictProvider provider, DemoSurroundings surroundings)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    /// <summary>Judges the grants of an accident, by contender.</summary>
    public async Task<IReadOnlyList<Score>> Verdicts(IReadOnlyList<DemoGrant> grants, CancellationToken stop)
    {
        var verdicts = await Task.WhenAll(grants.Select(grant => Of(grant, stop)));
        return [.. verdicts.GroupBy(verdict => verdict.Contender).Select(group => new Score(
            group.Key,
            group.Count(verdict => verdict.IsAlive),
            group.Count(),
            group.Sum(verdict => verdict.State.Refreshes),
            group.Sum(verdict => verdict.State.Reuses),
            group.Count(verdict => verdict.AsksToReconnect)))];
    }

    private async Task<Verdict> Of(DemoGrant grant, CancellationToken stop)
    {
        var began = surroundings.Time.GetTimestamp();
        while (true)
        {
            var read = await grant.Contender.Read(grant.Node, grant.User, stop);
            // A node that is not sure yet says so by 503: the lease of the dead one, for example, has to end first.
            if (read.Status == (int)HttpStatusCode.ServiceUnavailable && surroundings.Time.GetElapsedTime(began) < Limit)
            {
                await Task.Delay(Pause, surroundings.Time, stop);
                continue;
            }

            var accepted = read.Token is { } token && await provider.Accepts(token, stop);
            var state = await provider.StateOf(grant.Id, stop);
            return new(grant.Contender, accepted && state.IsLive, read.AsksToReconnect, state);
        }
    }

    private sealed record Verdict(IContender Contender, bool IsAlive, bool AsksToReconnect, GrantState State);
}

/// <summary>What a contender has left after an accident.</summary>
/// <param name="Contender">Who.</param>
/// <param name="Alive">Grants that still work.</param>
/// <param name="Of">Grants that met the accident.</param>
/// <param name="Refreshes">How often the provider replaced a token of theirs.</param>
/// <param name="Reuses">How often it was shown a replaced one.</param>
/// <param name="AskedToReconnect">Grants of which the contender says that the user has to connect again.</param>
internal sealed record Score(IContender Contender, int Alive, int Of, int Refreshes, int Reuses, int AskedToReconnect);

/// <summary>An accident, what it left of each contender's grants, and how long that took.</summary>
internal sealed record Outcome(Accident Accident, IReadOnlyList<Score> Scores, TimeSpan Took);
