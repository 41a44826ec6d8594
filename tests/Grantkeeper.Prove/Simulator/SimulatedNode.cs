using Grantkeeper.Audit;
using Grantkeeper.Connect;
using Grantkeeper.Consents;
using Grantkeeper.Failpoints;
using Grantkeeper.Integrations;
using Grantkeeper.Jwt;
using Grantkeeper.Links;
using Grantkeeper.Monitoring;
using Grantkeeper.OAuth;
using Grantkeeper.Providers;
using Grantkeeper.Resilience;
using Grantkeeper.Spool;
using Grantkeeper.Storage;
using Grantkeeper.Testing.Twins;
using Grantkeeper.Tokens;
using Microsoft.Extensions.Logging.Abstractions;

namespace Grantkeeper.Prove.Simulator;

/// <summary>A node: the product's own engine on simulated seams. A crash ends a life; the disk and the name stay.</summary>
internal sealed class SimulatedNode(Simulation simulation, string name)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan WorkPause = TimeSpan.FromSeconds(5);

    /// <summary>What a connect asks for the sake of what is granted already: nobody here does, and whoever did would be noticed.</summary>
    private static readonly Database Nowhere = new(null!, TimeProvider.System);

    private readonly Disk _disk = new();
    private TokenAccess _access = null!;
    private TokenRefresher _refresher = null!;
    private TokenRequests _requests = null!;
    private RefreshWorker _worker = null!;
    private VaultTwin _vault = null!;
    private SignallingVault _signalling = null!;
    private SimulatedSignals _signals = null!;
    private EndpointDiscovery _discovery = null!;

    public string Name { get; } = name;

    public Life Life { get; private set; } = null!;

    public NodeTime Time { get; private set; } = null!;

    public SimulatedFailpoints Strikes { get; private set; } = null!;

    public ConnectFlow Connect { get; private set; } = null!;

    /// <summary>Completes when the refreshes have ended that are under way now.</summary>
    public Task Flights => _refresher.Drained();

    /// <summary>True when it serves.</summary>
    public bool IsReady { get; private set; }

    /// <summary>True while others wait for it: it has said that it lives within three seconds.</summary>
    public bool IsBeating => IsReady && Life is { IsOver: false } && (!Life.IsPaused || simulation.World.Now - Life.PausedAt < TimeSpan.FromSeconds(3).Ticks);

    public bool IsUp => Life is { IsOver: false };

    /// <summary>Begins a life.</summary>
    public void Start()
    {
        var (world, oracle) = (simulation.World, simulation.Oracle);
        IsReady = false;
        Life = new Life(world, Name);
        Time = new NodeTime(world, Life, TimeSpan.FromMinutes(world.Dice.Between(-60, 60)));
        var shared = new SharedTime(Time);
        Strikes = new SimulatedFailpoints(Life, (point, strike) => simulation.Strike(this, point, strike));
        var asking = new SimulatedAsking(simulation, Life);
        _vault = new VaultTwin(simulation.Store, asking);
        _signals = new SimulatedSignals(simulation, this, Life);
        _signalling = new SignallingVault(_vault, _signals);
        var egress = new SimulatedEgress(world, Life, Time, oracle);
        _discovery = new EndpointDiscovery(egress, Time);
        _requests = new TokenRequests(egress, Time);
        var calls = new ProviderCalls(simulation.Options.Resilience, _ => null, new PacesTwin(Time), Time, world.Dice.Share);
        var spool = new SimulatedSpool(world, Life, _disk, oracle, Name, (simulation.Has & Protections.Spool) != 0, breaks: simulation.DiskBreaks);
        var identity = new NodeIdentity();
        identity.Take(Name);
        var links = new ConnectLinks(simulation.Options);
        var answers = new AnswerStore(_signalling, _vault, Strikes);
        _refresher = new TokenRefresher(
            _signalling, Simulation.Catalogue, _discovery, _requests, calls, answers, _vault, new GrantNews(_signals), spool, identity, simulation.Box, links, simulation.Options, new InTurn(), Strikes, new NoFigures(), shared,
            NullLogger<TokenRefresher>.Instance);
        _access = new TokenAccess(new GrantCache(_signalling, _signals, simulation.Options, Time), _refresher, new NoReleases(), simulation.Box, links, shared, NullLogger<TokenAccess>.Instance);
        _worker = new RefreshWorker(_vault, _signalling, _refresher, Simulation.Renewed, calls, new Readiness(), simulation.Options, new NoFigures(), shared, Time, NullLogger<RefreshWorker>.Instance);
        Connect = NewConnect(egress, asking, shared);
        var replay = new SpoolReplay(spool, _signalling, answers, Strikes, NullLogger<SpoolReplay>.Instance);
        // What a start does is rare: half of them are struck there.
        if (simulation.Works && world.Dice.Chance(0.5))
            Strikes.Armed[world.Dice.Of(Points.Replay)] = (Strike)world.Dice.Below(5);
        simulation.Journal.Note($"{Name} starts, its clock is off by {Time.Offset}");
        Run(async () =>
        {
            while (!await BringUp(asking, shared, replay))
                await Task.Delay(Pause, Time);
            IsReady = true;
            simulation.Journal.Note($"{Name} is ready");
            await Work();
        });
    }

    /// <summary>kill -9.</summary>
    public void Crash()
    {
        simulation.Journal.Note($"{Name} crashes");
        simulation.Crashes++;
        IsReady = false;
        Life.End();
        _disk.Crash(simulation.World.Dice);
    }

    /// <summary>Runs something on this node. Nothing but an absent database may come out of it as an exception.</summary>
    public void Run(Func<Task> work) => Life.Run(async () =>
    {
        try
        {
            await work();
        }
        catch (StorageUnavailableException)
        {
            // A caller gets 503 for it.
        }
        catch (Exception exception)
        {
            simulation.Journal.Check("no bug", false, () => exception.ToString());
        }
    });

    public Task<Grantkeeper.Errors.Result<TokenGrant>> Read(Guid integration, string userId, TimeSpan minTtl, CancellationToken cancellation) =>
        _access.Get(integration, userId, minTtl, ScopeSet.Empty, AuditSource.Background, cancellation);

    /// <summary>A forced refresh.</summary>
    public async Task<Grantkeeper.Errors.Result<GrantRow>?> Refresh(Guid integration) =>
        await _vault.Find(integration, null, default) is { } row ? await _access.Refresh(row, AuditSource.Background, default) : default(Grantkeeper.Errors.Result<GrantRow>?);

    /// <summary>An API said 401.</summary>
    public async Task<bool> Reject(Guid integration, long generation) =>
        await _vault.Find(integration, null, default) is { Tokens: not null } row && await _signalling.Suspect(row, generation, null, AuditSource.Background, default);

    /// <summary>Another node says that a grant has changed.</summary>
    public void Hear(Guid integration) => _signals.Changes?.Invoke(integration);

    /// <summary>Tells everybody, as a disconnect and a consent do after their commit.</summary>
    public Task Tell(Guid integration) => _signals.ChangedEverywhere(integration);

    /// <summary>Something in the store that this node asks for: a consent, a disconnect.</summary>
    public Task<T> Ask<T>(Func<T> statement) => new SimulatedAsking(simulation, Life).Ask(false, statement);

    private ConnectFlow NewConnect(SimulatedEgress egress, SimulatedAsking asking, SharedTime shared)
    {
        var flows = new FlowTwin(simulation.Flows, asking, simulation.Has);
        var (integrations, audit) = (new IntegrationStore(Nowhere), new AuditLog(Time));
        return new ConnectFlow(
            flows, new GrantStore(flows, flows, _signals, Time), Simulation.Catalogue, _discovery, _requests, new AccountReader(egress, new JwksCache(egress, Time)), integrations, _signalling,
            new ScopeAsks(Simulation.Features, new ConsentReader(Nowhere), simulation.Options), new Escalations(integrations, Nowhere, audit), simulation.Options, shared, Strikes, NullLogger<ConnectFlow>.Instance);
    }

    private static async Task<bool> BringUp(SimulatedAsking asking, SharedTime shared, SpoolReplay replay)
    {
        try
        {
            await asking.ReadClock(shared);
            await replay.Run(default);
            return true;
        }
        catch (StorageUnavailableException)
        {
            return false;
        }
    }

    /// <summary>What the product's workers do.</summary>
    private async Task Work()
    {
        while (simulation.Works)
        {
            await _worker.Round(default);
            await Deliver();
            await Task.Delay(WorkPause, Time);
        }
    }

    private async Task Deliver()
    {
        foreach (var entry in simulation.Store.Outbox.Where(entry => !entry.IsDelivered).ToList())
        {
            entry.Attempts++;
            var provider = Simulation.Catalogue.Find(entry.Provider)!;
            var endpoints = (await _discovery.Of(provider)).Value;
            if (await _requests.Revoke(provider, endpoints, entry.RefreshToken, OAuthNames.RefreshToken, default) == RevocationOutcome.Confirmed)
                entry.IsDelivered = true;
        }
    }

    private sealed class InTurn : IDetached
    {
        public async Task<T> Start<T>(Func<Task<T>> work)
        {
            await Task.Yield();
            return await work();
        }
    }

    private sealed class NoFigures : IRefreshFigures
    {
        public void Count(string provider, RefreshEnd end, TimeSpan duration)
        {
            // The oracle counts.
        }

        public void Began(string provider, TimeSpan late)
        {
            // The same.
        }
    }

    private sealed class NoReleases : IReleases
    {
        public void Count(GrantRow row, string caller)
        {
            // Nothing is counted in a simulation.
        }
    }
}
