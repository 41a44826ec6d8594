using Grantkeeper.Providers;
using Grantkeeper.Resilience;

namespace Grantkeeper.Testing.Twins;

/// <summary>The places in providers' limits, in memory.</summary>
internal sealed class PacesTwin(TimeProvider time) : IRequestPaces
{
    private readonly Dictionary<string, DateTimeOffset> _takenUntil = [];

    public Task<Places> Take(string provider, RateLimit limit, int count, CancellationToken cancellation)
    {
        lock (_takenUntil)
        {
            var earliest = time.GetUtcNow() - (limit.Every * (limit.Burst - 1));
            var first = _takenUntil.TryGetValue(provider, out var until) && until > earliest ? until : earliest;
            _takenUntil[provider] = first + (limit.Every * count);
            return Task.FromResult(new Places(count, first - time.GetUtcNow()));
        }
    }
}
