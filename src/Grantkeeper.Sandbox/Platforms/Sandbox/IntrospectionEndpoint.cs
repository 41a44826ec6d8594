using System.Text.Json.Nodes;
using Grantkeeper.Sandbox.Grants;
using Grantkeeper.Sandbox.Http;
using Grantkeeper.Sandbox.OAuth;

namespace Grantkeeper.Sandbox.Platforms.Sandbox;

/// <summary>Tells a client what a token of its own is worth right now (RFC 7662).</summary>
internal sealed class IntrospectionEndpoint(SandboxState state, Issuer issuer)
{
    /// <summary>Answers an introspection request.</summary>
    public async Task Handle(HttpContext http)
    {
        var form = await RequestForm.ReadBody(http.Request);
        await Introspect(http, form).WriteTo(http);
    }

    private Answer Introspect(HttpContext http, RequestForm form)
    {
        if (form.Refusal is { } unreadable) return Answer.Refused(unreadable);
        var (client, stranger) = ClientAuthentication.Authenticate(http.Request, form, state.Clients, []);
        if (client is null) return Answer.Refused(stranger!);
        if (form["token"] is not { } value) return Answer.Refused(OAuthRefusal.InvalidRequest("token is needed."));
        if (state.Grants.FindAccess(value) is ({ } token, { } grant) && grant.ClientId == client.ClientId)
        {
            var body = Describe(grant, token.Scopes);
            body["token_type"] = "Bearer";
            body["iat"] = token.IssuedAt.ToUnixTimeSeconds();
            body["exp"] = token.ExpiresAt.ToUnixTimeSeconds();
            return Answer.Json(body);
        }

        return state.Grants.FindRefresh(value) is { } family && family.ClientId == client.ClientId
            ? Answer.Json(Describe(family, family.Scopes))
            : Answer.Json(new JsonObject { ["active"] = false });
    }

    private JsonObject Describe(Grant grant, IReadOnlyList<string> scopes) => new()
    {
        ["active"] = true,
        ["iss"] = issuer.Origin,
        ["sub"] = grant.Subject,
        ["client_id"] = grant.ClientId,
        ["scope"] = ScopeList.Join(scopes),
    };
}
