using System.Diagnostics.Metrics;
using Grantkeeper.Providers;

namespace Grantkeeper.Resilience;

/// <summary>How a refresh ended, as it is counted.</summary>
internal enum RefreshEnd
{
    /// <summary>New tokens came and are stored.</summary>
    Refreshed,

    /// <summary>The provider or the network was in trouble; nothing was issued.</summary>
    Transient,

    /// <summary>The request left and no complete answer came: whether tokens were issued is not known.</summary>
    Unknown,

    /// <summary>The provider refused the refresh token.</summary>
    Rejected,

    /// <summary>
    /// The provider refused a refresh token whose earlier use had an unknown end: a grant lost in the window that nobody
    /// can close, from the provider's commit until its answer is on our disk.
    /// </summary>
    Lost,

    /// <summary>The provider refused our client or request.</summary>
    Misconfigured,

    /// <summary>The answer could not be read.</summary>
    Unreadable,

    /// <summary>The winner of two answers was refused, and the other one was used.</summary>
    Recovered,
}

/// <summary>Counts what became of refreshes.</summary>
internal interface IRefreshFigures
{
    /// <summary>Counts one refresh.</summary>
    void Count(string provider, RefreshEnd end, TimeSpan duration);

    /// <summary>Notes that a worker begins a refresh this long after it was due.</summary>
    void Began(string provider, TimeSpan late);
}

/// <summary>
/// Counts refreshes by provider and end: for metrics (meter <c>Grantkeeper</c>) at once, and for the pages by
/// <see cref="Take"/>, which a worker writes to the database.
/// </summary>
internal sealed class ProviderFigures : IRefreshFigures, IDisposable
{
    public const string MeterName = "Grantkeeper";

    private readonly Meter _meter;
    private readonly Counter<long> _refreshes;
    private readonly Histogram<double> _duration;
    private readonly Histogram<double> _lag;
    private readonly Lock _gate = new();
    private Dictionary<(string Provider, RefreshEnd End), int> _counts = [];

    public ProviderFigures(IMeterFactory meters, ProviderCalls calls)
    {
        _meter = meters.Create(MeterName);
        _refreshes = _meter.CreateCounter<long>("grantkeeper.refreshes", "{refresh}", "Refreshes by provider and end.");
        _duration = _meter.CreateHistogram<double>("grantkeeper.refresh.duration", "s", "From the first request of a refresh to its answer, by provider.");
        _lag = _meter.CreateHistogram<double>("grantkeeper.refresh.lag", "s", "How long after its time a refresh was begun, by provider.");
        _meter.CreateObservableGauge(
            "grantkeeper.circuit.state", () => calls.Circuits().Select(circuit => new Measurement<int>((int)circuit.State, Of(circuit.Provider))), null, "A provider's circuit on this node: 0 closed, 1 open, 2 half open.");
        _meter.CreateObservableGauge(
            "grantkeeper.provider.running", () => calls.Circuits().Select(circuit => new Measurement<int>(calls.LoadOf(circuit.Provider).Running, Of(circuit.Provider))), "{request}", "Operations at a provider that run on this node.");
    }

    public void Count(string provider, RefreshEnd end, TimeSpan duration)
    {
        _refreshes.Add(1, Of(provider), new KeyValuePair<string, object?>("end", Words.Of(end)));
        _duration.Record(duration.TotalSeconds, Of(provider));
        lock (_gate)
            _counts[(provider, end)] = _counts.GetValueOrDefault((provider, end)) + 1;
    }

    public void Began(string provider, TimeSpan late) => _lag.Record(late.TotalSeconds, Of(provider));

    /// <summary>What was counted since the last call.</summary>
    public IReadOnlyDictionary<(string Provider, RefreshEnd End), int> Take()
    {
        lock (_gate)
        {
            var taken = _counts;
            _counts = [];
            return taken;
        }
    }

    /// <summary>Puts back what could not be written.</summary>
    public void Return(IReadOnlyDictionary<(string Provider, RefreshEnd End), int> counts)
    {
        lock (_gate)
        {
            foreach (var (key, count) in counts)
                _counts[key] = _counts.GetValueOrDefault(key) + count;
        }
    }

    public void Dispose() => _meter.Dispose();

    private static KeyValuePair<string, object?> Of(string provider) => new("provider", provider);
}
