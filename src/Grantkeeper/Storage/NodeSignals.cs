using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Grantkeeper.Storage;

/// <summary>
/// Signals over PostgreSQL's NOTIFY: one connection listens; each second this node says that it lives, and hears itself; ids
/// of changed grants go out after their commits, together, one statement every five milliseconds at most, since a NOTIFY
/// inside each change would make the changes wait for one another. Whoever asks for it is told when every living node has
/// heard.
/// </summary>
internal sealed class NodeSignals : BackgroundService, INodeSignals
{
    private const string ChangesChannel = "grantkeeper_changes";
    private const string BeatsChannel = "grantkeeper_beats";
    private const string HeardChannel = "grantkeeper_heard";

    /// <summary>A payload has room for 8,000 bytes.</summary>
    private const int MostIds = 200;

    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan HeardFor = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    private readonly string _url;
    private readonly Database _database;
    private readonly SharedTime _shared;
    private readonly Readiness _readiness;
    private readonly TimeProvider _time;
    private readonly ILogger<NodeSignals> _logger;
    private readonly string _node = Guid.NewGuid().ToString("N");
    private readonly ConcurrentQueue<(Guid Id, string? Request)> _outgoing = new();
    private readonly ConcurrentDictionary<string, Waiting> _waiting = new(StringComparer.Ordinal);
    private int _isSending;
    private long _heardAt;
    private bool _wasHeard;
    private volatile bool _isListening;

    private sealed record Waiting(HashSet<string> Nodes, TaskCompletionSource Done);

    /// <summary>Signals of one node. Its name here is new at every start: a restarted node is another one.</summary>
    public NodeSignals(string url, Database database, SharedTime shared, Readiness readiness, TimeProvider time, ILogger<NodeSignals> logger) =>
        (_url, _database, _shared, _readiness, _time, _logger) = (url, database, shared, readiness, time, logger);

    public Action<Guid?>? Changes { get; set; }

    public bool IsHeard => Volatile.Read(ref _heardAt) is > 0 and var at && _time.GetElapsedTime(at) < HeardFor;

    public void Changed(Guid integrationId)
    {
        Changes?.Invoke(integrationId);
        Send(integrationId, null);
    }

    public async Task ChangedEverywhere(Guid integrationId)
    {
        Changes?.Invoke(integrationId);
        try
        {
            var nodes = await _database.AsService(ServiceReason.Worker).ReadAll(
                "SELECT node FROM live_nodes WHERE beat_at > clock_timestamp() - interval '3 seconds' AND node <> $1", row => row.GetString(0), CancellationToken.None, _node);
            if (nodes.Count == 0)
                return;
            var request = Guid.NewGuid().ToString("N");
            var waiting = new Waiting([.. nodes], new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            _waiting[request] = waiting;
            try
            {
                Send(integrationId, request);
                await waiting.Done.Task.WaitAsync(LongestWait, _time);
            }
            catch (TimeoutException)
            {
                SignalsLog.NotHeard(_logger, integrationId, string.Join(' ', waiting.Nodes));
            }
            finally
            {
                _waiting.TryRemove(request, out _);
            }
        }
        catch (StorageUnavailableException)
        {
            // Nobody hears anything now, so nobody serves from memory in two seconds; the change itself stands.
            await Task.Delay(HeardFor, _time);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await _readiness.Ready.WaitAsync(stoppingToken);
        await Task.WhenAll(Listen(stoppingToken), Live(stoppingToken));
    }

    /// <summary>Listens, and listens again after a connection broke; what was said meanwhile is unknown, so everything is dropped.</summary>
    private async Task Listen(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                var url = DatabaseUrl.ForApplication(DatabaseUrl.Parse(_url).Value);
                (url.Pooling, url.KeepAlive, url.ApplicationName) = (false, 5, "grantkeeper-signals");
                await using var connection = new NpgsqlConnection(url.ConnectionString);
                await connection.OpenAsync(stop);
                connection.Notification += (_, signal) => Hear(signal.Channel, signal.Payload);
                await using (var listen = new NpgsqlCommand($"LISTEN {ChangesChannel}; LISTEN {BeatsChannel}; LISTEN {HeardChannel}", connection))
                    await listen.ExecuteNonQueryAsync(stop);
                Changes?.Invoke(null);
                _isListening = true;
                while (true)
                    await connection.WaitAsync(stop);
            }
            catch (Exception) when (!stop.IsCancellationRequested)
            {
                // Whatever it was: a node that cannot listen goes on, reads the database for every token, and tries again.
                _isListening = false;
                Volatile.Write(ref _heardAt, 0);
                await Task.Delay(Beat, _time, CancellationToken.None);
            }
            catch (Exception)
            {
                // Stopping: the connection was given up.
                return;
            }
        }
    }

