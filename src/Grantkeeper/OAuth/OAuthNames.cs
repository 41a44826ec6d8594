namespace Grantkeeper.OAuth;

/// <summary>The parameter and error words of RFC 6749, 6750, 7009, 7636, 9207 and OpenID Connect, spelled once.</summary>
internal static class OAuthNames
{
    public const string AccessToken = "access_token";
    public const string AuthorizationCode = "authorization_code";
    public const string ClientAssertion = "client_assertion";
    public const string ClientAssertionType = "client_assertion_type";
    public const string ClientId = "client_id";
    public const string ClientSecret = "client_secret";
    public const string Code = "code";
    public const string CodeChallenge = "code_challenge";
    public const string CodeChallengeMethod = "code_challenge_method";
    public const string CodeVerifier = "code_verifier";
    public const string Error = "error";
    public const string ErrorDescription = "error_description";
    public const string ExpiresIn = "expires_in";
    public const string GrantType = "grant_type";
    public const string IdToken = "id_token";
    public const string Iss = "iss";
    public const string LoginHint = "login_hint";
    public const string Claims = "claims";
    public const string Nonce = "nonce";
    public const string RedirectUri = "redirect_uri";
    public const string RefreshToken = "refresh_token";
    public const string ResponseMode = "response_mode";
    public const string ResponseType = "response_type";
    public const string S256 = "S256";
    public const string Scope = "scope";
    public const string State = "state";
    public const string Token = "token";
    public const string TokenType = "token_type";
    public const string TokenTypeHint = "token_type_hint";

    public const string OpenIdScope = "openid";

    public const string AccessDenied = "access_denied";
    public const string InvalidClient = "invalid_client";
    public const string InvalidGrant = "invalid_grant";
    public const string InvalidToken = "invalid_token";
}
