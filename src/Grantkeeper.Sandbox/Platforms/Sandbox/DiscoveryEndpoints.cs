using System.Text.Json.Nodes;
using Grantkeeper.Sandbox.Faults;
using Grantkeeper.Sandbox.Http;
using Grantkeeper.Sandbox.OAuth;

namespace Grantkeeper.Sandbox.Platforms.Sandbox;

/// <summary>What the platform says about itself: the metadata document and the key set.</summary>
internal sealed class DiscoveryEndpoints(SandboxState state, Issuer issuer)
{
    /// <summary>The metadata document.</summary>
    public Task Metadata(HttpContext http) => FaultGate.Pass(http, state, FaultEndpoint.Discovery, _ => Answer.Json(new JsonObject
    {
        ["issuer"] = issuer.Origin,
        ["authorization_endpoint"] = issuer.At("/authorize"),
        ["token_endpoint"] = issuer.At("/token"),
        ["revocation_endpoint"] = issuer.At("/revoke"),
        ["introspection_endpoint"] = issuer.At("/introspect"),
        ["userinfo_endpoint"] = issuer.At("/userinfo"),
        ["jwks_uri"] = issuer.At("/jwks"),
        ["scopes_supported"] = List(SandboxScopes.Names),
        ["response_types_supported"] = List(["code"]),
        ["response_modes_supported"] = List(["query", "form_post"]),
        ["grant_types_supported"] = List(["authorization_code", "refresh_token"]),
        ["code_challenge_methods_supported"] = List(["S256"]),
        ["token_endpoint_auth_methods_supported"] = List(ClientAuthenticationMethods.All),
        ["revocation_endpoint_auth_methods_supported"] = List(ClientAuthenticationMethods.All),
        ["introspection_endpoint_auth_methods_supported"] = List(ClientAuthenticationMethods.All),
        ["subject_types_supported"] = List(["public"]),
        ["id_token_signing_alg_values_supported"] = List(["RS256"]),
        ["prompt_values_supported"] = List(["none", "login", "consent", "select_account"]),
        ["claims_supported"] = List(["iss", "sub", "aud", "exp", "iat", "nonce", "at_hash", "name", "email", "email_verified", "picture"]),
        ["authorization_response_iss_parameter_supported"] = true,
        ["request_parameter_supported"] = false,
        ["request_uri_parameter_supported"] = false,
    }));

    /// <summary>The key set; under a fault another key goes by the right name.</summary>
    public Task Keys(HttpContext http) => FaultGate.Pass(http, state, FaultEndpoint.Jwks, fault =>
    {
        var key = fault == FaultMode.BadSignature ? state.OtherKey : state.Key;
        return Answer.Json(new JsonObject { ["keys"] = new JsonArray(key.ToJwk(state.Key.KeyId)) });
    });

    private static JsonArray List(IEnumerable<string> values) => new([.. values.Select(value => JsonValue.Create(value))]);
}
