namespace Grantkeeper.Sandbox.OAuth;

/// <summary>An error as OAuth words it.</summary>
/// <param name="Error">The registered error code.</param>
/// <param name="Description">One sentence for the developer at the other end.</param>
/// <param name="Status">The status where it is answered directly.</param>
public sealed record OAuthRefusal(string Error, string Description, int Status = StatusCodes.Status400BadRequest)
{
    /// <summary>The request is malformed.</summary>
    public static OAuthRefusal InvalidRequest(string description) => new("invalid_request", description);

    /// <summary>The client did not authenticate as registered.</summary>
    public static OAuthRefusal InvalidClient(string description) => new("invalid_client", description, StatusCodes.Status401Unauthorized);

    /// <summary>The code or refresh token is no good (any more).</summary>
    public static OAuthRefusal InvalidGrant(string description) => new("invalid_grant", description);

    /// <summary>The scope is unknown or wider than granted.</summary>
    public static OAuthRefusal InvalidScope(string description) => new("invalid_scope", description);
}
