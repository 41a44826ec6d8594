namespace Grantkeeper.Client.Contracts;

/// <summary>Body of <c>POST /api/v1/oauth/connect-sessions</c>.</summary>
public sealed record ConnectSessionRequest
{
    /// <summary>Whose accounts are connected. Required.</summary>
    public string? UserId { get; init; }

    /// <summary>The person or agent who acts, if that is not the user.</summary>
    public string? Actor { get; init; }

    /// <summary>Keys of the providers that the session offers. Default: all that are configured.</summary>
    public IReadOnlyList<string>? Providers { get; init; }

    /// <summary>Features of the product to connect for: connections that name nothing else ask for their scopes.</summary>
    public IReadOnlyList<string>? Features { get; init; }

    /// <summary>The user's role, when the operator's policy of scopes is to hold for what the session's browser asks for. Default: no role limits it.</summary>
    public string? Role { get; init; }

    /// <summary>Where the hosted page leads back to: a path of FRONTEND_URL or an allowed absolute URL. Default: FRONTEND_URL itself.</summary>
    public string? ReturnTo { get; init; }

    /// <summary>The origin of the page that opens popups with this session. Default: any of the product's origins.</summary>
    public string? OpenerOrigin { get; init; }

    /// <summary>
    /// True (default): a connection waits for a confirmation with the ticket that comes back with the browser. False: it is
    /// finished at once for whoever opened the link; only for links that nobody but the signed-in user can get at.
    /// </summary>
    public bool? Confirm { get; init; }

    /// <summary>The integration to connect again, and nothing else.</summary>
    public Guid? IntegrationId { get; init; }

    /// <summary>Language of the hosted page: en, de, es, fr or ja. Default: what the browser asks for.</summary>
    public string? Language { get; init; }
}

/// <summary>Answer of <c>POST /api/v1/oauth/connect-sessions</c>. A class, so that its secrets never print.</summary>
public sealed class CreatedConnectSession
{
    /// <summary>The session's id.</summary>
    public required Guid Id { get; init; }

    /// <summary>The credential of the browser module, <c>gk_cs_…</c>. Shown once; goes only to the page of the signed-in user.</summary>
    public required string Token { get; init; }

    /// <summary>The hosted connect page. Works once.</summary>
    public required string ConnectUrl { get; init; }

    /// <summary>When the session ends.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>Always <c>open</c>.</summary>
    public required string Status { get; init; }
}

/// <summary>Answer of <c>GET</c> and <c>DELETE /api/v1/oauth/connect-sessions/{id}</c>. Status: open, expired, ended. No secret.</summary>
/// <param name="Id">The session's id.</param>
/// <param name="Status">open, expired or ended.</param>
/// <param name="UserId">Whose accounts it connects.</param>
/// <param name="Providers">The providers that it offers; empty: all.</param>
/// <param name="IntegrationId">The integration that it connects again; null: none in particular.</param>
/// <param name="Confirm">Whether its connections wait for a confirmation.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="ExpiresAt">When it ends by itself.</param>
/// <param name="RedeemedAt">When its hosted page was opened; null: not yet.</param>
/// <param name="Flows">What was started in it, newest first, a hundred at most.</param>
public sealed record ConnectSessionEntry(
    Guid Id, string Status, string UserId, IReadOnlyList<string> Providers, Guid? IntegrationId, bool Confirm,
    DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, DateTimeOffset? RedeemedAt, IReadOnlyList<FlowAnswer> Flows);
