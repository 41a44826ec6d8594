using System.Text.Json;
using Grantkeeper.Sandbox.OAuth;

namespace Grantkeeper.Sandbox.Control;

/// <summary>How often what happened.</summary>
public sealed class Counters
{
    private const int CodesKept = 10_000;

    private readonly Lock gate = new();
    private readonly long[] values = new long[Enum.GetValues<Counter>().Length];
    private readonly Dictionary<string, long> byCode = new(StringComparer.Ordinal);

    /// <summary>One figure.</summary>
    public long this[Counter counter]
    {
        get { lock (gate) return values[(int)counter]; }
    }

    /// <summary>How often a code was presented.</summary>
    public long ExchangesOf(string code)
    {
        lock (gate) return byCode.GetValueOrDefault(Opaque.Fingerprint(code));
    }

    /// <summary>All figures under their wire names.</summary>
    public IReadOnlyList<KeyValuePair<string, long>> Figures()
    {
        lock (gate)
            return [.. Enum.GetValues<Counter>().Select(counter => KeyValuePair.Create(NameOf(counter), values[(int)counter]))];
    }

    /// <summary>Exchanges by the first 16 hexadecimal digits of the code's SHA-256, so that no code is shown.</summary>
    public IReadOnlyDictionary<string, long> ExchangesByCode()
    {
        lock (gate) return new Dictionary<string, long>(byCode);
    }

    internal void Add(Counter counter)
    {
        lock (gate) values[(int)counter]++;
    }

    internal void AddExchange(string? code)
    {
        lock (gate)
        {
            values[(int)Counter.CodeExchanges]++;
            if (code is null) return;
            var key = Opaque.Fingerprint(code);
            if (byCode.Count < CodesKept || byCode.ContainsKey(key)) byCode[key] = byCode.GetValueOrDefault(key) + 1;
        }
    }

    internal void Clear()
    {
        lock (gate)
        {
            Array.Clear(values);
            byCode.Clear();
        }
    }

    private static string NameOf(Counter counter) => JsonNamingPolicy.SnakeCaseLower.ConvertName(counter.ToString());
}
