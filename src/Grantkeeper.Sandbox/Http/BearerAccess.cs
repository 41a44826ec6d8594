using System.Text.Json.Nodes;
using Grantkeeper.Sandbox.Grants;

namespace Grantkeeper.Sandbox.Http;

/// <summary>Whether a call carries an access token that opens the door (RFC 6750).</summary>
internal static class BearerAccess
{
    private const string Scheme = "Bearer ";

    /// <summary>The token and its grant, or the refusal to send. One of the scopes is enough; none listed means any token does.</summary>
    public static (AccessToken? Token, Grant? Grant, Answer? Refusal) Check(HttpRequest request, GrantStore grants, params string[] anyOf)
    {
        var header = request.Headers.Authorization.ToString();
        if (!header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            return (null, null, Refuse(StatusCodes.Status401Unauthorized, null, "An access token is needed.", []));
        if (grants.FindAccess(header[Scheme.Length..].Trim()) is not ({ } token, { } grant))
        {
            return (null, null, Refuse(StatusCodes.Status401Unauthorized, "invalid_token",
                "The access token is unknown, expired or revoked.", []));
        }

        return anyOf.Length == 0 || anyOf.Any(scope => token.Scopes.Contains(scope))
            ? (token, grant, null)
            : (null, null, Refuse(StatusCodes.Status403Forbidden, "insufficient_scope", "The access token does not cover this.", anyOf));
    }

    private static Answer Refuse(int status, string? error, string description, string[] scopes)
    {
        var challenge = "Bearer realm=\"sandbox\"";
        if (error is not null) challenge += $", error=\"{error}\", error_description=\"{description}\"";
        if (scopes.Length > 0) challenge += $", scope=\"{string.Join(' ', scopes)}\"";
        return Answer.Json(new JsonObject { ["error"] = error ?? "unauthorized", ["error_description"] = description }, status)
            .With("WWW-Authenticate", challenge);
    }
}
