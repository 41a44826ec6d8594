namespace Grantkeeper.Client.Contracts;

/// <summary>Answer of <c>GET /oauth/{provider}/auth</c>. A class, so that the state and the link never print.</summary>
public sealed class AuthorizationUrl
{
    /// <summary>The one-time start link; send the user's browser there.</summary>
    public required string AuthUrl { get; init; }

    /// <summary>The state parameter of the authorization request.</summary>
    public required string State { get; init; }

    /// <summary>The flow's id, for <c>GET /api/v1/oauth/flows/{flow_id}</c>.</summary>
    public required Guid FlowId { get; init; }

    /// <summary>The provider's key.</summary>
    public required string ProviderKey { get; init; }

    /// <summary>The provider's name for people.</summary>
    public required string DisplayName { get; init; }

    /// <summary>Seconds until the link stops working.</summary>
    public required int ExpiresIn { get; init; }

    /// <summary>Origins that a popup's opener accepts the result message from.</summary>
    public required IReadOnlyList<string> TrustedOrigins { get; init; }

    /// <summary>Further facts; <c>provider_authorization_url</c> for administrators only.</summary>
    public required IReadOnlyDictionary<string, object?> Details { get; init; }
}

/// <summary>Body of <c>POST /api/v1/oauth/initiate</c>.</summary>
public sealed record InitiateRequest
{
    /// <summary>The provider's key. Required.</summary>
    public string? Provider { get; init; }

    /// <summary>Scopes to ask for; default: the provider's own default.</summary>
    public IReadOnlyList<string>? Scopes { get; init; }

    /// <summary>Features of the product whose scopes are asked for, on top of what was granted before.</summary>
    public IReadOnlyList<string>? Features { get; init; }

    /// <summary>The user's role, when the operator's policy of scopes is to hold for a request with an API key.</summary>
    public string? Role { get; init; }

    /// <summary>Must equal the configured redirect URI when sent.</summary>
    public string? RedirectUri { get; init; }

    /// <summary>Where the browser goes afterwards: a path of FRONTEND_URL or an allowed absolute URL. Without it, the popup page answers.</summary>
    public string? ReturnTo { get; init; }

    /// <summary>Whose account it will be. Required with an API key.</summary>
    public string? UserId { get; init; }

    /// <summary>The person or agent who acts, if that is not the user.</summary>
    public string? Actor { get; init; }

    /// <summary>True (default): the code waits for a confirmation with the ticket that comes back with the browser. False: it is redeemed at once.</summary>
    public bool? Confirm { get; init; }

    /// <summary>The account to preselect at the provider.</summary>
    public string? LoginHint { get; init; }

    /// <summary>The integration to connect again; it keeps its id and insists on the same account.</summary>
    public Guid? IntegrationId { get; init; }

    /// <summary>With <see cref="IntegrationId"/>: accept another account in its place. Default false.</summary>
    public bool? ReplaceAccount { get; init; }

    /// <summary>The origin of the page that opens the popup. Default: FRONTEND_URL.</summary>
    public string? OpenerOrigin { get; init; }

    /// <summary>True: the link is opened in a popup, which tells its opener; return_to is then used only when the opener cannot be reached. Default false.</summary>
    public bool? Popup { get; init; }
}

/// <summary>Answer of <c>POST /api/v1/oauth/initiate</c>. A class, so that the state and the link never print.</summary>
public sealed class InitiateAnswer
{
    /// <summary>The one-time start link; send the user's browser there.</summary>
    public required string AuthorizationUrl { get; init; }

    /// <summary>The state parameter of the authorization request.</summary>
    public required string StateToken { get; init; }

    /// <summary>The provider's key.</summary>
    public required string Provider { get; init; }

    /// <summary>The scopes that are asked for.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>The flow's id.</summary>
    public required Guid FlowId { get; init; }

    /// <summary>Seconds until the link stops working.</summary>
    public required int ExpiresIn { get; init; }

    /// <summary>Origins that a popup's opener accepts the result message from.</summary>
    public required IReadOnlyList<string> TrustedOrigins { get; init; }
}

/// <summary>Answer of <c>GET /api/v1/oauth/flows/{flow_id}</c>. Status: pending, awaiting_confirmation, completed, denied, failed, expired.</summary>
public sealed record FlowAnswer(Guid FlowId, string Status, string Provider, Guid? IntegrationId, ErrorEntry? Error);

/// <summary>Body of <c>POST /api/v1/oauth/flows/{flow_id}/confirm</c>. A class, so that the ticket never prints.</summary>
public sealed class ConfirmRequest
{
    /// <summary>The ticket that came back with the browser.</summary>
    public string? Ticket { get; init; }

    /// <summary>The user of the host's own session.</summary>
    public string? UserId { get; init; }
}

/// <summary>Body of <c>POST /oauth/{provider}/callback</c>. A class, so that code and state never print.</summary>
public sealed class CallbackRequest
{
    /// <summary>The authorization code, as it came.</summary>
    public string? Code { get; init; }

    /// <summary>The state, as it came.</summary>
    public string? State { get; init; }

    /// <summary>The issuer, as it came (RFC 9207).</summary>
    public string? Iss { get; init; }

    /// <summary>The provider's error, as it came.</summary>
    public string? Error { get; init; }

    /// <summary>The user of the host's own session. Required with an API key.</summary>
    public string? UserId { get; init; }
}

/// <summary>Answer of a completed or refused callback and of a confirmation.</summary>
public sealed record CallbackAnswer(
    bool Success, string ProviderKey, string DisplayName, bool Connected, Guid? IntegrationId, string Message, ErrorEntry? Error);

/// <summary>Body of <c>POST /oauth/{provider}/disconnect</c>.</summary>
public sealed record DisconnectRequest(string? UserId, string? Reason, string? AccountId);

/// <summary>Answer of a disconnect. <c>provider_revocation</c>: confirmed, unsupported, pending, failed, withheld.</summary>
public sealed record DisconnectAnswer(
    bool Success, string ProviderKey, string DisplayName, string Message, string ProviderRevocation, ErrorEntry? Error);
