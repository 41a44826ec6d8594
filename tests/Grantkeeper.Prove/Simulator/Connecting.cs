using Grantkeeper.Audit;
using Grantkeeper.Connect;
using Grantkeeper.Encryption;
using Grantkeeper.Errors;
using Grantkeeper.Failpoints;
using Grantkeeper.OAuth;
using Grantkeeper.Storage;

namespace Grantkeeper.Prove.Simulator;

/// <summary>
/// The second act of a run: people connect accounts through the product's own flow, on the same nodes. Callbacks come twice,
/// on several nodes at once, again later and too late; links and tickets are stolen; nodes crash and stop, connections break
/// after their commit, the provider is in trouble. In the end everything is mended and tried once more, and readers come in
/// bursts.
/// </summary>
internal sealed class Connecting(Simulation simulation)
{
    public const string Provider = "sim_code";

    private const int Bursts = 3;
    private static readonly TimeSpan LongestPark = TimeSpan.FromMinutes(5);
    private readonly List<Attempt> _attempts = [];

    private World World => simulation.World;

    private Dice Dice => simulation.World.Dice;

    private Journal Journal => simulation.Journal;

    /// <summary>One flow, as the people know it who have to do with it.</summary>
    private sealed class Attempt
    {
        public required int Number { get; init; }

        /// <summary>Who started it, and whose integration it makes.</summary>
        public required string UserId { get; init; }

        /// <summary>Who opens the link and grants access: somebody else when the link was sent to a victim.</summary>
        public required string Person { get; init; }

        public required Completion Completion { get; init; }

        /// <summary>True when a back end hands the callback in.</summary>
        public required bool IsHandedIn { get; init; }

        /// <summary>Null until a node has answered to the start.</summary>
        public StartedFlow? Started { get; set; }

        public long StartedAt { get; set; }

        /// <summary>The cookie of the browser that was bound.</summary>
        public string? Cookie { get; set; }

        public IssuedCode? Code { get; set; }

        public bool WasCalledBack { get; set; }

        public Secret Ticket { get; set; }

        public long ParkedAt { get; set; }

        public bool WasConfirmed { get; set; }

        /// <summary>A node has said that it could not reach the database for too long.</summary>
        public bool WasGivenUp { get; set; }

        /// <summary>Somebody was told how it ended: what follows is a page that is loaded again.</summary>
        public bool HasEnded { get; set; }

        /// <summary>The browser was closed while a node worked for it.</summary>
        public bool WasLeft { get; set; }

        public bool IsStolen => Person != UserId;
    }

    public void Run()
    {
        simulation.ConnectionBreaks = Dice.Chance(0.5) ? 0.03 : 0;
        for (var left = Dice.Between(80, 110); left > 0; left--)
        {
            Act();
            World.Run(Dice.Chance(0.03) ? Dice.Span(TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(11)) : Dice.Chance(0.4) ? TimeSpan.FromMilliseconds(Dice.Below(300)) : Dice.Span(TimeSpan.Zero, TimeSpan.FromSeconds(4)));
        }

        Mend();
        Judge();
        for (var left = Bursts; left > 0; left--)
            Burst(Dice.Of(simulation.Integrations));
    }

