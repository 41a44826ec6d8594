using Grantkeeper.Encryption;

namespace Grantkeeper.Settings;

/// <summary>Whose tokens speak for users: the identity provider of the product that uses this deployment.</summary>
internal sealed record JwtOptions
{
    /// <summary><c>GRANTKEEPER_JWT_ISSUER</c>: the value of <c>iss</c>, letter by letter.</summary>
    public required string Issuer { get; init; }

    /// <summary><c>GRANTKEEPER_JWT_AUDIENCE</c>: the value that <c>aud</c> is or contains.</summary>
    public required string Audience { get; init; }

    /// <summary><c>GRANTKEEPER_JWT_JWKS_URI</c>: where the issuer publishes its keys; null beside <see cref="Secret"/>.</summary>
    public Uri? JwksUri { get; init; }

    /// <summary><c>GRANTKEEPER_JWT_SECRET</c>: the shared secret of HS256, at least 32 bytes; empty beside <see cref="JwksUri"/>.</summary>
    public Secret Secret { get; init; }

    /// <summary>What else is read from a token.</summary>
    public required ClaimNames Claims { get; init; }
}

/// <summary>Where a token says what its user may do, and how the user signed in.</summary>
internal sealed record ClaimNames
{
    /// <summary><c>GRANTKEEPER_JWT_ROLES_CLAIM</c>: default <c>roles</c>. A dot leads into an object, as in <c>realm_access.roles</c>.</summary>
    public string Roles { get; init; } = "roles";

    /// <summary><c>GRANTKEEPER_JWT_PERMISSIONS_CLAIM</c>: default <c>permissions</c>.</summary>
    public string Permissions { get; init; } = "permissions";

    /// <summary>What a second factor looks like; null when none is asked for.</summary>
    public SecondFactor? SecondFactor { get; init; }
}

/// <summary>How a token tells that its user signed in with a second factor.</summary>
/// <param name="Claim"><c>GRANTKEEPER_JWT_MFA_CLAIM</c>, for example <c>amr</c> (RFC 8176) or <c>acr</c>.</param>
/// <param name="Values"><c>GRANTKEEPER_JWT_MFA_VALUES</c>: one of them must be there; default <c>mfa</c>.</param>
/// <param name="MaxAge"><c>GRANTKEEPER_JWT_MFA_MAX_AGE</c>: how long <c>auth_time</c> may lie back; null for any time.</param>
internal sealed record SecondFactor(string Claim, IReadOnlyList<string> Values, TimeSpan? MaxAge);
