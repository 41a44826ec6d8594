using Grantkeeper.Sandbox.Control;
using Grantkeeper.Sandbox.Faults;
using Grantkeeper.Sandbox.Http;
using Grantkeeper.Sandbox.OAuth;

namespace Grantkeeper.Sandbox.Platforms;

/// <summary>Lets a client give a token back (RFC 7009). A token that is not known is as good as revoked.</summary>
internal sealed class RevocationEndpoint(Profile profile, SandboxState state)
{
    /// <summary>Answers a revocation request.</summary>
    public async Task Handle(HttpContext http)
    {
        var form = await profile.ReadBody(http.Request);
        await FaultGate.Pass(http, state, FaultEndpoint.Revoke, _ => Revoke(http, form));
    }

    private Answer Revoke(HttpContext http, RequestForm form)
    {
        if (form.Refusal is { } unreadable) return Answer.Refused(unreadable);
        var (client, stranger) = ClientAuthentication.Authenticate(http.Request, form, state.Clients, profile.ClientMethods);
        if (client is null) return Answer.Refused(stranger!);
        if (form["token"] is not { } token) return Answer.Refused(OAuthRefusal.InvalidRequest("token is needed."));
        if (profile.RevokesAll ? state.Grants.RevokeAll(token, client.ClientId) : state.Grants.Revoke(token, client.ClientId)) state.Counters.Add(Counter.Revocations);
        return new Answer(StatusCodes.Status200OK, "application/json", "");
    }
}
