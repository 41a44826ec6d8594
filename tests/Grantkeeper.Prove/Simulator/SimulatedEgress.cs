using Grantkeeper.Egress;
using Grantkeeper.OAuth;

namespace Grantkeeper.Prove.Simulator;

/// <summary>The way to the providers: it takes time, and gives up as the real one does.</summary>
internal sealed class SimulatedEgress(World world, Life life, NodeTime time, Oracle oracle) : IEgress
{
    public async Task<EgressOutcome> Send(HttpRequestMessage request, EgressTrust trust, EgressLimits? limits = null, CancellationToken cancellation = default)
    {
        var provider = "sim_" + request.RequestUri!.Host.Split('.')[0];
        var form = (await request.Content!.ReadAsStringAsync(CancellationToken.None)).Split('&').Select(pair => pair.Split('=')).ToDictionary(pair => pair[0], pair => Uri.UnescapeDataString(pair[1]));
        var patience = (limits ?? EgressLimits.Default).Total;
        if (request.RequestUri.AbsolutePath != "/token")
            return await Carry(() => oracle.Revoke(provider, form["token"]), () => { }, patience, cancellation);
        return form[OAuthNames.GrantType] == OAuthNames.RefreshToken
            ? await Refresh(provider, form[OAuthNames.RefreshToken], patience, cancellation)
            : await Exchange(provider, form, patience, cancellation);
    }

    private async Task<EgressOutcome> Refresh(string provider, string refreshToken, TimeSpan patience, CancellationToken cancellation)
    {
        var sent = oracle.Sent(refreshToken, life);
        var outcome = await Carry(() =>
        {
            var (answer, after, rotation) = oracle.Refresh(provider, refreshToken, life);
            sent.Rotation = rotation;
            return (answer, after);
        }, () => oracle.Ended(sent), patience, cancellation);
        if (sent.Rotation is { } rotation && outcome is { IsAnswer: true, Response.IsSuccess: true })
            rotation.IsDelivered = true;
        return outcome;
    }

    private async Task<EgressOutcome> Exchange(string provider, Dictionary<string, string> form, TimeSpan patience, CancellationToken cancellation)
    {
        var code = oracle.Codes.Sent(form, life);
        var outcome = await Carry(() => oracle.Exchange(provider, code, form), () => { }, patience, cancellation);
        if (code.Family is not null && outcome is { IsAnswer: true, Response.IsSuccess: true })
            code.IsDelivered = true;
        return outcome;
    }

    /// <summary>A request arrives whatever becomes of its sender.</summary>
    private async Task<EgressOutcome> Carry(Func<(EgressOutcome? Answer, TimeSpan After)> arrive, Action ended, TimeSpan patience, CancellationToken cancellation)
    {
        var done = new TaskCompletionSource<EgressOutcome>();
        var hasEnded = false;
        world.After(world.Dice.Span(TimeSpan.FromMilliseconds(2), TimeSpan.FromMilliseconds(150)), () =>
        {
            var (answer, after) = arrive();
            if (answer is not null)
                world.After(after, () => done.TrySetResult(answer));
            world.After(after, End);
        });
        try
        {
            return await done.Task.WaitAsync(patience, time, cancellation);
        }
        catch (TimeoutException)
        {
            // Whatever follows is a declared second attempt.
            End();
            return EgressOutcome.Failed(EgressFault.TimedOut);
        }

        void End()
        {
            if (!hasEnded)
                ended();
            hasEnded = true;
        }
    }
}
