using System.Collections.Concurrent;
using Grantkeeper.Errors;
using Grantkeeper.Settings;

namespace Grantkeeper.Identity;

/// <summary>How often one user's browser, or one key, may read in a minute: counted on this node, in memory, and nowhere else.</summary>
internal sealed class ReadLimit(GrantkeeperOptions options, TimeProvider time)
{
    private const int MostRemembered = 10_000;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly record struct Reads(int Count, long Since);

    private readonly ConcurrentDictionary<string, Reads> _reads = new(StringComparer.Ordinal);

    /// <summary>Counts a read. Failure: <c>identity.too_many_requests</c>.</summary>
    public Failure? Refusal(Caller caller)
    {
        var limit = caller.User is null ? options.Limits.ReadsPerKey : options.Limits.ReadsPerUser;
        if (limit == 0)
            return null;
        var now = time.GetTimestamp();
        if (_reads.Count >= MostRemembered)
            _reads.Clear();
        var reads = _reads.AddOrUpdate(
            caller.Id, _ => new Reads(1, now), (_, old) => time.GetElapsedTime(old.Since, now) >= Window ? new Reads(1, now) : old with { Count = old.Count + 1 });
        return reads.Count <= limit ? null : new Failure(ErrorCatalogue.Identity.TooManyRequests) { RetryAfter = Window - time.GetElapsedTime(reads.Since, now) };
    }
}
