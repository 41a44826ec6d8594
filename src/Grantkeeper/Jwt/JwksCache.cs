using System.Net;
using Grantkeeper.Egress;

namespace Grantkeeper.Jwt;

/// <summary>
/// Keeps the key sets of issuers, by address and trust. Callers who need the same set at the same time share one fetch, and
/// a fetch that fails leaves the keys that are held in place.
/// </summary>
/// <remarks>
/// A set is fresh for an hour. A token whose <c>kid</c> is not in it causes one more fetch, at most once in 60 seconds per
/// address, so that invented key names cannot drive traffic. After a failure the next try comes 5 seconds later. Keys that
/// could not be renewed for 24 hours are no longer used. Beyond 1,000 addresses the one fetched longest ago is dropped.
/// </remarks>
internal sealed class JwksCache(IEgress egress, TimeProvider time)
{
    internal const int MaxEntries = 1000;
    internal static readonly TimeSpan FreshFor = TimeSpan.FromHours(1);
    internal static readonly TimeSpan UsableFor = TimeSpan.FromHours(24);
    internal static readonly TimeSpan PauseAfterMiss = TimeSpan.FromSeconds(60);
    internal static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(5);

    private static readonly EgressLimits Limits = new() { MaxBodyBytes = 256 * 1024 };

    private readonly Lock _gate = new();
    private readonly Dictionary<(Uri, EgressTrust), JwksEntry> _entries = [];

    /// <summary>Verifies a token with the issuer's keys, and once more with newer ones when its key is not among them.</summary>
    /// <param name="token">The token.</param>
    /// <param name="rules">Its rules; <see cref="JwtRules.Keys"/> is not looked at.</param>
    /// <param name="jwksUri">The address of the issuer's key set.</param>
    /// <param name="trust">Who wrote that address.</param>
    /// <param name="cancellation">Stops waiting; the fetch that others may share goes on.</param>
    public async Task<JwtVerification> Verify(string token, JwtRules rules, Uri jwksUri, EgressTrust trust, CancellationToken cancellation)
    {
        var verdict = JwtVerifier.Verify(token, rules, await Keys(jwksUri, trust, afterMiss: false, cancellation), time.GetUtcNow());
        return verdict.Fault is JwtFault.KeyUnknown
            ? JwtVerifier.Verify(token, rules, await Keys(jwksUri, trust, afterMiss: true, cancellation), time.GetUtcNow())
            : verdict;
    }

    /// <summary>The keys behind an address; null when they could not be fetched and none are held.</summary>
    /// <param name="jwksUri">The address of the key set.</param>
    /// <param name="trust">Who wrote that address.</param>
    /// <param name="afterMiss">True when the keys given before lack the one that is needed.</param>
    /// <param name="cancellation">Stops waiting; the fetch goes on.</param>
    public async Task<JsonWebKeySet?> Keys(Uri jwksUri, EgressTrust trust, bool afterMiss, CancellationToken cancellation)
    {
        var (entry, fetch) = Join(jwksUri, trust, afterMiss);
        if (fetch is not null) await fetch.WaitAsync(cancellation);
        lock (_gate) return entry.Usable(time.GetUtcNow());
    }

    /// <summary>Finds the entry and the fetch to wait for: the one under way, a new one if one is due, or none.</summary>
    private (JwksEntry Entry, Task? Fetch) Join(Uri jwksUri, EgressTrust trust, bool afterMiss)
    {
        lock (_gate)
        {
            var now = time.GetUtcNow();
            if (!_entries.TryGetValue((jwksUri, trust), out var entry))
            {
                DropOldest();
                _entries[(jwksUri, trust)] = entry = new JwksEntry();
            }
            if (entry.Fetch is null && entry.Begin(now, afterMiss)) entry.Fetch = Task.Run(() => Fetch(entry, jwksUri, trust), CancellationToken.None);
            return (entry, entry.Fetch);
        }
    }

    private async Task Fetch(JwksEntry entry, Uri jwksUri, EgressTrust trust)
    {
        JsonWebKeySet? keys = null;
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, jwksUri);
            request.Headers.Accept.ParseAdd("application/jwk-set+json, application/json");
            var outcome = await egress.Send(request, trust, Limits, CancellationToken.None);
            if (outcome.IsAnswer && outcome.Response.Status is HttpStatusCode.OK
                && JsonWebKeySet.TryParse(outcome.Response.Body, out var set)) keys = set;
        }
        finally
        {
            lock (_gate) entry.End(keys, time.GetUtcNow());
        }
    }

    private void DropOldest()
    {
        if (_entries.Count < MaxEntries) return;
        _entries.Remove(_entries.MinBy(pair => pair.Value.LastAttempt).Key);
    }
}
