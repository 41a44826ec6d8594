using Grantkeeper.Encryption;
using Grantkeeper.Failpoints;
using Grantkeeper.OAuth;
using Grantkeeper.Providers;
using Grantkeeper.Settings;
using Grantkeeper.Testing.Twins;
using Grantkeeper.Tokens;
using Microsoft.Extensions.Configuration;

namespace Grantkeeper.Prove.Simulator;

/// <summary>
/// One run from one seed: three nodes, one database, five providers, eight to twelve integrations; readers, refreshes,
/// reports, disconnects and consents, while everything breaks that can. In the end all is mended, and what was lost is
/// asked of the oracle. A second act follows, in which people connect accounts (<see cref="Connecting"/>).
/// </summary>
internal sealed class Simulation
{
    private static readonly string[] Providers = ["sim_strict", "sim_companion", "sim_grace", "sim_lazy", "sim_none"];
    private static readonly string[] CodeProviders = [Connecting.Provider];

    /// <summary>Longer than any refresh takes, whatever stands in its way.</summary>
    private static readonly TimeSpan LongestFlight = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan ReadMargin = TimeSpan.FromSeconds(1);

    private readonly List<SimulatedNode> _nodes = [];
    private readonly List<Held> _held = [];
    private readonly Dictionary<(Family Family, long Generation), long> _suspectSince = [];

    /// <summary>An integration as the driver knows it.</summary>
    internal sealed class Held
    {
        public required Guid Id { get; init; }

        public required string UserId { get; init; }

        public required string Provider { get; init; }

        public required string Account { get; init; }

        public Family Family { get; set; } = null!;

        /// <summary>The moment at which a disconnect had returned; null while it is connected, or being connected.</summary>
        public long? DisconnectedAt { get; set; }

        /// <summary>True while a disconnect or a consent is on its way.</summary>
        public bool IsChanging { get; set; }

        public bool IsConnected { get; set; } = true;
    }

    public Simulation(ulong seed, Protections has = Protections.All, bool tells = false)
    {
        Seed = seed;
        Has = has;
        World = new World(new Dice(seed));
        Journal = new Journal(World, tells);
        Oracle = new Oracle(World, Journal);
        var keys = new KeyRing();
        keys.Use(new Dictionary<int, byte[]> { [1] = new byte[32] });
        Box = new SecretBox(keys);
        Store = new StoreTwin(Box, () => World.TrueTime, has) { Wrote = OnWrite, Condemned = OnCondemned, Held = OnHeld };
        Flows = new FlowTable(Store, Box, () => World.TrueTime, World.Dice.Id);
        // Half of the runs have a disk that fails now and then.
        DiskBreaks = World.Dice.Chance(0.3) && has == Protections.All ? 0.01 : 0;
        ConnectionBreaks = World.Dice.Chance(0.5) ? 0.02 : 0;
    }

    /// <summary>The providers of all runs, read once.</summary>
    public static ProviderCatalogue Catalogue { get; } = ReadCatalogue([.. Providers, .. CodeProviders]);

    /// <summary>Those at which the workers renew: the first act's, since the workers rest in the second.</summary>
    public static ProviderCatalogue Renewed { get; } = ReadCatalogue(Providers);

    /// <summary>No features.</summary>
    public static FeatureCatalogue Features { get; } = FeatureCatalogue.Read(new ConfigurationBuilder().Build(), OptionsOf(null), [])!;

    public ulong Seed { get; }

    public Protections Has { get; }

    public World World { get; }

    public Journal Journal { get; }

    public Oracle Oracle { get; }

    public SecretBox Box { get; }

    public StoreTwin Store { get; }

    public FlowTable Flows { get; }

    public GrantkeeperOptions Options { get; } = OptionsOf(null);

    public bool DatabaseIsDown { get; private set; }

    /// <summary>How often it was away.</summary>
    public int DatabaseOutages { get; private set; }

    /// <summary>When it went away last.</summary>
    public long DatabaseDownSince { get; private set; }

    public IReadOnlyList<SimulatedNode> Nodes => _nodes;

