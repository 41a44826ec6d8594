using Grantkeeper.Egress;

namespace Grantkeeper.Prove.Simulator;

/// <summary>The way to the providers: it takes time, and gives up as the real one does.</summary>
internal sealed class SimulatedEgress(World world, Life life, NodeTime time, Oracle oracle) : IEgress
{
    public async Task<EgressOutcome> Send(HttpRequestMessage request, EgressTrust trust, EgressLimits? limits = null, CancellationToken cancellation = default)
    {
        var provider = "sim_" + request.RequestUri!.Host.Split('.')[0];
        var form = (await request.Content!.ReadAsStringAsync(CancellationToken.None)).Split('&').Select(pair => pair.Split('=')).ToDictionary(pair => pair[0], pair => Uri.UnescapeDataString(pair[1]));
        var done = new TaskCompletionSource<(EgressOutcome Outcome, Rotation? Rotation)>();
        var isRefresh = request.RequestUri.AbsolutePath == "/token";
        var token = isRefresh ? form["refresh_token"] : form["token"];
        var hasEnded = false;
        if (isRefresh)
            oracle.Sent(token, life);
        // The request arrives whatever becomes of its sender.
        world.After(world.Dice.Span(TimeSpan.FromMilliseconds(2), TimeSpan.FromMilliseconds(150)), () =>
        {
            if (isRefresh)
            {
                var (outcome, after, rotation) = oracle.Refresh(provider, token, life);
                if (outcome is not null)
                    world.After(after, () => done.TrySetResult((outcome, rotation)));
                world.After(after, End);
            }
            else
            {
                var (outcome, after) = oracle.Revoke(provider, token);
                world.After(after, () => done.TrySetResult((outcome, null)));
            }
        });
        try
        {
            var (outcome, rotation) = await done.Task.WaitAsync((limits ?? EgressLimits.Default).Total, time, CancellationToken.None);
            if (rotation is not null && outcome is { IsAnswer: true, Response.IsSuccess: true })
                rotation.IsDelivered = true;
            return outcome;
        }
        catch (TimeoutException)
        {
            // Whatever follows is a declared second attempt.
            End();
            return EgressOutcome.Failed(EgressFault.TimedOut);
        }

        void End()
        {
            if (isRefresh && !hasEnded)
                oracle.Ended(token);
            hasEnded = true;
        }
    }
}
