using System.Globalization;

namespace Grantkeeper.Testing.Peers;

/// <summary>
/// A TCP proxy on loopback, in a process of its own, that fails on demand. It knows no protocol and stands before HTTP
/// servers and PostgreSQL alike. Each command replaces what held before; connections that are open stay open unless
/// a cut reaches them or <see cref="KillConnections"/> is called.
/// </summary>
public sealed class ChaosProxy : IAsyncDisposable
{
    private readonly PeerProcess _process;
    private readonly PeerControl _control;
    private ChaosRules _rules = new();

    private ChaosProxy(int port, int controlPort, PeerProcess process)
    {
        Port = port;
        _process = process;
        _control = new PeerControl(new Uri($"http://127.0.0.1:{controlPort}"));
    }

    /// <summary>The port on 127.0.0.1 to connect to instead of the target's.</summary>
    public int Port { get; }

    /// <summary>Starts a proxy that, at first, passes everything on to a port on 127.0.0.1.</summary>
    public static async Task<ChaosProxy> Start(int targetPort, CancellationToken cancellationToken = default)
    {
        var (port, controlPort) = (FreePort.Next(), FreePort.Next());
        var process = await PeerProcess.StartScript("chaos-proxy", "proxy.mjs", new Dictionary<string, string>
        {
            ["PORT"] = port.ToString(CultureInfo.InvariantCulture),
            ["TARGET_PORT"] = targetPort.ToString(CultureInfo.InvariantCulture),
            ["CONTROL_PORT"] = controlPort.ToString(CultureInfo.InvariantCulture),
        }, cancellationToken);
        return new ChaosProxy(port, controlPort, process);
    }

    /// <summary>Everything passes, at once and whole.</summary>
    public Task Pass(CancellationToken cancellationToken = default) => Apply(new ChaosRules(), cancellationToken);

    /// <summary>Nobody listens: new connections are refused, surely before the target hears of them.</summary>
    public Task Refuse(CancellationToken cancellationToken = default) => Apply(new ChaosRules { Mode = "refuse" }, cancellationToken);

    /// <summary>New connections are accepted and reset at once.</summary>
    public Task Reset(CancellationToken cancellationToken = default) => Apply(new ChaosRules { Mode = "reset" }, cancellationToken);

    /// <summary>New connections are accepted and never answered.</summary>
    public Task Blackhole(CancellationToken cancellationToken = default) => Apply(new ChaosRules { Mode = "blackhole" }, cancellationToken);

    /// <summary>Everything arrives later by this much, in both directions.</summary>
    public Task Latency(TimeSpan latency, CancellationToken cancellationToken = default) =>
        Apply(new ChaosRules { LatencyMs = (int)latency.TotalMilliseconds }, cancellationToken);

    /// <summary>Resets a connection after that many bytes to the client, which does get these.</summary>
    public Task CutAfterDown(long bytes, CancellationToken cancellationToken = default) =>
        Apply(new ChaosRules { CutAfterDown = bytes }, cancellationToken);

    /// <summary>Resets a connection after that many bytes to the target, which does get these.</summary>
    public Task CutAfterUp(long bytes, CancellationToken cancellationToken = default) =>
        Apply(new ChaosRules { CutAfterUp = bytes }, cancellationToken);

    /// <summary>Resets every open connection; what holds for new ones stays.</summary>
    public Task KillConnections(CancellationToken cancellationToken = default) => Apply(_rules with { Kill = true }, cancellationToken);

    /// <summary>What the proxy has seen since its start.</summary>
    public Task<ChaosCounters> Counters(CancellationToken cancellationToken = default) =>
        _control.Get<ChaosCounters>("/", cancellationToken);

    /// <summary>Ends the proxy and with it all connections.</summary>
    public async ValueTask DisposeAsync()
    {
        _control.Dispose();
        await _process.DisposeAsync();
    }

    private async Task Apply(ChaosRules rules, CancellationToken cancellationToken)
    {
        await _control.Send("/", rules, cancellationToken);
        _rules = rules with { Kill = false };
    }

    private sealed record ChaosRules
    {
        public string Mode { get; init; } = "pass";
        public int LatencyMs { get; init; }
        public long? CutAfterDown { get; init; }
        public long? CutAfterUp { get; init; }
        public bool Kill { get; init; }
    }
}
