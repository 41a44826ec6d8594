namespace Grantkeeper.Testing.Peers;

/// <summary>What has reached an <see cref="OidcProviderPeer"/> and what it did, since its start or its last reset.</summary>
/// <param name="Requests">How often each method and path was asked for, as in <c>POST /token</c>.</param>
/// <param name="Events">How often each event happened, as in <c>grant.success</c>.</param>
/// <param name="Log">The latest 1,000 events in order.</param>
/// <param name="Assertions">The client assertions that came; kept only by a peer that has keys of its client <c>pkjwt</c>.</param>
public sealed record OidcProviderStats(
    IReadOnlyDictionary<string, int> Requests,
    IReadOnlyDictionary<string, int> Events,
    IReadOnlyList<OidcProviderEvent> Log,
    IReadOnlyList<string> Assertions)
{
    /// <summary>How many requests reached the token endpoint.</summary>
    public int TokenRequests => Of("POST", OidcProviderPeer.TokenPath);

    /// <summary>How many refreshes succeeded.</summary>
    public int Refreshes => Log.Count(entry => entry is { Event: "grant.success", Grant: "refresh_token" });

    /// <summary>How many refreshes were refused.</summary>
    public int RefusedRefreshes => Log.Count(entry => entry is { Event: "grant.error", Grant: "refresh_token" });

    /// <summary>How many grants the provider has ended, for reuse of a token or on a revocation.</summary>
    public int RevokedGrants => EventCount("grant.revoked");

    /// <summary>How many requests had this method and path.</summary>
    public int Of(string method, string path) => Requests.GetValueOrDefault($"{method} {path}");

    /// <summary>How often an event happened.</summary>
    public int EventCount(string name) => Events.GetValueOrDefault(name);
}

/// <summary>One thing that an <see cref="OidcProviderPeer"/> did.</summary>
/// <param name="Event">Its name, as in <c>refresh_token.consumed</c>.</param>
/// <param name="Client">The client that caused it, if known.</param>
/// <param name="Grant">The grant type of the request, if it had one.</param>
/// <param name="RedirectUri">The redirect URI in the body of the request, if there was one.</param>
/// <param name="Error">The provider's own reason, which it does not tell its client.</param>
public sealed record OidcProviderEvent(string Event, string? Client, string? Grant, string? RedirectUri, string? Error);
