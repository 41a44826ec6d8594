using Grantkeeper.Egress;
using Grantkeeper.Encryption;
using Grantkeeper.Errors;
using Grantkeeper.Jwt;
using Grantkeeper.OAuth;
using Grantkeeper.Settings;

namespace Grantkeeper.Identity;

/// <summary>What a browser keeps, sealed, while its operator is at the identity provider.</summary>
/// <param name="State">Ties the answer to this browser.</param>
/// <param name="Nonce">Ties the id_token to this sign-in.</param>
/// <param name="CodeVerifier">Ties the code to this sign-in (RFC 7636).</param>
internal sealed record SignInAttempt(Secret State, Secret Nonce, Secret CodeVerifier);

/// <summary>
/// Operators sign in at the identity provider of <c>GRANTKEEPER_JWT_ISSUER</c>: code with PKCE, state and nonce (OpenID Connect
/// Core section 3.1). The id_token is all that is taken from there, and it must name the role administrator.
/// </summary>
internal sealed class OperatorSignIn(IEgress egress, JwksCache jwks, GrantkeeperOptions options, TimeProvider time)
{
    /// <summary>Where the provider sends the browser back; it is registered there.</summary>
    public string RedirectUri => $"{options.PublicUrl.GetLeftPart(UriPartial.Authority)}/sign-in/callback";

    /// <summary>Begins a sign-in. Failure: <c>identity.sign_in_unavailable</c>.</summary>
    public async Task<Result<(SignInAttempt Attempt, Secret Url)>> Start(CancellationToken cancellation)
    {
        var oidc = options.Oidc!;
        if (await Metadata(oidc, cancellation) is not { } metadata)
            return new Failure(ErrorCatalogue.Identity.SignInUnavailable);
        var attempt = new SignInAttempt(RandomHandle.New(), RandomHandle.New(), Pkce.NewVerifier());
        var request = new AuthorizationRequest
        {
            AuthorizationEndpoint = metadata.AuthorizationEndpoint,
            ClientId = oidc.ClientId,
            RedirectUri = RedirectUri,
            Scopes = ScopeSet.Parse("openid profile"),
            State = attempt.State,
            Nonce = attempt.Nonce,
            CodeChallenge = Pkce.ChallengeOf(attempt.CodeVerifier),
        };
        return (attempt, request.ToUrl());
    }

    /// <summary>
    /// Judges the answer and gives the operator's name there. Failures: <c>identity.sign_in_refused</c>,
    /// <c>identity.sign_in_unavailable</c>, <c>identity.permission_missing</c> without the role.
    /// </summary>
    public async Task<Result<string>> Finish(SignInAttempt? attempt, AuthorizationResponse? answer, CancellationToken cancellation)
    {
        var oidc = options.Oidc!;
        if (attempt is null || answer is null || answer.State.IsEmpty || answer.State != attempt.State)
            return Refused("this browser began no sign-in that it belongs to");
        if (await Metadata(oidc, cancellation) is not { } metadata)
            return new Failure(ErrorCatalogue.Identity.SignInUnavailable);
        if (!answer.IssuerMatches(oidc.Issuer, metadata.SendsIss ? IssPolicy.Required : IssPolicy.IfPresent))
            return Refused("it comes from another issuer");
        if (answer.Error is not null || answer.Code.IsEmpty)
            return Refused(answer.Error is { } error ? OAuth.TokenEndpoint.Clean(error) : "it carries no code");
        if (!(await Exchange(oidc, metadata, answer.Code, attempt.CodeVerifier, cancellation)).TryGet(out var tokens, out var failure))
            return failure;
        var verdict = metadata.JwksUri is null || tokens.IdToken.IsEmpty ? null : await jwks.Verify(tokens.IdToken.Reveal(), RulesOf(oidc, attempt), metadata.JwksUri, TrustOf(oidc, metadata.JwksUri), cancellation);
        if (verdict is not { IsValid: true, Claims: { } claims })
            return verdict?.Fault == JwtFault.KeysUnavailable ? new Failure(ErrorCatalogue.Identity.SignInUnavailable) : Refused("its id_token does not hold");
        if (claims.Text("at_hash") is { } hash && !AtHash.Matches(tokens.AccessToken.Reveal(), hash, claims.Algorithm))
            return Refused("its tokens do not belong together");
        if (!TokenClaims.IsAdministrator(claims, oidc.Claims))
            return new Failure(ErrorCatalogue.Identity.PermissionMissing, $"These pages ask for the role {Roles.Administrator}, and the identity provider's id_token does not name it.");
        return TokenClaims.HasSecondFactor(claims, oidc.Claims.SecondFactor, time.GetUtcNow()) ? claims.Subject : new Failure(ErrorCatalogue.Identity.MfaRequired);
    }

    private async Task<Result<TokenResponse>> Exchange(OidcOptions oidc, ServerMetadata metadata, Secret code, Secret codeVerifier, CancellationToken cancellation)
    {
        var methods = metadata.TokenEndpointAuthMethods;
        var method = oidc.ClientSecret.IsEmpty ? ClientAuthenticationMethod.None
            : methods.Contains("client_secret_basic") || !methods.Contains("client_secret_post") ? ClientAuthenticationMethod.Basic : ClientAuthenticationMethod.Post;
        using var request = OAuth.TokenEndpoint.ExchangeCode(
            new TokenEndpointTarget(metadata.TokenEndpoint, new ClientCredentials(oidc.ClientId, oidc.ClientSecret, method)), code, RedirectUri, codeVerifier);
        var outcome = await egress.Send(request, TrustOf(oidc, metadata.TokenEndpoint), cancellation: cancellation);
        if (!outcome.IsAnswer)
            return new Failure(ErrorCatalogue.Identity.SignInUnavailable);
        var response = outcome.Response;
        if (OAuth.TokenEndpoint.Judge((int)response.Status, response.MediaType, response.Body, null, " ", out var tokens, out var failure))
            return tokens;
        return failure.Kind == TokenFailureKind.Transient ? new Failure(ErrorCatalogue.Identity.SignInUnavailable) : Refused(failure.Error);
    }

    private async Task<ServerMetadata?> Metadata(OidcOptions oidc, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, ServerMetadata.AddressOf(oidc.Issuer));
        var outcome = await egress.Send(request, EgressTrust.Operator, cancellation: cancellation);
        return outcome.IsAnswer && outcome.Response.IsSuccess ? ServerMetadata.Read(outcome.Response.Body, oidc.Issuer, out _) : null;
    }

    /// <summary>The operator wrote the issuer, and with it what lies on its host; another host came from a document.</summary>
    private static EgressTrust TrustOf(OidcOptions oidc, Uri address) =>
        Uri.Compare(address, new Uri(oidc.Issuer), UriComponents.SchemeAndServer, UriFormat.UriEscaped, StringComparison.OrdinalIgnoreCase) == 0 ? EgressTrust.Operator : EgressTrust.Data;

    private static JwtRules RulesOf(OidcOptions oidc, SignInAttempt attempt) => new() { Issuers = [oidc.Issuer], Audience = oidc.ClientId, Nonce = attempt.Nonce.Reveal() };

    private static Failure Refused(string why) => new(ErrorCatalogue.Identity.SignInRefused, $"The identity provider's answer was not accepted: {why}.");
}
