namespace Grantkeeper.Client;

/// <summary>What a start link may be asked for beside provider and user.</summary>
public sealed record AuthorizationUrlOptions
{
    /// <summary>Scopes to ask for; empty (default): the provider's own default.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>Features of the product whose scopes are asked for, on top of what was granted before.</summary>
    public IReadOnlyList<string> Features { get; init; } = [];

    /// <summary>Where the browser goes afterwards: a path of FRONTEND_URL or an allowed absolute address. Null: the popup page answers.</summary>
    public string? ReturnTo { get; init; }

    /// <summary>The account to preselect at the provider.</summary>
    public string? LoginHint { get; init; }

    /// <summary>The origin of the page that opens the popup; null: FRONTEND_URL.</summary>
    public string? OpenerOrigin { get; init; }

    /// <summary>The integration to connect again; it keeps its id and insists on the same account.</summary>
    public Guid? IntegrationId { get; init; }

    /// <summary>True (the server's default): the code waits for a confirmation with the ticket. False: it is redeemed at once.</summary>
    public bool? Confirm { get; init; }
}