    /// <summary>Every integration, of both acts.</summary>
    public IReadOnlyList<Held> Integrations => _held;

    public double ConnectionBreaks { get; set; }

    public double DiskBreaks { get; private set; }

    public int Crashes { get; set; }

    /// <summary>False at the end, when what is judged must stand still.</summary>
    public bool Works { get; private set; } = true;

    public int Actions { get; private set; }

    private Dice Dice => World.Dice;

    /// <summary>Runs it to its end.</summary>
    public void Run()
    {
        for (var index = 0; index < 3; index++)
        {
            _nodes.Add(new SimulatedNode(this, $"node-{index}"));
            _nodes[index].Start();
        }

        var count = Dice.Between(8, 12);
        for (var index = 0; index < count; index++)
            Add(index);
        World.Run(TimeSpan.FromSeconds(3));
        for (var left = Dice.Between(110, 170); left > 0; left--)
        {
            Act();
            World.Run(Dice.Chance(0.08) ? Dice.Span(TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(12)) : Dice.Chance(0.3) ? TimeSpan.FromMilliseconds(Dice.Below(50)) : Dice.Span(TimeSpan.Zero, TimeSpan.FromSeconds(20)));
        }

        if (Crashes == 0)
            CrashAndRestart(Dice.Of(_nodes));
        Mend();
        Judge();
        new Connecting(this).Run();
    }

    /// <summary>Something breaks at a node's failpoint.</summary>
    public void Strike(SimulatedNode node, string point, Strike strike)
    {
        Journal.Note($"{strike} strikes {node.Name} at {point}");
        Journal.Strikes[(point, strike)] = Journal.Strikes.GetValueOrDefault((point, strike)) + 1;
        switch (strike)
        {
            case Simulator.Strike.Crash:
                CrashAndRestart(node);
                break;
            case Simulator.Strike.Pause:
                node.Life.Pause(Dice.Span(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(60)));
                break;
            case Simulator.Strike.Database:
                DatabaseGoes(Dice.Span(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(90)));
                break;
            case Simulator.Strike.Provider:
                ProviderTrouble(Points.Connect.Contains(point) ? CodeProviders : Providers);
                break;
            default:
                node.Time.Offset = TimeSpan.FromMinutes(Dice.Between(-60, 60));
                break;
        }
    }