    /// <summary>Each second: says that this node lives, if it listens, and reads the database's clock.</summary>
    private async Task Live(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Beat, _time);
        try
        {
            do
            {
                await Say(stop);
                Tell();
            }
            while (await timer.WaitForNextTickAsync(stop));
        }
        catch (OperationCanceledException)
        {
            // Stopping: the beat ends by itself within seconds.
        }
    }

    private async Task Say(CancellationToken stop)
    {
        var askedAt = _time.GetTimestamp();
        try
        {
            var now = await _database.AsService(ServiceReason.Worker).List(
                """
                WITH beat AS (
                    INSERT INTO live_nodes (node, beat_at) SELECT $1, clock_timestamp() WHERE $2
                    ON CONFLICT (node) DO UPDATE SET beat_at = clock_timestamp() RETURNING node
                ), gone AS (
                    DELETE FROM live_nodes WHERE beat_at < clock_timestamp() - interval '1 hour'
                ), said AS (SELECT pg_notify($3, node) FROM beat)
                SELECT clock_timestamp(), (SELECT count(*) FROM said)
                """,
                row => row.Time(0), stop, _node, _isListening, BeatsChannel);
            _shared.Take(now[0], askedAt);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // The next second tries again; meanwhile nothing is served from memory.
        }
    }

    private void Tell()
    {
        var isHeard = IsHeard;
        if (isHeard == _wasHeard)
            return;
        _wasHeard = isHeard;
        if (isHeard)
            SignalsLog.Heard(_logger);
        else
            SignalsLog.Deaf(_logger);
    }

    private void Hear(string channel, string payload)
    {
        switch (channel)
        {
            case BeatsChannel:
                if (payload == _node)
                    Volatile.Write(ref _heardAt, _time.GetTimestamp());
                break;
            case ChangesChannel:
                HearChanges(payload);
                break;
            case HeardChannel when payload.Split(' ') is [var request, var node] && _waiting.TryGetValue(request, out var waiting):
                lock (waiting)
                {
                    waiting.Nodes.Remove(node);
                    if (waiting.Nodes.Count == 0)
                        waiting.Done.TrySetResult();
                }

                break;
        }
    }

    /// <summary><c>{request or -} {id} {id} …</c>: drops, and says so to whoever asked.</summary>
    private void HearChanges(string payload)
    {
        var parts = payload.Split(' ');
        foreach (var part in parts.AsSpan(1))
        {
            if (Guid.TryParse(part, out var id))
                Changes?.Invoke(id);
        }

        if (parts[0] != "-" && !_waiting.ContainsKey(parts[0]))
            _ = Answer(parts[0]);
    }

    private async Task Answer(string request)
    {
        try
        {
            await Notify(HeardChannel, $"{request} {_node}");
        }
        catch (Exception)
        {
            // Whoever asked waits five seconds at most.
        }
    }

    private void Send(Guid id, string? request)
    {
        _outgoing.Enqueue((id, request));
        if (Interlocked.Exchange(ref _isSending, 1) == 0)
            _ = SendAll();
    }

    private async Task SendAll()
    {
        do
        {
            try
            {
                while (Next() is { } payload)
                {
                    await Notify(ChangesChannel, payload);
                    await Task.Delay(Between, _time);
                }
            }
            catch (Exception)
            {
                // Nobody hears anything now; those who listen again drop everything.
            }
            finally
            {
                Volatile.Write(ref _isSending, 0);
            }
        }
        while (!_outgoing.IsEmpty && Interlocked.Exchange(ref _isSending, 1) == 0);
    }

    /// <summary>What goes out together: many changes, or one with its request.</summary>
    private string? Next()
    {
        var ids = new List<Guid>();
        while (ids.Count < MostIds && _outgoing.TryPeek(out var next) && (next.Request is null || ids.Count == 0) && _outgoing.TryDequeue(out next))
        {
            ids.Add(next.Id);
            if (next.Request is { } request)
                return $"{request} {next.Id}";
        }

        return ids.Count == 0 ? null : $"- {string.Join(' ', ids)}";
    }

    private Task<int> Notify(string channel, string payload) => _database.AsService(ServiceReason.Worker).Execute("SELECT pg_notify($1, $2)", CancellationToken.None, channel, payload);
}
