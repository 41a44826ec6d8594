using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace Grantkeeper.Client;

/// <summary>Whose token it is, and what it was asked to be good for.</summary>
internal readonly record struct TokenSlot(string Provider, string UserId, string? Account, string Scopes, TimeSpan MinTtl);

/// <summary>
/// Tokens in memory, bounded in number and in time: no longer than the server allows, and never so long that less than the
/// asked validity is left. Time is monotonic, so that a clock that is set back keeps nothing alive.
/// </summary>
internal sealed class TokenCache(IOptions<TokenCacheOptions> options, TimeProvider time)
{
    private readonly ConcurrentDictionary<TokenSlot, CachedToken> _tokens = new();
    private readonly TokenCacheOptions _options = options.Value;

    public int Count => _tokens.Count;

    /// <summary>The token that is kept; null when there is none that is still good.</summary>
    public CachedToken? Find(in TokenSlot id) =>
        _tokens.TryGetValue(id, out var token) && time.GetTimestamp() < token.Deadline ? token : null;

    /// <summary>Keeps a token, if it may be kept at all.</summary>
    /// <param name="id">Whose.</param>
    /// <param name="token">The token.</param>
    /// <param name="askedAt">The timestamp before it was asked for; from there its time counts.</param>
    public void Keep(in TokenSlot id, CachedToken token, long askedAt)
    {
        if (LifeOf(token, id.MinTtl) is not { Ticks: > 0 } life || _options.Capacity == 0)
            return;
        token.Deadline = askedAt + (long)(life.TotalSeconds * time.TimestampFrequency);
        if (_tokens.Count >= _options.Capacity && !_tokens.ContainsKey(id))
            MakeRoom();
        // A slow answer must not put back what has been renewed meanwhile.
        _tokens.AddOrUpdate(id, token, (_, present) =>
            present.Answer.IntegrationId == token.Answer.IntegrationId && present.Answer.Generation > token.Answer.Generation ? present : token);
    }

    /// <summary>Forgets a token that was refused, unless another one has taken its place.</summary>
    public void Forget(in TokenSlot id, CachedToken token)
    {
        if (_tokens.TryGetValue(id, out var present) && present.Answer.IntegrationId == token.Answer.IntegrationId && present.Answer.Generation == token.Answer.Generation)
            _tokens.TryRemove(KeyValuePair.Create(id, present));
    }

    private TimeSpan LifeOf(CachedToken token, TimeSpan minTtl)
    {
        var life = TimeSpan.FromSeconds(Math.Max(0, token.Answer.CacheSeconds));
        if (_options.MaxAge is { } most && most < life)
            life = most;
        if (token.Answer.ExpiresAt is not { } expiresAt)
            return life;
        var remaining = expiresAt - time.GetUtcNow();
        // A provider whose tokens are shorter than what is asked for would else be asked on every request.
        var usable = remaining < minTtl ? remaining / 2 : remaining - minTtl;
        return usable < life ? usable : life;
    }

    /// <summary>Drops what has ended, and at least a tenth, oldest first: a token lives a minute, so order among them hardly matters.</summary>
    private void MakeRoom()
    {
        var now = time.GetTimestamp();
        var byAge = _tokens.ToArray();
        Array.Sort(byAge, static (one, other) => one.Value.Deadline.CompareTo(other.Value.Deadline));
        var atLeast = byAge.Length - _options.Capacity + Math.Max(1, _options.Capacity / 10);
        for (var i = 0; i < byAge.Length && (i < atLeast || byAge[i].Value.Deadline <= now); i++)
            _tokens.TryRemove(byAge[i]);
    }
}
