using System.Text.Json.Nodes;
using Grantkeeper.Sandbox.Control;
using Grantkeeper.Sandbox.Faults;
using Grantkeeper.Sandbox.Grants;
using Grantkeeper.Sandbox.Http;
using Grantkeeper.Sandbox.OAuth;
using Grantkeeper.Sandbox.People;

namespace Grantkeeper.Sandbox.Platforms;

/// <summary>Codes and refresh tokens in, access tokens out.</summary>
internal sealed class TokenEndpoint(Profile profile, SandboxState state, Issuer issuer)
{
    private const long AbsurdSeconds = 999_999_999_999_999;

    /// <summary>Answers a token request.</summary>
    public async Task Handle(HttpContext http)
    {
        var form = await profile.ReadBody(http.Request);
        var refresh = form["grant_type"] == "refresh_token";
        if (refresh) state.Counters.Add(Counter.RefreshRequests);
        else if (form["grant_type"] == "authorization_code") state.Counters.AddExchange(form["code"]);
        await FaultGate.Pass(http, state, refresh ? FaultEndpoint.Refresh : FaultEndpoint.Token, fault => Answer(http, form, fault));
    }

    private Answer Answer(HttpContext http, RequestForm form, FaultMode? fault)
    {
        // 1. A form, from a client that is who it says.
        if (form.Refusal is { } unreadable) return Http.Answer.Refused(unreadable);
        var (client, stranger) = ClientAuthentication.Authenticate(http.Request, form, state.Clients, profile.ClientMethods);
        if (client is null) return Http.Answer.Refused(stranger!);

        // 2. One of two grants.
        var plan = IssuePlan.For(profile.Renewal, state.AccessTokenLifetime, fault) with
        {
            Idle = profile.RefreshIdle, Life = scopes => state.IsTesting ? profile.TestingLife(scopes) : null, Most = profile.MostRefreshTokens,
        };
        var (issued, refusal) = form["grant_type"] switch
        {
            "authorization_code" => Redeem(form, client, plan),
            "refresh_token" => Refresh(form, client, plan),
            null => (null, OAuthRefusal.InvalidRequest("grant_type is missing.")),
            _ => (null, new OAuthRefusal("unsupported_grant_type", "Only authorization_code and refresh_token are supported.")),
        };

        if (issued is not null) state.Challenges.Told(issued.Grant.Id, form["claims"]);

        // 3. The tokens, or why not.
        return issued is null ? Http.Answer.Refused(refusal!) : Http.Answer.Json(Body(issued, fault));
    }

    private (IssuedTokens?, OAuthRefusal?) Redeem(RequestForm form, ClientRegistration client, IssuePlan plan) =>
        form["code"] is { } code && form["redirect_uri"] is { } uri && (form["code_verifier"] is not null || !profile.RequiresPkce)
            ? state.Grants.Redeem(code, client.ClientId, uri, form["code_verifier"], plan)
            : (null, OAuthRefusal.InvalidRequest("code, redirect_uri and, where PKCE is required, code_verifier are needed."));

    private (IssuedTokens?, OAuthRefusal?) Refresh(RequestForm form, ClientRegistration client, IssuePlan plan) =>
        form["refresh_token"] is { } token
            ? state.Grants.Refresh(token, client.ClientId, form["scope"] is { } scope ? ScopeList.Split(scope) : null, plan)
            : (null, OAuthRefusal.InvalidRequest("refresh_token is needed."));

    private JsonObject Body(IssuedTokens issued, FaultMode? fault)
    {
        var seconds = (long)state.AccessTokenLifetime.TotalSeconds;
        var body = new JsonObject
        {
            ["access_token"] = issued.AccessToken.Value,
            ["token_type"] = "Bearer",
        };
        if (profile.Echo(issued.AccessToken.Scopes) is { } scope) body["scope"] = scope;
        if (profile.TellsLifetime && fault != FaultMode.NoExpiresIn)
        {
            body["expires_in"] = fault switch
            {
                FaultMode.StringExpiresIn => seconds.ToString(),
                FaultMode.AbsurdExpiresIn => AbsurdSeconds,
                _ => seconds,
            };
        }

        if (issued.RefreshToken is not null) body["refresh_token"] = issued.RefreshToken;
        var person = Everybody.Find(issued.Grant.Subject) ?? Everybody.All[0];
        if (profile.IdTokenIssuer is { } issuerOf && issued.AccessToken.Scopes.Contains("openid"))
            body["id_token"] = IdToken.Create(state.Key, issuer.Origin + issuerOf(person), issued, profile.Claims(person), state.Clock.GetUtcNow(), fault);
        profile.Shape(body, issued, person);
        return body;
    }
}
