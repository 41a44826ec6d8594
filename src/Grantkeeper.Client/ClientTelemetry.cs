using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Grantkeeper.Client;

/// <summary>The names under which the client can be observed. Tags are few: the provider and how it ended.</summary>
public static class ClientTelemetry
{
    /// <summary>Activities: <c>grantkeeper.token</c>, one for each question for a token that memory could not answer.</summary>
    public const string ActivitySourceName = "Grantkeeper.Client";

    /// <summary>
    /// Meters: <c>grantkeeper.client.tokens</c> (count by provider and outcome: warm, fetched or an error code),
    /// <c>grantkeeper.client.token.duration</c> (seconds a question took), <c>grantkeeper.client.renewals</c> (count by provider
    /// and outcome: renewed, unchanged, refused).
    /// </summary>
    public const string MeterName = "Grantkeeper.Client";

    internal const string Warm = "warm";
    internal const string Fetched = "fetched";

    internal static readonly ActivitySource Source = new(ActivitySourceName);
    private static readonly Meter Meter = new(MeterName);
    private static readonly Counter<long> Tokens = Meter.CreateCounter<long>("grantkeeper.client.tokens", "{token}", "Tokens that requests asked for");
    private static readonly Histogram<double> Duration = Meter.CreateHistogram<double>("grantkeeper.client.token.duration", "s", "How long a question for a token took");
    private static readonly Counter<long> Renewals = Meter.CreateCounter<long>("grantkeeper.client.renewals", "{renewal}", "Tokens that an API refused");

    internal static void Served(string provider, string outcome) => Add(Tokens, provider, outcome);

    internal static void Renewed(string provider, string outcome) => Add(Renewals, provider, outcome);

    internal static void Waited(string provider, TimeSpan time) => Duration.Record(time.TotalSeconds, new KeyValuePair<string, object?>("grantkeeper.provider", provider));

    private static void Add(Counter<long> counter, string provider, string outcome)
    {
        if (counter.Enabled)
            counter.Add(1, new KeyValuePair<string, object?>("grantkeeper.provider", provider), new KeyValuePair<string, object?>("grantkeeper.outcome", outcome));
    }
}
