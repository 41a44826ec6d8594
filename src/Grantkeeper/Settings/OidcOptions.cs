using Grantkeeper.Encryption;

namespace Grantkeeper.Settings;

/// <summary>Operators sign in to the pages at the identity provider that <c>GRANTKEEPER_JWT_ISSUER</c> names.</summary>
internal sealed record OidcOptions
{
    /// <summary>The issuer; its discovery document names the endpoints.</summary>
    public required string Issuer { get; init; }

    /// <summary><c>GRANTKEEPER_OIDC_CLIENT_ID</c>: Grantkeeper's own client there.</summary>
    public required string ClientId { get; init; }

    /// <summary><c>GRANTKEEPER_OIDC_CLIENT_SECRET</c>: its secret; empty for a public client.</summary>
    public Secret ClientSecret { get; init; }

    /// <summary>Where an id_token names roles.</summary>
    public required ClaimNames Claims { get; init; }
}
