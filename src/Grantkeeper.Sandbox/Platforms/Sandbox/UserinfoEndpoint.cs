using Grantkeeper.Sandbox.Control;
using Grantkeeper.Sandbox.Faults;
using Grantkeeper.Sandbox.Http;
using Grantkeeper.Sandbox.OAuth;
using Grantkeeper.Sandbox.People;

namespace Grantkeeper.Sandbox.Platforms.Sandbox;

/// <summary>Who granted an access token.</summary>
internal sealed class UserinfoEndpoint(SandboxState state, Issuer issuer)
{
    /// <summary>Answers a userinfo request.</summary>
    public Task Handle(HttpContext http)
    {
        state.Counters.Add(Counter.UserinfoCalls);
        return FaultGate.Pass(http, state, FaultEndpoint.Userinfo, fault => Describe(http, fault));
    }

    private Answer Describe(HttpContext http, FaultMode? fault)
    {
        var (token, grant, refusal) = BearerAccess.Check(http.Request, state.Grants, "openid");
        if (token is null || grant is null) return refusal!;
        var subject = fault == FaultMode.OtherSubject ? Everybody.Other(grant.Subject).Subject : grant.Subject;
        var claims = IdToken.Claims(subject, token.Scopes);
        if (token.Scopes.Contains("profile")) claims["picture"] = issuer.At($"/people/{subject}.svg");
        return Answer.Json(claims);
    }
}
