using System.Collections.Concurrent;
using System.Net;

namespace Grantkeeper.Identity;

/// <summary>
/// Slows down guessing of keys on the sign-in page: ten tries a minute and network address on this node. Keys are 256
/// random bits, so this keeps noise down rather than keys secret. A right key gives its tries back.
/// </summary>
internal sealed class SignInLimit(TimeProvider time)
{
    public const int TriesPerWindow = 10;
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1);
    private const int MostAddresses = 10_000;

    private readonly record struct Tries(int Count, long Since);

    private readonly ConcurrentDictionary<string, Tries> _tries = new(StringComparer.Ordinal);

    /// <summary>Counts a try; null when it may go on, else how long to wait.</summary>
    public TimeSpan? Count(IPAddress? address)
    {
        var now = time.GetTimestamp();
        if (_tries.Count >= MostAddresses)
            Forget(now);
        var tries = _tries.AddOrUpdate(ClientNetwork.Of(address), _ => new Tries(1, now), (_, old) => time.GetElapsedTime(old.Since, now) >= Window ? new Tries(1, now) : old with { Count = old.Count + 1 });
        return tries.Count > TriesPerWindow ? Window - time.GetElapsedTime(tries.Since, now) : null;
    }

    /// <summary>How many addresses are remembered.</summary>
    internal int Known => _tries.Count;

    /// <summary>The key was right.</summary>
    public void Clear(IPAddress? address) => _tries.TryRemove(ClientNetwork.Of(address), out _);

    private void Forget(long now)
    {
        foreach (var (network, tries) in _tries)
        {
            if (time.GetElapsedTime(tries.Since, now) >= Window)
                _tries.TryRemove(network, out _);
        }

        // All of them young: an attack from many addresses. Then everybody begins anew rather than memory growing.
        if (_tries.Count >= MostAddresses)
            _tries.Clear();
    }
}
