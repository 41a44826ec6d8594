using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Grantkeeper.Egress;
using Grantkeeper.Errors;
using Grantkeeper.Settings;
using Grantkeeper.Storage;
using Microsoft.Extensions.Logging;

namespace Grantkeeper.Identity;

/// <summary>What is limited, each counted apart.</summary>
internal enum LimitedOperation
{
    /// <summary>Starting a connection.</summary>
    Connect,

    /// <summary>Forcing a refresh.</summary>
    Refresh,

    /// <summary>Disconnecting.</summary>
    Revoke,

    /// <summary>Start links and callbacks, which carry no credential.</summary>
    Browse,
}

/// <summary>
/// How often users, keys and addresses may start, refresh and disconnect (R271, R274, R277). All nodes count in one table.
/// </summary>
/// <remarks>
/// A subject with a high limit is counted in blocks of a hundredth of it: a node takes a block and gives it out from
/// memory, so that the row of a busy key is touched once in hundreds of requests and never makes them wait for each other. A
/// refused subject is remembered until it fits again, so that a storm costs the database nothing. While the database is
/// away nothing is counted and everything is let through: the counters keep noise down and keep nobody apart, and a user
/// who wants to disconnect must be able to.
/// </remarks>
internal sealed class CallLimits(RateWindows windows, GrantkeeperOptions options, TimeProvider time, ILogger<CallLimits> logger)
{
    private const int BlocksPerLimit = 100;
    private const int MostRemembered = 10_000;
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan PauseWhenAway = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, Share> _shares = new(StringComparer.Ordinal);
    private readonly long _began = time.GetTimestamp();
    private TimeSpan _awayUntil;

    /// <summary>Since the start, by the monotonic clock: a wall clock that is set back must refuse nobody for an hour.</summary>
    private TimeSpan Now => time.GetElapsedTime(_began);

    /// <summary>What this node holds of a subject's limit. Guarded by itself.</summary>
    private sealed class Share
    {
        public int Left { get; set; }

        /// <summary>Until when <see cref="Left"/> may be given out.</summary>
        public TimeSpan LeftUntil { get; set; }

        public TimeSpan RefusedUntil { get; set; }
    }

    private readonly record struct Subject(string Name, int Limit)
    {
        public int Block => Math.Max(1, Limit / BlocksPerLimit);

        public byte[] Hash => SHA256.HashData(Encoding.UTF8.GetBytes(Name))[..16];
    }

    /// <summary>Counts an operation of a caller for a user. Failure: <c>identity.too_many_requests</c> with when to come back.</summary>
    /// <param name="operation">What is done.</param>
    /// <param name="caller">Who asks; null for a browser without a credential.</param>
    /// <param name="user">Whom it is about; null when nobody in particular.</param>
    /// <param name="address">Where the request comes from.</param>
    /// <param name="cancellation">Gives up.</param>
    public ValueTask<Failure?> Refusal(LimitedOperation operation, Caller? caller, string? user, IPAddress? address, CancellationToken cancellation) =>
        Refusal([.. Subjects(operation, caller, user, address).Where(subject => subject.Limit > 0)], cancellation);

    private IEnumerable<Subject> Subjects(LimitedOperation operation, Caller? caller, string? user, IPAddress? address)
    {
        var limits = options.Limits;
        if (user is not null)
            yield return new Subject($"{operation}\nuser\n{user}", limits.PerUser);
        if (caller is { Vouches: true })
            yield return new Subject($"{operation}\nkey\n{caller.Id}", limits.PerKey);
        else if (IsSomebodys(address))
            yield return new Subject($"{operation}\naddress\n{ClientNetwork.Of(address)}", limits.PerAddress);
    }

    /// <summary>
    /// Behind a proxy that the operator did not name, every request comes from the proxy, and counting its address would shut
    /// everybody out. Such a proxy stands in a private network; with named proxies an address is the one that they passed on.
    /// </summary>
    private bool IsSomebodys(IPAddress? address) =>
        address is not null && (options.KnownProxies.Count > 0 || AddressRanges.ReachOf(address) == AddressReach.Public);

    private async ValueTask<Failure?> Refusal(Subject[] subjects, CancellationToken cancellation)
    {
        var now = Now;
        if (subjects.Select(subject => RefusedFor(subject, now)).Max() is { } known)
            return TooMany(known);
        var needed = subjects.Where(subject => !TakeShare(subject, now)).ToArray();
        if (needed.Length == 0 || now < _awayUntil)
            return null;
        RateWindow[] counted;
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            counted = await windows.Take([.. needed.Select(subject => subject.Hash)], [.. needed.Select(subject => subject.Block)], either.Token);
        }
        catch (Exception exception) when (exception is StorageUnavailableException || (exception is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            _awayUntil = now + PauseWhenAway;
            IdentityLog.NotCounted(logger, (int)PauseWhenAway.TotalSeconds);
            return null;
        }

        return needed.Zip(counted).Select(entry => Keep(entry.First, entry.Second, now)).Max() is { } wait ? TooMany(wait) : null;
    }

    private TimeSpan? RefusedFor(Subject subject, TimeSpan now)
    {
        if (!_shares.TryGetValue(subject.Name, out var share))
            return null;
        lock (share)
            return share.RefusedUntil > now ? share.RefusedUntil - now : null;
    }

    private bool TakeShare(Subject subject, TimeSpan now)
    {
        if (!_shares.TryGetValue(subject.Name, out var share))
            return false;
        lock (share)
        {
            if (share.Left == 0 || share.LeftUntil <= now)
                return false;
            share.Left--;
            return true;
        }
    }

    /// <summary>Remembers what was taken, or until when nothing is; answers how long that is.</summary>
    private TimeSpan? Keep(Subject subject, RateWindow window, TimeSpan now)
    {
        var wait = window.Wait(subject.Limit, subject.Block);
        if (wait is null && subject.Block == 1)
            return null;
        // Many at once is an attack from many addresses: then everybody begins anew rather than memory growing.
        if (_shares.Count >= MostRemembered)
            _shares.Clear();
        var share = _shares.GetOrAdd(subject.Name, _ => new Share());
        lock (share)
        {
            if (wait is { } until)
            {
                share.RefusedUntil = now + until;
                return until;
            }

            share.Left = (share.LeftUntil > now ? share.Left : 0) + subject.Block - 1;
            share.LeftUntil = now + RateWindow.Length - window.Elapsed;
            return null;
        }
    }

    private static Failure TooMany(TimeSpan wait) => new(ErrorCatalogue.Identity.TooManyRequests) { RetryAfter = wait };
}