    private void Act()
    {
        Actions++;
        var node = Dice.Of(_nodes);
        var held = Dice.Of(_held);
        switch (Dice.Below(100))
        {
            case < 34:
                Read(node, held);
                break;
            case < 42:
                Journal.Note($"a burst of readers of {held.Id}");
                for (var readers = Dice.Between(5, 20); readers > 0; readers--)
                    Read(Dice.Of(_nodes), held);
                break;
            case < 52:
                Refresh(node, held);
                break;
            case < 56:
                Report(node, held);
                break;
            case < 61:
                CrashAndRestart(node);
                break;
            case < 65:
                Journal.Note($"{node.Name} is stopped");
                node.Life.Pause(Dice.Span(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60)));
                break;
            case < 68:
                DatabaseGoes(Dice.Span(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(90)));
                break;
            case < 77:
                ProviderTrouble(Providers);
                break;
            case < 79:
                Disconnect(node, held);
                break;
            case < 82:
                Reconnect(node, held);
                break;
            case < 85:
                // While a refresh is on its way: its answer must not come back to life.
                Refresh(node, held);
                World.Run(TimeSpan.FromMilliseconds(Dice.Between(5, 400)));
                Disconnect(Dice.Of(_nodes), held);
                if (Dice.Chance(0.7))
                {
                    World.Run(TimeSpan.FromMilliseconds(Dice.Between(10, 100)));
                    Reconnect(Dice.Of(_nodes), held);
                }

                break;
            case < 87:
                node.Time.Offset = TimeSpan.FromMinutes(Dice.Between(-60, 60));
                Journal.Note($"the clock of {node.Name} is set to {node.Time.Offset}");
                break;
            case < 88:
                Journal.Note($"the user of {held.Id} removes us at the provider");
                Oracle.End(held.Family);
                break;
            default:
                node.Strikes.Armed[Dice.Of(Points.Engine)] = (Strike)Dice.Below(5);
                break;
        }
    }

    private void Add(int index)
    {
        var held = new Held { Id = Dice.Id(), UserId = $"user-{index % 5}", Provider = Providers[index < Providers.Length ? index : Dice.Below(Providers.Length)], Account = $"account-{index}" };
        _held.Add(held);
        Store.Connect(held.Id, held.UserId, held.Provider, held.Account, Consent(held));
    }

    /// <summary>What a code is exchanged for.</summary>
    private TokenSet Consent(Held held)
    {
        var lifetime = TimeSpan.FromSeconds(Dice.Of([60, 300, 900, 3600]));
        var habit = Enum.Parse<Habit>(held.Provider["sim_".Length..], ignoreCase: true);
        var (family, accessToken, refreshToken) = Oracle.Consent(held.Id, held.Account, habit, lifetime);
        held.Family = family;
        return new TokenSet(new Secret(accessToken), new Secret(refreshToken), World.TrueTime + lifetime, lifetime, ScopeSet.Of(["openid", "offline_access"]));
    }

    public void Read(SimulatedNode node, Held held)
    {
        if (!node.IsReady)
            return;
        var isForeign = Dice.Chance(0.05);
        var user = isForeign ? "user-other" : held.UserId;
        var minTtl = TimeSpan.FromSeconds(Dice.Of([0, 30, 60, 600, 3600]));
        var (life, pauses, began, beganAt) = (node.Life, node.Life.Pauses, World.Now, World.TrueTime);
        var wasGone = held.DisconnectedAt is not null;
        var suspects = _suspectSince.Where(entry => entry.Key.Family.Integration == held.Id && entry.Value < began).Select(entry => entry.Key).ToHashSet();
        var (caller, waits) = (new CancellationTokenSource(), true);
        if (Dice.Chance(0.2))
        {
            World.After(Dice.Span(TimeSpan.Zero, TimeSpan.FromSeconds(3)), () => life.Run(() =>
            {
                if (waits)
                    WatchFlight(node, held);
                caller.Cancel();
            }));
        }

        node.Run(async () =>
        {
            Errors.Result<TokenGrant> answer;
            try
            {
                answer = await node.Read(held.Id, user, minTtl, caller.Token);
            }
            catch (OperationCanceledException) when (caller.IsCancellationRequested)
            {
                return;
            }
            finally
            {
                waits = false;
            }

            if (isForeign)
            {
                Journal.Check("I5", !answer.IsSuccess && answer.Failure.Code == Errors.ErrorCatalogue.Integrations.NotFound, () => $"{user} got an answer for {held.Id}");
                return;
            }

            if (!answer.TryGet(out var grant, out _))
                return;
            var access = Oracle.AccessOf(grant.AccessToken.Reveal());
            Journal.Check("I5", access is not null && access.Family.Integration == held.Id, () => $"{node.Name} gave a token of another integration for {held.Id}");
            Journal.Check("I17", !(wasGone && held.DisconnectedAt < began), () => $"{node.Name} served {held.Id} after its disconnect had returned");
            // Generations begin anew with a consent that follows a disconnect.
            Journal.Check("I3", access is null || !suspects.Contains((access.Family, grant.Generation)), () => $"{node.Name} served generation {grant.Generation} of {held.Id} after an API had refused it");
            if (access is null || life.Pauses != pauses)
                return;
            // The clocks differ by the way to the database, and the answer was on its own way for a while.
            Journal.Check("I3", access.EndsAt > beganAt - ReadMargin, () => $"{node.Name} served a token of {held.Id} that had ended at {access.EndsAt:HH:mm:ss}");
            Journal.Check("I20", access.EndsAt > beganAt - ReadMargin, () => $"{node.Name}, whose clock is off by {node.Time.Offset}, served a token that had ended");
        });
    }

    /// <summary>A caller gives up while a request for its grant is under way: that refresh comes to its end all the same.</summary>
    private void WatchFlight(SimulatedNode node, Held held)
    {
        if (Oracle.UnderWay(node.Life, held.Family) is not { } request)
            return;
        var flights = node.Flights;
        World.After(LongestFlight, () =>
        {
            var isKept = request.Rotation is not { IsDelivered: true } rotation || rotation.IsKept || rotation.DiskFailed || request.Family!.WasMixedUp;
            Journal.Check(
                "I11", request.Sender.IsOver || (request.HasEnded && flights is { IsCompleted: true, IsCanceled: false } && isKept),
                () => $"a caller of {request.Sender.Name} gave up, and the refresh of {held.Id} with {request.RefreshToken} did not go on: {flights.Status}, kept {isKept}");
        });
    }

    private void Refresh(SimulatedNode node, Held held)
    {
        if (!node.IsReady)
            return;
        Journal.Note($"{node.Name} is told to refresh {held.Id}");
        node.Run(async () => await node.Refresh(held.Id));
    }

    private void Report(SimulatedNode node, Held held)
    {
        if (!node.IsReady || Store.Find(held.Id, null) is not { Tokens.Generation: var generation })
            return;
        var family = held.Family;
        node.Run(async () =>
        {
            if (await node.Reject(held.Id, generation) && held.Family == family)
                _suspectSince[(family, generation)] = World.Now;
        });
    }

    private void Disconnect(SimulatedNode node, Held held)
    {
        if (!node.IsReady || held.IsChanging || !held.IsConnected)
            return;
        var family = held.Family;
        held.IsChanging = true;
        Journal.Note($"{held.Id} is disconnected on {node.Name}");
        node.Run(async () =>
        {
            try
            {
                await node.Ask(() =>
                {
                    held.IsConnected = false;
                    return Store.Disconnect(held.Id);
                });
                await node.Tell(held.Id);
                // A node that was stopped here may hear of it after the next consent.
                if (!held.IsConnected && held.Family == family)
                    held.DisconnectedAt = World.Now;
            }
            finally
            {
                held.IsChanging = false;
            }
        });
        // A node that dies meanwhile tells nobody.
        World.After(TimeSpan.FromSeconds(30), () => held.IsChanging = false);
    }

    private void Reconnect(SimulatedNode node, Held held)
    {
        if (!node.IsReady || held.IsChanging)
            return;
        held.IsChanging = true;
        Journal.Note($"{held.Id} is connected again on {node.Name}");
        node.Run(async () =>
        {
            try
            {
                await node.Ask(() =>
                {
                    // The consent is part of the statement: what the user granted and nobody stored is nobody's loss here.
                    (held.DisconnectedAt, held.IsConnected) = (null, true);
                    return Store.Connect(held.Id, held.UserId, held.Provider, held.Account, Consent(held));
                });
                await node.Tell(held.Id);
            }
            finally
            {
                held.IsChanging = false;
            }
        });
        World.After(TimeSpan.FromSeconds(30), () => held.IsChanging = false);
    }

    public void CrashAndRestart(SimulatedNode node)
    {
        if (!node.IsUp)
            return;
        // Shorter than the time that others wait for what it may hold, also when it dies again while it starts.
        var longest = !node.IsReady ? TimeSpan.FromSeconds(10) : TimeSpan.FromMinutes(Dice.Chance(0.2) ? 6 : 1);
        node.Crash();
        World.After(Dice.Span(TimeSpan.FromSeconds(1), longest), () =>
        {
            if (!node.IsUp)
                node.Start();
        });
    }

    public void DatabaseGoes(TimeSpan time)
    {
        if (DatabaseIsDown)
            return;
        Journal.Note($"the database goes away for {time.TotalSeconds:0} s");
        (DatabaseIsDown, DatabaseOutages, DatabaseDownSince) = (true, DatabaseOutages + 1, World.Now);
        World.After(time, () => DatabaseIsDown = false);
    }

    public void ProviderTrouble(string[] providers)
    {
        var provider = Dice.Of(providers);
        var trouble = (Trouble)Dice.Between(1, (int)Trouble.MixesUp - (Dice.Chance(0.7) ? 1 : 0));
        var chance = trouble == Trouble.MixesUp ? 0.2 : 0.3 + (0.7 * Dice.Share());
        Journal.Note($"{provider} is in trouble: {trouble} ({chance:0.0})");
        Oracle.Troubles[provider] = (trouble, chance);
        World.After(Dice.Span(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(90)), () => Oracle.Troubles.Remove(provider));
    }

    /// <summary>Everything works again, and time passes: longer than anybody waits for anything.</summary>
    private void Mend()
    {
        Journal.Note("everything is mended");
        World.Run(TimeSpan.FromMinutes(10));
        (ConnectionBreaks, DiskBreaks) = (0, 0);
        Oracle.Troubles.Clear();
        foreach (var node in _nodes)
            node.Strikes.Armed.Clear();
        // A disk that broke is replaced with its node.
        foreach (var node in _nodes.Where(node => node.IsUp))
            node.Crash();
        foreach (var node in _nodes)
            node.Start();
        for (var round = 0; round < 4; round++)
        {
            World.Run(TimeSpan.FromMinutes(6));
            foreach (var held in _held)
                Read(Dice.Of(_nodes), held);
        }

        Works = false;
        World.Run(TimeSpan.FromMinutes(2));
    }

    private void Judge()
    {
        foreach (var held in _held)
        {
            var row = Store.Find(held.Id, null)!;
            if (row.Tokens is null)
                JudgeDisconnected(held);
            else
                JudgeConnected(held, row);
        }

        Journal.Check("I18", Store.Outbox.TrueForAll(entry => entry.IsDelivered && entry.Attempts >= 1), () => "a revocation was never delivered");
    }

    private void JudgeDisconnected(Held held) => Journal.Check(
        "I17", held.Family.IsRevoked || held.Family.IsBeyondUs || held.Family.WasMixedUp,
        () => $"{held.Id} was disconnected and lives on at {held.Provider}: {held.Family.Current}");

    public void JudgeConnected(Held held, GrantRow row)
    {
        var refreshToken = row.OpenRefreshToken(Box)?.Reveal();
        var family = held.Family;
        var isUseless = family.EndedThere || family.WasMixedUp;
        var isHeld = refreshToken is not null && Oracle.IsAlive(refreshToken) && Oracle.FamilyOf(refreshToken) == family;
        Journal.Check("I1", isUseless || isHeld || family.IsBeyondUs, () => $"{held.Id} at {held.Provider} is lost: the provider has {family.Current} (revoked: {family.IsRevoked}), we hold {refreshToken} ({row.Integration.Status} {row.Integration.ReasonDetail})");
        if (isUseless)
            return;
        if (!isHeld)
            Journal.Window();
        Journal.Check("I8", row.Integration.IsActive || !isHeld, () => $"{held.Id} is {row.Integration.Status} ({row.Integration.ReasonDetail}) although its grant lives");
        if (!isHeld || !row.Integration.IsActive)
            return;
        Journal.Check("I9", row.Integration.Scopes.Count == 2, () => $"{held.Id} has lost scopes");
        // The grant can really be renewed: each live one is told to.
        var outcome = Renew(held);
        // An attempt whose end nobody knows is not followed by another one while the access token is good.
        if (outcome is { IsSuccess: false } && Store.Find(held.Id, null)!.Tokens is { IntentId: not null, ExpiresAt: { } end })
        {
            World.Run((end > World.TrueTime ? end - World.TrueTime : TimeSpan.Zero) + TimeSpan.FromMinutes(1));
            outcome = Renew(held);
        }

        Journal.Check("I13", outcome is { IsSuccess: true }, () => $"{held.Id} at {held.Provider} cannot be renewed in the end: {(outcome is { } ended && !ended.IsSuccess ? ended.Failure.Code.Code : "no answer")}; {Describe(held)}");
    }

    private string Describe(Held held)
    {
        var tokens = Store.Grants.First(grant => grant.Id == held.Id).Tokens!;
        return $"{tokens.Epoch}.{tokens.Generation} ends {tokens.ExpiresAt:HH:mm:ss}, fails {tokens.FailureCount}, next {tokens.NextRefreshAt:HH:mm:ss}, lease until {tokens.LeaseUntil:HH:mm:ss}, intent of {string.Join(',', tokens.IntentNodes ?? [])} at {tokens.IntentAt:HH:mm:ss} ({tokens.IntentRetries}), now {World.TrueTime:HH:mm:ss}";
    }

    private Grantkeeper.Errors.Result<GrantRow>? Renew(Held held)
    {
        var outcome = default(Grantkeeper.Errors.Result<GrantRow>?);
        var node = Dice.Of(_nodes);
        node.Run(async () => outcome = await node.Refresh(held.Id));
        World.Run(TimeSpan.FromSeconds(40));
        return outcome;
    }

    private void OnWrite(TwinGrant grant, int epochBefore, long before)
    {
        var tokens = grant.Tokens!;
        Journal.Check("I6", tokens.Epoch > epochBefore || tokens.Generation > before, () => $"{grant.Id} went from {epochBefore}.{before} to {tokens.Epoch}.{tokens.Generation}");
        if (grant.ToRow().OpenRefreshToken(Box) is not { } refreshToken)
            return;
        if (Oracle.RotationTo(refreshToken.Reveal()) is { } rotation)
            rotation.IsKept = true;
        var held = _held.Find(held => held.Id == grant.Id);
        if (tokens.Epoch > epochBefore && Oracle.FamilyOf(refreshToken.Reveal()) is { Code: { } code } consented)
            held = Consented(grant, held, consented, code);
        // During a consent the driver's own book changes in the same moment.
        if (held is not null && epochBefore == tokens.Epoch)
            Journal.Check("I7", Oracle.FamilyOf(refreshToken.Reveal()) == held.Family, () => $"a refresh of an earlier consent was written over {grant.Id}");
    }

    /// <summary>The product's own flow has stored a consent.</summary>
    private Held Consented(TwinGrant grant, Held? held, Family family, IssuedCode code)
    {
        Oracle.Codes.Stored(code, grant.UserId);
        family.Integration = grant.Id;
        if (held is null)
            _held.Add(held = new Held { Id = grant.Id, UserId = grant.UserId, Provider = grant.Provider, Account = code.Account });
        held.Family = family;
        return held;
    }

    private void OnHeld(GrantRow row, long fence) => Journal.Check(
        "I6", row.Tokens!.Fence == fence, () => $"a holder of {row.Integration.Id} wrote with fence {row.Tokens.Fence} although {fence} stands");

    private void OnCondemned(GrantRow row, string detail)
    {
        var refreshToken = row.OpenRefreshToken(Box)!.Value.Reveal();
        Journal.Check("I8", Oracle.HasRefused(refreshToken), () => $"{row.Integration.Id} was condemned ({detail}) although its provider had never refused {refreshToken}");
        var live = Store.Find(row.Integration.Id, null);
        Journal.Check("I8", live?.OpenRefreshToken(Box)?.Reveal() == refreshToken, () => $"{row.Integration.Id} was condemned for a refresh token that is no longer its own");
    }

    private static GrantkeeperOptions OptionsOf(string? providersPath) => new()
    {
        FrontendUrl = new Uri("https://app.sim.example"), PublicUrl = new Uri("https://app.sim.example"), PublicUrlIsSet = true, ProvidersPath = providersPath,
        Resilience = new ResilienceOptions { MaxConcurrency = 64 },
    };

    private static ProviderCatalogue ReadCatalogue(string[] configured)
    {
        var settings = configured.SelectMany(key => new[] { KeyValuePair.Create<string, string?>($"{key.ToUpperInvariant()}_CLIENT_ID", "client"), KeyValuePair.Create<string, string?>($"{key.ToUpperInvariant()}_CLIENT_SECRET", "client-secret") });
        var options = OptionsOf(Path.Combine(AppContext.BaseDirectory, "Simulator", "Providers"));
        var faults = new List<string>();
        return ProviderCatalogue.Read(new ConfigurationBuilder().AddInMemoryCollection(settings).Build(), options, [], faults) ?? throw new InvalidOperationException(string.Join('\n', faults));
    }
}
