using Grantkeeper.Encryption;
using Microsoft.Extensions.Configuration;

namespace Grantkeeper.Settings;

/// <summary>Reads where operators sign in.</summary>
internal static class OidcReader
{
    /// <summary>The options; null when operators sign in with keys and links only, or with a fault.</summary>
    public static OidcOptions? Read(IConfiguration configuration, bool allowsLoopbackHttp, List<string> faults)
    {
        var before = faults.Count;
        var clientId = configuration["GRANTKEEPER_OIDC_CLIENT_ID"]?.Trim();
        var secret = new Secret(configuration["GRANTKEEPER_OIDC_CLIENT_SECRET"]?.Trim());
        if (string.IsNullOrEmpty(clientId))
        {
            if (!secret.IsEmpty)
                faults.Add("GRANTKEEPER_OIDC_CLIENT_ID is not set, but its secret is. Write the id of Grantkeeper's client at GRANTKEEPER_JWT_ISSUER.");
            return null;
        }

        var issuer = configuration["GRANTKEEPER_JWT_ISSUER"]?.Trim();
        if (string.IsNullOrEmpty(issuer) || JwtReader.Address(issuer, allowsLoopbackHttp) is null)
            faults.Add("GRANTKEEPER_JWT_ISSUER is not usable for the sign-in of operators: write the https address at which .well-known/openid-configuration is served.");
        // Faults of the claims' names are told once, with those of tokens.
        return faults.Count > before ? null : new OidcOptions { Issuer = issuer!, ClientId = clientId, ClientSecret = secret, Claims = JwtReader.Claims(configuration, []) };
    }
}
