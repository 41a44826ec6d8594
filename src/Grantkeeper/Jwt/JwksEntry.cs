namespace Grantkeeper.Jwt;

/// <summary>One key set of the <see cref="JwksCache"/> and what was tried for it. Guarded by the cache's lock.</summary>
internal sealed class JwksEntry
{
    private JsonWebKeySet? _keys;
    private DateTimeOffset _fetchedAt = DateTimeOffset.MinValue;
    private DateTimeOffset _missFetchedAt = DateTimeOffset.MinValue;
    private bool _failed;

    /// <summary>The fetch under way; null when there is none.</summary>
    public Task? Fetch { get; set; }

    /// <summary>When the last fetch began.</summary>
    public DateTimeOffset LastAttempt { get; private set; } = DateTimeOffset.MinValue;

    /// <summary>The keys, unless they are older than may be used.</summary>
    public JsonWebKeySet? Usable(DateTimeOffset now) => now - _fetchedAt < JwksCache.UsableFor ? _keys : null;

    /// <summary>Decides whether a fetch is due, and notes that it begins.</summary>
    public bool Begin(DateTimeOffset now, bool afterMiss)
    {
        if (_failed && now - LastAttempt < JwksCache.PauseAfterFailure) return false;
        var stale = now - _fetchedAt >= JwksCache.FreshFor;
        if (!stale && (!afterMiss || now - _missFetchedAt < JwksCache.PauseAfterMiss)) return false;
        if (afterMiss) _missFetchedAt = now;
        LastAttempt = now;
        return true;
    }

    /// <summary>Notes how the fetch ended; null keeps the keys that are held.</summary>
    public void End(JsonWebKeySet? keys, DateTimeOffset now)
    {
        Fetch = null;
        _failed = keys is null;
        if (keys is null) return;
        _keys = keys;
        _fetchedAt = now;
    }
}