    private void Act()
    {
        var node = Dice.Of(simulation.Nodes);
        switch (Dice.Below(100))
        {
            case < 18:
                Start(node);
                break;
            case < 76 when _attempts.FindAll(attempt => !attempt.HasEnded) is { Count: > 0 } open:
                GoOn(Dice.Of(open));
                break;
            case < 80 when _attempts.Count > 0:
                Again(Dice.Of(_attempts));
                break;
            case < 85 when Connected() is { Count: > 0 } connected:
                simulation.Read(node, Dice.Of(connected));
                break;
            case < 87:
                simulation.CrashAndRestart(node);
                break;
            case < 89:
                node.Life.Pause(Dice.Span(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60)));
                break;
            case < 91:
                simulation.DatabaseGoes(Dice.Span(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(40)));
                break;
            case < 93:
                simulation.ProviderTrouble([Provider]);
                break;
            default:
                node.Strikes.Armed[Dice.Of(Points.Connect)] = (Strike)Dice.Below(5);
                break;
        }
    }

    private List<Simulation.Held> Connected() => [.. simulation.Integrations.Where(held => held.Provider == Provider)];

    private void Start(SimulatedNode node)
    {
        if (!node.IsReady)
            return;
        var number = _attempts.Count + 1;
        var user = $"user-{Dice.Below(4)}";
        var isStolen = Dice.Chance(0.25);
        var isHandedIn = Dice.Chance(0.2);
        var attempt = new Attempt
        {
            Number = number, UserId = user, Person = isStolen ? "user-victim" : user, IsHandedIn = isHandedIn,
            // A flow that ends without its user's word is for pages to which nobody else can be sent.
            Completion = isStolen || Dice.Chance(0.6) ? Completion.Confirm : Completion.Direct,
        };
        _attempts.Add(attempt);
        Journal.Note($"flow {number} of {user} is started on {node.Name}, for {attempt.Person}, {attempt.Completion}{(isHandedIn ? ", handed in" : "")}");
        node.Run(async () =>
        {
            var started = await node.Connect.Start(new StartRequest { Provider = Provider, UserId = user, Completion = attempt.Completion }, AuditSource.Background, default);
            (attempt.Started, attempt.StartedAt) = (started.Value, World.Now);
        });
    }

    /// <summary>The next step of a flow.</summary>
    private void GoOn(Attempt attempt)
    {
        if (attempt.Started is null)
            return;
        if (attempt.Code is null)
            OnNodes(node => Open(node, attempt));
        else if (attempt.Ticket.IsEmpty)
            OnNodes(node => CallBack(node, attempt));
        else
            OnNodes(node => Confirm(node, attempt, Dice.Chance(0.15) ? "user-thief" : attempt.Person));
    }

    /// <summary>An old page is loaded again, whatever became of the flow meanwhile.</summary>
    private void Again(Attempt attempt)
    {
        if (attempt.Code is null)
            return;
        OnNodes(node => CallBack(node, attempt));
        if (!attempt.Ticket.IsEmpty)
            OnNodes(node => Confirm(node, attempt, attempt.Person));
    }

    /// <summary>On one node, or on several in the same moment.</summary>
    private void OnNodes(Action<SimulatedNode> act)
    {
        for (var times = Dice.Chance(0.5) ? 1 : Dice.Between(2, 4); times > 0; times--)
        {
            if (Dice.Of(simulation.Nodes) is { IsReady: true } node)
                act(node);
        }
    }

    private void Open(SimulatedNode node, Attempt attempt) => node.Run(async () =>
    {
        var cookie = $"cookie {attempt.Number} {Dice.Next()}";
        var opened = await node.Connect.Open(attempt.Started!.StartHandle.Reveal(), cookie, _ => attempt.Cookie, default);
        if (attempt.Code is not null)
            return;
        if (!opened.TryGet(out var flow, out _))
        {
            // The answer to the tab that was bound may still be on its way; or it was lost, and the link with it.
            attempt.HasEnded = Dice.Chance(0.3);
            return;
        }

        (attempt.Cookie, attempt.HasEnded) = (attempt.Cookie ?? cookie, false);
        var code = attempt.Code = simulation.Oracle.Codes.Authorize(attempt.Person, $"account of {attempt.Person}", new Uri(flow.AuthorizationUrl.Reveal()));
        Journal.Note($"{attempt.Person} grants {code.Text} for flow {attempt.Number}");
        if (attempt.IsStolen)
            code.Forbidden = $"it opens the account of {attempt.Person}, and {attempt.UserId} has started its flow";
    });

    private void CallBack(SimulatedNode node, Attempt attempt)
    {
        var code = attempt.Code!;
        if (!attempt.WasCalledBack && World.Now - attempt.StartedAt > ConnectFlow.Lifetime.Ticks)
            code.Forbidden ??= "its flow had ended before it came";
        attempt.WasCalledBack = true;
        var answer = new AuthorizationResponse(attempt.Started!.State, new Secret(code.Text), null, null, null);
        // Whose session the browser carries decides nothing where a back end vouches for its user.
        var bearer = attempt.IsHandedIn ? new CallbackBearer(null, attempt.Person, true) : new CallbackBearer(attempt.Cookie, Dice.Chance(0.2) ? attempt.Person : null, false);
        Journal.Note($"the callback of flow {attempt.Number} comes to {node.Name}");
        Ask(node, attempt, cancellation => node.Connect.Complete(Provider, answer, bearer, AuditSource.Background, cancellation), completed =>
        {
            if (!completed.IsParked)
                attempt.HasEnded = attempt.Ticket.IsEmpty;
            else if (attempt.Ticket.IsEmpty)
                (attempt.Ticket, attempt.ParkedAt, attempt.HasEnded) = (completed.Ticket, World.Now, false);
        });
    }

    private void Confirm(SimulatedNode node, Attempt attempt, string user)
    {
        var code = attempt.Code!;
        if (!attempt.WasConfirmed && World.Now - attempt.ParkedAt > LongestPark.Ticks)
            code.Forbidden ??= "it was parked for too long";
        attempt.WasConfirmed = true;
        Journal.Note($"{user} confirms flow {attempt.Number} on {node.Name}");
        Ask(node, attempt, cancellation => node.Connect.Confirm(attempt.Started!.FlowId, attempt.Ticket, user, AuditSource.Background, cancellation), completed =>
        {
            attempt.HasEnded = true;
            if (completed.Failure?.Code != ErrorCatalogue.Connect.SubjectMismatch)
                return;
            code.Forbidden ??= $"{user} came with its ticket";
            Journal.Check("I4", code.Sendings == 0, () => $"{code.Text} was sent although it was destroyed for {user}");
        });
    }

    /// <summary>A request of a browser, which may be closed while it waits.</summary>
    private void Ask(SimulatedNode node, Attempt attempt, Func<CancellationToken, Task<Completed>> request, Action<Completed> answered)
    {
        var (life, browser) = (node.Life, new CancellationTokenSource());
        if (Dice.Chance(0.15))
            World.After(Dice.Span(TimeSpan.Zero, TimeSpan.FromSeconds(1)), () => life.Run(browser.Cancel));
        node.Run(async () =>
        {
            try
            {
                var completed = await request(browser.Token);
                if (!browser.IsCancellationRequested)
                    answered(completed);
            }
            catch (OperationCanceledException) when (browser.IsCancellationRequested)
            {
                // Before the code was sent: its user has to begin again.
            }
            catch (StorageUnavailableException)
            {
                attempt.WasGivenUp = true;
                throw;
            }
            finally
            {
                attempt.WasLeft |= browser.IsCancellationRequested;
            }
        });
    }

    /// <summary>Everything works again, every flow is too old, and all that was ever sent comes once more.</summary>
    private void Mend()
    {
        Journal.Note("everything is mended again");
        simulation.ConnectionBreaks = 0;
        World.Run(TimeSpan.FromMinutes(3));
        simulation.Oracle.Troubles.Clear();
        foreach (var node in simulation.Nodes)
            node.Strikes.Armed.Clear();
        World.Run(ConnectFlow.Lifetime);
        foreach (var attempt in _attempts.Where(attempt => attempt.Code is not null))
        {
            attempt.Code!.Forbidden ??= "every flow has ended";
            Again(attempt);
        }

        World.Run(TimeSpan.FromMinutes(1));
    }

    private void Judge()
    {
        foreach (var attempt in _attempts)
        {
            if (attempt.Code is { IsDelivered: true, Sender.IsOver: false } code && !attempt.WasGivenUp)
                Journal.Check(attempt.WasLeft ? "I11" : "I1", code.Stores == 1, () => $"{code.Sender.Name} had the tokens of {code.Text}, and they are not stored");
        }

        foreach (var held in Connected())
            simulation.JudgeConnected(held, simulation.Store.Find(held.Id, null)!);
    }

    /// <summary>Many readers of one grant that is about to end, on all nodes, while nothing is wrong: one request renews it for all.</summary>
    private void Burst(Simulation.Held held)
    {
        if (simulation.Store.Find(held.Id, null) is not { Integration.IsActive: true, Tokens: { IntentId: null, FailureCount: 0, ExpiresAt: { } end } } row
            || row.OpenRefreshToken(simulation.Box) is not { } refreshToken || !simulation.Oracle.IsAlive(refreshToken.Reveal()) || held.Family.WasMixedUp)
            return;
        var wait = end - World.TrueTime - Dice.Span(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(9));
        World.Run(wait > TimeSpan.Zero ? wait : TimeSpan.Zero);
        Journal.Note($"a burst of readers of {held.Id}, while nothing is wrong");
        var before = simulation.Oracle.Requests;
        for (var readers = Dice.Between(5, 20); readers > 0; readers--)
            simulation.Read(Dice.Of(simulation.Nodes), held);
        World.Run(TimeSpan.FromSeconds(20));
        var requests = simulation.Oracle.Requests - before;
        Journal.Check("I12", requests == 1, () => $"{requests} requests for the readers of {held.Id} at {held.Provider}");
    }
}
